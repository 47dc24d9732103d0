/**
 * Databases that few machines have. The ledger's contract is tested on each whose URL is given, in a database of its
 * own, whose tables Prisma's own `db push` makes: that takes Prisma's binaries, and so the internet.
 */
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { execa } from 'execa'
import { ledgerModels } from '../../../src/project/init/ledger-models.js'
import { prismaCli, repository, runs } from '../paths.mjs'
import { databaseName, runId } from './names.mjs'
import type { TestClient } from './test-client.js'

interface Given {
  /** What holds the URL of its server. */
  variable: string
  /** The URL of a database on that server. */
  at(url: string, name: string): string
  /** None: Prisma 6, with its engine. */
  adapter?: { module: string; name: string; options: string; install?: string }
  /** None: MongoDB, which has a command for it. */
  drop?(name: string): string[]
}

type GivenName = 'sqlserver' | 'cockroachdb' | 'mongodb'

type GivenClient = TestClient & { $runCommandRaw(command: object): Promise<unknown> }

const GIVEN: Record<GivenName, Given> = {
  sqlserver: {
    variable: 'AFTER_PARTY_TEST_SQLSERVER_URL',
    at: (url, name) => `${url.replace(/;\s*(?:database|initial catalog)=[^;]*/i, '')};database=${name}`,
    adapter: { module: '@prisma/adapter-mssql', name: 'PrismaMssql', options: 'url', install: '7.10.0' },
    drop: (name) => [`ALTER DATABASE [${name}] SET SINGLE_USER WITH ROLLBACK IMMEDIATE`, `DROP DATABASE [${name}]`],
  },
  cockroachdb: {
    variable: 'AFTER_PARTY_TEST_COCKROACHDB_URL',
    at: withPath,
    adapter: { module: '@prisma/adapter-pg', name: 'PrismaPg', options: '{ connectionString: url, max: 5 }' },
    drop: (name) => [`DROP DATABASE "${name}" CASCADE`],
  },
  mongodb: { variable: 'AFTER_PARTY_TEST_MONGODB_URL', at: withPath },
}

/** Those whose URL is given. */
export const GIVEN_NAMES = (Object.keys(GIVEN) as GivenName[]).filter((name) => urlOf(name))

/** Makes a database with the ledger's tables, and no others. */
export async function openGiven(name: GivenName): Promise<{ client(): GivenClient; drop(): Promise<void> }> {
  const { at, adapter, drop } = GIVEN[name]
  const server = urlOf(name) ?? ''
  const database = databaseName(name)
  const url = at(server, database)
  const directory = path.join(runs, runId(), name)
  await makeProject(name, directory, url)

  const { connect } = (await import(path.join(directory, 'client.ts'))) as { connect(url: string): GivenClient }
  const clients: GivenClient[] = []
  return {
    client() {
      const client = connect(url)
      clients.push(client)
      return client
    },
    async drop() {
      await Promise.all(clients.map((client) => client.$disconnect()))
      const outside = connect(adapter ? server : url)
      if (drop) for (const statement of drop(database)) await outside.$executeRawUnsafe(statement)
      else await outside.$runCommandRaw({ dropDatabase: 1 })
      await outside.$disconnect()
    },
  }
}

async function makeProject(name: GivenName, directory: string, url: string): Promise<void> {
  const { adapter } = GIVEN[name]
  const modules = path.join(repository, 'node_modules')
  const files = {
    'package.json': packageJson(adapter),
    'schema.prisma': schema(name, adapter),
    'client.ts': clientModule(adapter),
    ...(adapter && { 'prisma.config.ts': PRISMA_CONFIG }),
  }
  await mkdir(path.join(directory, 'node_modules', '@prisma'), { recursive: true })
  for (const [file, text] of Object.entries(files)) await writeFile(path.join(directory, file), text)
  if (adapter?.install)
    await execa('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: directory })
  if (!adapter) {
    const link = (from: string, to: string) =>
      symlink(path.join(modules, from), path.join(directory, 'node_modules', to), 'junction')
    await link('prisma-6', 'prisma')
    await link('@prisma/client-6', '@prisma/client')
  }
  const cli = adapter ? prismaCli : path.join(modules, 'prisma-6', 'build', 'index.js')
  for (const command of [['generate'], ['db', 'push']])
    await execa(process.execPath, [cli, ...command, '--schema', 'schema.prisma'], {
      cwd: directory,
      env: { DATABASE_URL: url, NODE_OPTIONS: '' },
    })
}

function packageJson(adapter: Given['adapter']): string {
  const dependencies = adapter?.install ? { [adapter.module]: adapter.install } : {}
  return JSON.stringify({ private: true, type: 'module', dependencies })
}

function schema(name: GivenName, adapter: Given['adapter']): string {
  const url = adapter ? '' : '\n  url      = env("DATABASE_URL")'
  return `generator client {
  provider = "prisma-client"
  output   = "./generated"
}

datasource db {
  provider = "${name}"${url}
}
${ledgerModels({ provider: name })}`
}

const PRISMA_CONFIG = `import { defineConfig } from 'prisma/config'

export default defineConfig({ datasource: { url: process.env['DATABASE_URL'] } })
`

function clientModule(adapter: Given['adapter']): string {
  const imports = adapter ? `import { ${adapter.name} } from '${adapter.module}'\n` : ''
  const options = adapter ? `adapter: new ${adapter.name}(${adapter.options})` : 'datasourceUrl: url'
  return `${imports}import { PrismaClient } from './generated/client.js'

export const connect = (url: string) => new PrismaClient({ ${options} })
`
}

function urlOf(name: GivenName): string | undefined {
  return process.env[GIVEN[name].variable]
}

function withPath(url: string, name: string): string {
  const there = new URL(url)
  there.pathname = `/${name}`
  return there.href
}
