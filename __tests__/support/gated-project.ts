import type { VariantName } from './databases.js'
import { Project } from './project.js'

const [ADD, REQUIRE, LAST] = ['20260301000000_add_notes', '20260302000000_require_slugs', '20260401000000_add_locale']
const [SLUGS, LATER] = ['20260301120000_backfill_slugs', '20260401120000_later']

/** What a whole deploy does, in order, each once. */
export const WHOLE = { migrations: [ADD, REQUIRE, LAST], tasks: ['slugs', 'later'] }

/** A project that is two releases behind: a gate between them, and a task on each side of it. */
export async function createGatedProject(variant: VariantName): Promise<Project> {
  const project = await Project.create({ variant })
  const quote = variant === 'mariadb' ? '`' : '"'
  const sql = (name: string, text: string) =>
    project.write(`prisma/migrations/${name}/migration.sql`, text.replaceAll('"', quote))
  await sql(ADD, 'CREATE TABLE "Note" ("id" INTEGER NOT NULL PRIMARY KEY);\n')
  await sql(REQUIRE, '-- after-party: requires backfill_slugs\nALTER TABLE "Note" ADD COLUMN "slug" INTEGER;\n')
  await sql(LAST, 'ALTER TABLE "Note" ADD COLUMN "locale" INTEGER;\n')
  await project.task(SLUGS, `await prisma.post.create({ data: { title: 'slugs' } })`, 'transaction: true,')
  await project.task(LATER, `await prisma.post.create({ data: { title: 'later' } })`, 'transaction: true,')
  return project
}

/** What deploys did to its database, in order, each as often as they did. */
export async function whatHappened({ database }: Project): Promise<typeof WHOLE> {
  const client = database?.client()
  const rows = (await client?.$queryRawUnsafe(
    'SELECT migration_name, finished_at FROM _prisma_migrations ORDER BY started_at',
  )) as { migration_name: string; finished_at: unknown }[]
  const posts = await client?.post.findMany({ orderBy: { id: 'asc' } })
  const migrations = rows.filter(({ finished_at }) => finished_at !== null).map((row) => row.migration_name)
  // The first is that of the project that everything is a copy of.
  return { migrations: migrations.slice(1), tasks: posts?.map(({ title }) => title) ?? [] }
}
