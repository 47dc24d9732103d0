import { mkdir, readdir, rm } from 'node:fs/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { PrismaLibSql } from '@prisma/adapter-libsql'
import { Project } from '../support/project.js'

/** Releases that a database skips, deployed in one go: the built binary, the real Prisma CLI, SQLite. */

const INIT = 'prisma/migrations/20260101000000_init'
const [ADD, REQUIRE, LOCALE] = ['20260301000000_add_notes', '20260302000000_require_slugs', '20260401000000_add_locale']
const SWEEP = '20260601120000_sweep'
const NEEDY = '20260601130000_needs_params'
const [OLD, SLUGS, LATER] = ['20260201120000_old', '20260301120000_backfill_slugs', '20260401120000_later']

const migration = (name: string) => `prisma/migrations/${name}/migration.sql`
const GATE = '-- after-party: requires backfill_slugs\n'

let project: Project

const query = async (sql: string) => {
  const adapter = await new PrismaLibSql({ url: `file:${project.path('dev.db')}`, timeout: 5000 }).connect()
  try {
    return (await adapter.queryRaw({ sql, args: [], argTypes: [] })).rows
  } finally {
    await adapter.dispose()
  }
}
const applied = async () =>
  (
    await query('SELECT migration_name FROM _prisma_migrations WHERE finished_at IS NOT NULL ORDER BY started_at')
  ).flat()
const deploy = (...args: string[]) => project.afterParty('deploy', ...args)
const removeDatabase = async () => {
  for (const name of await readdir(project.directory))
    if (name.startsWith('dev.db')) await rm(project.path(name), { force: true })
}

beforeAll(async () => {
  project = await Project.create()
  const [init = ''] = (await readdir(project.path('prisma/migrations'))).filter((name) => name.endsWith('_init'))
  await project.write(`${INIT}/migration.sql`, await project.read(migration(init)))
  await project.delete(`prisma/migrations/${init}`)
  await project.write(migration(ADD), 'CREATE TABLE "Note" ("id" INTEGER NOT NULL PRIMARY KEY);\n')
  await project.write(migration(REQUIRE), `${GATE}CREATE UNIQUE INDEX "Post_slug_key" ON "Post"("slug");\n`)
  await project.write(migration(LOCALE), 'ALTER TABLE "Post" ADD COLUMN "locale" TEXT;\n')
  await project.task(LATER, `log('later')`)
  await project.task(OLD, `log('of no use in a new database')`, `onFresh: 'baseline',`)
})
afterAll(() => project.remove())

const fillSlugs = () =>
  project.task(
    SLUGS,
    `for (const { id, title } of await prisma.post.findMany({ select: { id: true, title: true } }))
      await prisma.post.updateMany({ where: { id }, data: { slug: title } })`,
  )

