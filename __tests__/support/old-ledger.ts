/**
 * A project with the ledger that a release of After Party made, and the rows that it left there: in
 * `__tests__/fixtures/ledgers/<release>`. Rows were written by that release; times and hosts are made neutral.
 */
import { cp, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { createMariaDb } from './databases/mariadb.mjs'
import { databaseName } from './databases/names.mjs'
import { createPostgres } from './databases/postgres.mjs'
import { servers } from './databases/servers.mjs'
import { STACKS, VARIANTS, type VariantName } from './databases/variants.mjs'
import type { TestClient } from './databases.js'
import { repository } from './paths.mjs'
import { Project } from './project.js'

/** What a release left in the database. */
export interface OldRows {
  records: Record<string, unknown>[]
  attempts: Record<string, unknown>[]
  /** Posts that have a slug, and rows of `KeyBig` that were counted: what its backfills had done. */
  slugged: number[]
  counted: number[]
}

const SCHEMA = 'prisma/schema.prisma'
const MIGRATION = 'prisma/migrations/20260101000000_init/migration.sql'

/** Makes the project of a variant as a team had it with that release: schema, migration, client, database. */
export async function oldProject(variant: VariantName, release: string): Promise<Project> {
  const { provider } = STACKS[VARIANTS[variant].stack]
  const fixture = (name: string) =>
    readFile(path.join(repository, '__tests__', 'fixtures', 'ledgers', release, name), 'utf8')
  const project = await Project.create({ variant })
  const schema = await project.read(SCHEMA)
  await project.write(
    SCHEMA,
    schema.slice(0, schema.indexOf('/// Deploy tasks')) + (await fixture(`${provider}.prisma`)),
  )
  const statements = (await project.read(MIGRATION)).split(/\n\n+/).filter((each) => !each.includes('after_party_'))
  await project.write(MIGRATION, `${statements.join('\n\n')}\n\n${await fixture(`${provider}.sql`)}`)
  const url = await emptyDatabase(provider, project)
  project.env = { DATABASE_URL: url, DIRECT_URL: url }
  await succeed(project.prisma('generate'))
  await succeed(project.prisma('migrate', 'deploy'))
  await insertRows(project, variant, JSON.parse(await fixture('rows.json')))
  return project
}

/** A look from outside, by the client as it is generated now. */
export async function clientOf(project: Project, variant: VariantName): Promise<TestClient> {
  // A module is loaded once: a client that was generated anew needs a path of its own.
  loads += 1
  const copy = project.path(`look-${loads}`)
  await cp(project.path('generated'), path.join(copy, 'generated'), { recursive: true })
  await cp(project.path('clients'), path.join(copy, 'clients'), { recursive: true })
  const { connect } = await import(path.join(copy, 'clients', `${variant}.ts`))
  return connect(project.env.DATABASE_URL, 2)
}

let loads = 0

/** What a command said; throws when it failed. */
export async function succeed(command: ReturnType<Project['prisma']>): Promise<string> {
  const { code, stdout, stderr } = await command
  if (code !== 0) throw new Error(`exit ${code}\n${stdout}\n${stderr}`)
  return `${stdout}\n${stderr}`
}

async function emptyDatabase(provider: 'sqlite' | 'postgresql' | 'mysql', project: Project): Promise<string> {
  if (provider === 'sqlite') return `file:${project.path('old.db')}`
  const server = new URL(servers()[provider === 'mysql' ? 'mariadb' : 'postgresql'].url ?? '')
  loads += 1
  const name = databaseName(`old_${process.pid}_${loads}`)
  await (provider === 'mysql' ? createMariaDb : createPostgres)(server.href, name)
  server.pathname = `/${name}`
  return server.href
}

async function insertRows(project: Project, variant: VariantName, rows: OldRows): Promise<void> {
  const client = (await clientOf(project, variant)) as TestClient & Record<string, TestClient['many']>
  const slugs = new Set(rows.slugged)
  const counts = new Set(rows.counted)
  const ids = Array.from({ length: 120 }, (_, i) => i + 1)
  await client.post.createMany({
    data: ids.map((id) => ({ id, title: `Title ${id}`, slug: slugs.has(id) ? `slug-${id}` : null })),
  })
  await client.keyBig.createMany({ data: ids.map((id) => ({ id: BigInt(id), times: counts.has(id) ? 1 : 0 })) })
  await client.afterPartyTaskRecord?.createMany({ data: rows.records })
  await client.afterPartyTaskRun?.createMany({ data: rows.attempts })
  await client.$disconnect()
}

/** Writes the migration that brings the tables to what the schema says, as `prisma migrate dev` does. */
export async function writeUpgrade(project: Project, variant: VariantName, release: string, before: string) {
  const { provider } = STACKS[VARIANTS[variant].stack]
  const file = project.path('prisma/migrations/20260201000000_upgrade_after_party/migration.sql')
  await project.write(path.relative(project.directory, file), '')
  await project.write('before.prisma', before)
  // What stands in for Prisma's engine here can't compare schemas for MySQL.
  const sql =
    provider === 'mysql'
      ? await readFile(path.join(repository, '__tests__/fixtures/ledgers', release, 'upgrade.mysql.sql'), 'utf8')
      : (await project.prisma('migrate', 'diff', '--from-schema', 'before.prisma', '--to-schema', SCHEMA, '--script'))
          .stdout
  await writeFile(file, sql)
}
