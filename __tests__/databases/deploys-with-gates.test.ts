import { expect, test } from '@jest/globals'
import { execa } from 'execa'
import { schemaEngineEnv } from '../../scripts/schema-engine-env.mjs'
import { Child } from '../support/child.js'
import { describeDatabases, type VariantName } from '../support/databases.js'
import { Project } from '../support/project.js'

/** Deploys with gates on servers, with both versions of Prisma: the built binary, the real Prisma CLI. */

const [ADD, REQUIRE, LAST] = ['20260301000000_add_notes', '20260302000000_require_slugs', '20260401000000_add_locale']
const [SLUGS, LATER] = ['20260301120000_backfill_slugs', '20260401120000_later']

/** A project that is two releases behind: a gate between them, and a task on each side of it. */
async function projectOn(variant: VariantName): Promise<Project> {
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

/** What happened to its database, in order, each as often as it did. */
async function happened(project: Project): Promise<{ migrations: string[]; tasks: string[] }> {
  const client = project.database?.client()
  const rows = (await client?.$queryRawUnsafe(
    'SELECT migration_name, finished_at FROM _prisma_migrations ORDER BY started_at',
  )) as { migration_name: string; finished_at: unknown }[]
  const posts = await client?.post.findMany({ orderBy: { id: 'asc' } })
  return {
    migrations: rows.filter(({ finished_at }) => finished_at !== null).map(({ migration_name }) => migration_name),
    tasks: posts?.map(({ title }) => title) ?? [],
  }
}

const WHOLE = { migrations: [ADD, REQUIRE, LAST], tasks: ['slugs', 'later'] }
const sinceInit = async (project: Project) => {
  const { migrations, tasks } = await happened(project)
  return { migrations: migrations.slice(1), tasks }
}

describeDatabases(
  (variant) => {
    test('apply migrations and run tasks in order', async () => {
      const project = await projectOn(variant)
      const { code, stderr } = await project.afterParty('deploy')
      expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' })
      expect(await sinceInit(project)).toEqual(WHOLE)
      expect((await project.afterParty('deploy', '--json')).stdout).toContain('"outcome":"done"')
      expect(await sinceInit(project)).toEqual(WHOLE)
      await project.remove()
    })
  },
  ['sqlite-prisma6', 'postgresql', 'mariadb', 'postgresql-prisma6'],
)

const AT_ONCE = 8

describeDatabases(
  (variant) => {
    test(`${AT_ONCE} at once all end well, with every migration and task once`, async () => {
      const project = await projectOn(variant)
      const ended = await Promise.all(Array.from({ length: AT_ONCE }, () => project.afterParty('deploy')))
      expect(ended.map(({ code, stderr }) => (code === 0 ? '' : stderr))).toEqual(ended.map(() => ''))
      expect(await sinceInit(project)).toEqual(WHOLE)
      await project.remove()
    })
  },
  ['postgresql'],
)

/** Lines after which a deploy is killed, with all that it started: before, between and in its segments. */
const POINTS = [
  /prisma migrate deploy \(1 migration,/,
  /All migrations have been successfully applied/,
  /→ backfill_slugs/,
  /✔ backfill_slugs/,
  /prisma migrate deploy \(2 migrations\)/,
  /✔ backfill_slugs[\s\S]*All migrations have been successfully applied/,
  /→ later/,
]

describeDatabases(
  (variant) => {
    test('killed anywhere, the next one ends in the same state', async () => {
      for (const point of POINTS) {
        const project = await projectOn(variant)
        {
          const env = schemaEngineEnv()
          await using child = new Child(project, ['deploy', '--lease', '1s'], env, { detached: true })
          await child.saw(point)
          await execa('kill', ['-KILL', '--', `-${child.pid}`])
        }
        const { code, stderr } = await project.afterParty('deploy')
        expect({ point, code, stderr: code === 0 ? '' : stderr }).toEqual({ point, code: 0, stderr: '' })
        expect(await sinceInit(project)).toEqual(WHOLE)
        await project.remove()
      }
    })
  },
  ['postgresql'],
)
