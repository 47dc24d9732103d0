/** Makes a stack (stack.mjs): `node make-stack.mjs <name> <directory>`. */
import { cp, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { execa } from 'execa'
import { ledgerModels } from '../../../dist/project/init/ledger-models.js'
import { schemaEngineEnv } from '../../../scripts/schema-engine-env.mjs'
import { prismaCli, repository } from '../paths.mjs'
import { betterSqlite3, stackCli } from './stack.mjs'
import { STACKS, VARIANTS } from './variants.mjs'

const [name = '', directory = ''] = process.argv.slice(2)
const { provider, prisma } = STACKS[/** @type {keyof typeof STACKS} */ (name)]
const variants = Object.entries(VARIANTS).filter(([, { stack }]) => stack === name)

const migration = 'prisma/migrations/20260101000000_init/migration.sql'
const cli = stackCli(directory)

/** What `generate` sees: Prisma 6 refuses one of another provider. */
const DATABASE_URL = provider === 'sqlite' ? 'file:./dev.db' : `${provider}://localhost/nowhere`

/** @type {Record<string, string>} */
const LINKS =
  prisma === 6
    ? {
        prisma: 'prisma-6',
        '@prisma/client': '@prisma/client-6',
        '@prisma/adapter-libsql': 'adapter-libsql-6',
        '@prisma/adapter-pg': 'adapter-pg-6',
      }
    : {}

const models = await readModels()

await rm(directory, { recursive: true, force: true })
await write('package.json', packageJson())
await write('prisma.config.ts', prisma === 6 ? config6() : config7())
await write('prisma/schema.prisma', schema())
await write('prisma/migrations/migration_lock.toml', `provider = "${provider}"\n`)
for (const [variant, { adapter, adapterClass, options }] of variants)
  await write(`clients/${variant}.ts`, client(adapter, adapterClass, options))
for (const [from, to] of Object.entries(LINKS)) await link(from, path.join(repository, 'node_modules', to))
if (name === 'sqlite-7')
  await link('@prisma/adapter-better-sqlite3', path.join(betterSqlite3, 'node_modules/@prisma/adapter-better-sqlite3'))
await writeMigration()
await run(cli, 'generate')
if (provider === 'sqlite') {
  await run(cli, 'migrate', 'deploy')
  await cp(path.join(directory, 'dev.db'), path.join(directory, 'base.db'))
  await rm(path.join(directory, 'dev.db'))
}

/** @param {string} file @param {string} text */
async function write(file, text) {
  await mkdir(path.dirname(path.join(directory, file)), { recursive: true })
  await writeFile(path.join(directory, file), text)
}

/** @param {string} from @param {string} to */
async function link(from, to) {
  const place = path.join(directory, 'node_modules', from)
  await mkdir(path.dirname(place), { recursive: true })
  await symlink(to, place, 'junction')
}

/** @param {string[]} args */
function run(...args) {
  return runIn(directory, ...args)
}

/** @param {string} cwd @param {string[]} args */
function runIn(cwd, ...args) {
  return execa(process.execPath, args, { cwd, env: { ...schemaEngineEnv(), DATABASE_URL } })
}

function packageJson() {
  const dependencies = Object.fromEntries(
    ['prisma', '@prisma/client', ...variants.map(([, { adapter }]) => adapter)].map((each) => [each, `${prisma}`]),
  )
  return JSON.stringify({ name: 'team', private: true, type: 'module', dependencies }, null, 2)
}

/** The models of the test schema, and the ledger's as `init` writes them for this provider. */
async function readModels() {
  const text = await readFile(path.join(repository, 'prisma/schema.prisma'), 'utf8')
  const own = text.slice(text.indexOf('\nmodel '), text.indexOf('\n/// Deploy tasks that ran'))
  const native = await readFile(path.join(import.meta.dirname, `${provider}.prisma`), 'utf8').catch(() => '')
  return `${own}\n${native}\n${ledgerModels({ provider })}`
}

function schema() {
  const engine = prisma === 6 ? '\n  engineType = "client"' : ''
  const url = prisma === 6 ? '\n  url      = env("DATABASE_URL")' : ''
  return `generator client {
  provider = "prisma-client"
  output   = "../generated/prisma"${engine}
}

datasource db {
  provider = "${provider}"${url}
}
${models}`
}

/** The first migration, as `prisma migrate dev` would write it: with Prisma 7, whose schema has no URL. */
async function writeMigration() {
  const file = path.join(directory, migration)
  await mkdir(path.dirname(file), { recursive: true })
  const { text, generator } = migrationSchema(file)
  await write('prisma/sql.prisma', text)
  const schemaFile = path.join(directory, 'prisma/sql.prisma')
  if (generator) await runIn(repository, prismaCli, 'generate', '--schema', schemaFile)
  else {
    const args = ['migrate', 'diff', '--from-empty', '--to-schema', schemaFile, '--script']
    const { stdout } = await runIn(repository, prismaCli, ...args)
    await writeFile(file, `${stdout}\n`)
  }
  await rm(schemaFile)
}

/** @param {string} file Where our own generator writes the SQL that Prisma's engine can't write without its binary. */
function migrationSchema(file) {
  const generator = provider === 'mysql' && sqlGenerator(file)
  const datasource = `datasource db {\n  provider = "${provider}"\n}\n`
  return { generator, text: `${generator || ''}${datasource}${models}` }
}

/** @param {string} file */
function sqlGenerator(file) {
  const provider = JSON.stringify(`node ${path.join(import.meta.dirname, 'mysql-generator.mjs')}`)
  return `generator sql {\n  provider = ${provider}\n  output   = ${JSON.stringify(file)}\n}\n`
}

function pool6() {
  return `
/** The adapter refuses types of the catalogue that the engine reads ("name"); as text they are fine. */
class Pool extends pg.Pool {
  async query(...args) {
    const result = await super.query(...args)
    for (const field of result.fields ?? []) if ([18, 19].includes(field.dataTypeID)) field.dataTypeID = 25
    return result
  }
}
`
}

/** @param {string} adapter @param {string} adapterClass @param {string} options */
function client(adapter, adapterClass, options) {
  return `import { ${adapterClass} } from '${adapter}'
import { Prisma, PrismaClient } from '../generated/prisma/client.js'

export { Prisma, PrismaClient }

/** A client for the database at \`url\`, with at most \`pool\` connections. */
export const connect = (url: string, pool = 10, options: object = {}, adapterOptions?: object) =>
  new PrismaClient({ adapter: new ${adapterClass}(${options}, adapterOptions), ...options })
`
}

/** Migrations go past a pooler. */
function config7() {
  return `import { defineConfig } from 'prisma/config'

export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
  datasource: { url: process.env['DIRECT_URL'] ?? process.env['DATABASE_URL'] },
})
`
}

/** Without its binary, Prisma 6 migrates over an adapter, and on PostgreSQL that one must be helped (see `pool6`). */
function config6() {
  const [[, { adapter, adapterClass }] = /** @type {never} */ ([])] = variants
  return `import { defineConfig } from 'prisma/config'
import { ${adapterClass} } from '${adapter}'
${provider === 'postgresql' ? "import pg from 'pg'\n" : ''}
const url = process.env['DIRECT_URL'] ?? process.env['DATABASE_URL']
${provider === 'postgresql' ? pool6() : ''}
export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
  experimental: { adapter: true },
  engine: 'js',
  adapter: async () => new ${adapterClass}(${provider === 'postgresql' ? 'new Pool({ connectionString: url, max: 1 })' : '{ url, timeout: 5000 }'}),
})
`
}