describe('deploy', () => {
  beforeEach(async () => {
    await removeDatabase()
    await fillSlugs()
  })

  test('applies migrations and runs tasks in the order that gates demand, and has nothing to do the second time', async () => {
    await mkdir(project.path('tmp'), { recursive: true })
    project.env = { TMPDIR: project.path('tmp') }
    const planned = await deploy('--dry-run')
    expect(planned.stdout.split('\n')).toEqual([
      'migration  20260101000000_init',
      `migration  ${ADD}`,
      `task       ${SLUGS}`,
      `  ${REQUIRE} requires backfill_slugs (pending)`,
      `migration  ${REQUIRE}`,
      `migration  ${LOCALE}`,
      `task       ${LATER}`,
    ])
    const checked = await project.afterParty('check')
    expect(checked.code).toBe(4)
    expect(checked.stderr).toContain(`  ${REQUIRE} requires backfill_slugs (pending)`)

    const { code, stderr, stdout } = await deploy()
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' })
    const order = [
      `→ prisma migrate deploy (2 migrations, up to the gate of ${REQUIRE})`,
      `› ${REQUIRE} requires backfill_slugs (pending)`,
      '› 1 task recorded as baseline: this database is new',
      '✔ backfill_slugs',
      '→ prisma migrate deploy (2 migrations)',
      '✔ later',
      '✔ Deployed 4 migrations in',
    ].map((line) => stderr.indexOf(line))
    expect(order).toEqual([...order].sort((a, b) => a - b))
    expect(order).not.toContain(-1)
    expect(stderr).not.toContain('of no use')
    expect(await applied()).toEqual(['20260101000000_init', ADD, REQUIRE, LOCALE])

    const again = await deploy('--json')
    expect(JSON.parse(again.stdout)).toEqual({
      outcome: 'done',
      steps: [
        { migrations: [], exitCode: 0 },
        { run: { outcome: 'done', results: [], database: { provider: 'sqlite', name: 'dev.db' } } },
      ],
    })
    await project.task(SWEEP, '', 'everyDeploy: true,')
    expect((await project.afterParty('run', '--deploy-id', 'v1')).code).toBe(0)
    expect((await deploy('--dry-run', '--deploy-id', 'v1')).stderr).toContain('Nothing to deploy.')
    expect((await deploy('--dry-run', '--deploy-id', 'v2')).stdout).toBe(`task       ${SWEEP}`)
    await project.delete(`prisma/after-party/${SWEEP}.ts`)
    const status = await project.prisma('migrate', 'status')
    expect(status.stdout).toContain('Database schema is up to date')
    const scratch = (await readdir(project.path('tmp'))).filter((name) => name.startsWith('after-party-'))
    expect(scratch).toEqual([])
    project.env = {}
  })

  test('stops before a migration whose task is not done, says why, and goes on from there', async () => {
    await project.task(SLUGS, `await prisma.$queryRawUnsafe('SELECT "locale" FROM "Post"')`)
    const failed = await deploy()
    expect(failed.code).toBe(1)
    expect(failed.stderr).toContain('Fix the task and run `npx after-party deploy` again.')
    expect(failed.stderr).toContain(`› locale does not exist in this database yet: ${LOCALE} adds it, after this task.`)
    expect(failed.stderr).toContain('→ Read only the columns that the task needs: pass `select`')

    await project.task(SLUGS, 'await prisma.post.findMany({ where: { title: null as never } })')
    const refused = await deploy()
    expect(refused.code).toBe(1)
    expect(refused.stderr).toContain('title is required in your newest schema. This database is older')

    await project.task(SLUGS, '', `when: () => 'no slugs before Monday',`)
    const waits = await deploy()
    expect(waits.code).toBe(4)
    expect(waits.stderr).toContain('no slugs before Monday')
    expect(waits.stderr).toContain(`✖ ${REQUIRE} was not applied: it requires backfill_slugs (failed).`)
    expect(await applied()).toEqual(['20260101000000_init', ADD])

    await query(`INSERT INTO "Post" ("title") VALUES ('a'), ('b')`)
    await fillSlugs()
    expect((await deploy()).code).toBe(0)
    expect(await query('SELECT "slug", "locale" FROM "Post" ORDER BY "id"')).toEqual([
      ['a', null],
      ['b', null],
    ])
  })

  test("passes on what Prisma says of a failed migration, and Prisma's repair works", async () => {
    await project.write(migration(ADD), 'CREATE TABLE "Note" ("id" INTEGER NOT NULL PRIMARY KEY;\n')
    const failed = await deploy('--json')
    expect(failed.code).toBe(1)
    expect(failed.stderr).toContain('P3018')
    expect(failed.stderr).toContain('✖ prisma migrate deploy failed with exit code 1.')
    expect(JSON.parse(failed.stdout)).toEqual({
      outcome: 'failed',
      steps: [{ migrations: ['20260101000000_init', ADD], exitCode: 1 }],
    })
    await project.write(migration(ADD), 'CREATE TABLE "Note" ("id" INTEGER NOT NULL PRIMARY KEY);\n')
    const refused = await deploy()
    expect(refused.code).toBe(1)
    expect(refused.stderr).toContain('P3009')
    expect((await project.prisma('migrate', 'resolve', '--rolled-back', ADD)).code).toBe(0)
    expect((await deploy()).code).toBe(0)
  })

  test('applies nothing while a task file or a gate has a fault', async () => {
    const said = async (...args: string[]) => {
      const { code, stdout } = await project.afterParty(...args, '--json')
      expect(code).toBe(2)
      return JSON.parse(stdout)
    }
    await project.write('prisma/after-party/20260501000000_broken.ts', 'export default 1\n')
    await project.task(NEEDY, '', `params: v.object({ limit: v.number() }),`)
    await project.write(
      `prisma/after-party/${NEEDY}.ts`,
      `import * as v from 'valibot'\n${await project.read(`prisma/after-party/${NEEDY}.ts`)}`,
    )
    const broken = '20260501000000_broken.ts'
    const needy = { file: `${NEEDY}.ts`, message: expect.stringContaining('needs a default for the parameter limit') }
    expect((await said('deploy')).error).toMatchObject({
      code: 'tasks-invalid',
      what: "1 file in prisma/after-party can't run.",
      why: expect.stringContaining(`${broken}: its default export is not a task`),
    })
    expect((await said('check', '--offline')).faults).toEqual([expect.objectContaining({ file: broken }), needy])
    await project.delete(`prisma/after-party/${broken}`)
    expect((await said('deploy')).error.why).toContain(`${NEEDY}.ts: needs a default for the parameter limit`)
    await project.delete(`prisma/after-party/${NEEDY}.ts`)

    await project.write(migration(REQUIRE), '-- after-party: require backfill_slugs\nSELECT 1;\n')
    const wrong = '"after-party: require backfill_slugs" is not a gate: write `-- after-party: requires <task>`'
    expect((await said('deploy')).error).toMatchObject({
      code: 'gates-invalid',
      what: '1 migration has an invalid gate.',
      why: `${REQUIRE}/migration.sql: ${wrong}`,
    })
    expect((await said('check', '--offline')).faults).toEqual([{ file: `${REQUIRE}/migration.sql`, message: wrong }])
    expect(await query('SELECT name FROM sqlite_master')).toEqual([])
    await project.write(migration(REQUIRE), `${GATE}CREATE UNIQUE INDEX "Post_slug_key" ON "Post"("slug");\n`)
  })
})
