import { cp, mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { schemaEngineEnv } from '../../scripts/schema-engine-env.mjs'
import { runNode } from '../support/child.mjs'
import { bench, generated, repository } from '../support/paths.mjs'
import { models, schema } from './schema.mjs'

export const prismaCli = path.join(repository, 'node_modules/prisma/build/index.js')

/**
 * Makes a project as a team has it, with the built package as it is installed, on a database that the real
 * `prisma migrate deploy` has migrated.
 *
 * @param {import('../databases/databases.mjs').Database} database
 * @returns {Promise<string>} Its directory.
 */
export async function makeProject({ provider, url, connect }) {
  const directory = directoryOf(provider)
  const files = {
    'package.json': '{ "name": "team", "private": true, "type": "module" }\n',
    'prisma.config.ts': prismaConfig(),
    'prisma/schema.prisma': schema(provider),
    'prisma/migrations/migration_lock.toml': `provider = "${provider}"\n`,
    'client.ts': client(connect),
    'after-party.config.ts': config(),
  }
  for (const [file, text] of Object.entries(files)) await write(path.join(directory, file), text)
  for (const part of ['package.json', 'dist', 'templates'])
    await cp(path.join(repository, part), path.join(directory, 'node_modules/after-party', part), { recursive: true })
  await symlink(path.join(bench, 'node_modules/umzug'), path.join(directory, 'node_modules/umzug'), 'junction')
  await cp(path.join(bench, 'contestants'), path.join(directory, 'contestants'), { recursive: true })
  await writeMigration(directory, provider)
  const options = { cwd: directory, env: prismaEnv(url) }
  await runNode([prismaCli, 'generate'], options)
  await runNode([prismaCli, 'migrate', 'deploy'], options)
  return directory
}

/** Removes a database's project, made or half made. @param {import('../databases/databases.mjs').Database} database */
export function removeProject({ provider }) {
  return rm(directoryOf(provider), { recursive: true, force: true, maxRetries: 5 })
}

/** @param {string} provider */
function directoryOf(provider) {
  return path.join(generated, `project-${provider}-${process.pid}`)
}

/** The environment in which the Prisma CLI runs without its binary. @param {string} url */
export function prismaEnv(url) {
  return { ...schemaEngineEnv(), DATABASE_URL: url }
}

/** @param {string} file @param {string} text */
async function write(file, text) {
  await mkdir(path.dirname(file), { recursive: true })
  await writeFile(file, text)
}

/** @param {string} directory @param {'postgresql' | 'mysql' | 'sqlite'} provider */
async function writeMigration(directory, provider) {
  const file = path.join(directory, 'prisma/migrations/20260101000000_init/migration.sql')
  const from = path.join(directory, 'prisma/sql.prisma')
  const datasource = `datasource db {\n  provider = "${provider}"\n}\n`
  const options = { cwd: directory, env: prismaEnv('file:./none.db') }
  if (provider === 'mysql') {
    const generator = path.join(repository, '__tests__/support/databases/mysql-generator.mjs')
    const sql = `generator sql {\n  provider = "node ${generator}"\n  output   = "${file}"\n}\n`
    await write(from, `${sql}${datasource}${models(provider)}`)
    await runNode([prismaCli, 'generate', '--schema', from], options)
  } else {
    await write(from, `${datasource}${models(provider)}`)
    const args = ['migrate', 'diff', '--from-empty', '--to-schema', from, '--script']
    await write(file, (await runNode([prismaCli, ...args], options)).stdout)
  }
  await rm(from)
}

function prismaConfig() {
  return `import { defineConfig } from 'prisma/config'

export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
  datasource: { url: process.env['DATABASE_URL'] },
})
`
}

/** @param {string} connect */
function client(connect) {
  return `${connect}
import { PrismaClient } from './generated/prisma/client.js'

/** The longer time is for \`$transaction\` per batch, which does not end within 5 s on a busy machine. */
export const client = (pool = 10) =>
  new PrismaClient({
    adapter: adapter(process.env['DATABASE_URL'] ?? '', pool),
    transactionOptions: { timeout: 120_000 },
  })
`
}

function config() {
  return `import { defineConfig } from 'after-party'
import { client } from './client.js'

export default defineConfig({ client: () => client(), tasks: process.env['BENCH_TASKS'] ?? 'prisma/after-party' })
`
}
