import { readdir, rm } from 'node:fs/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { build } from 'esbuild'
import { Project } from '../support/project.js'
import { testAgain } from '../support/selection.js'

/** A project that ships JavaScript: config, tasks and client are compiled to `dist`, migrations are not. */

const MIGRATION = 'prisma/migrations/20991231000000_later/migration.sql'
const TASK = '20260101000000_first'

describe('A compiled project', () => {
  let project: Project
  beforeAll(async () => {
    project = await Project.create()
  })
  afterAll(() => project.remove())
  beforeEach(async () => {
    await project.reset()
    for (const folder of ['dist', 'prisma/migrations/20991231000000_later'])
      await rm(project.path(folder), { recursive: true, force: true })
    await project.task(TASK, `await prisma.post.create({ data: { title: 'ran' } })`)
    await compile()
  })

  /** As `tsc` with an `outDir`. */
  async function compile(): Promise<void> {
    const files = await readdir(project.directory, { recursive: true })
    const sources = files.filter((file) =>
      /^(after-party\.config|generated\/.*|prisma\/after-party\/.*)\.?ts$/.test(file),
    )
    await build({
      entryPoints: sources.map((file) => project.path(file)),
      outbase: project.directory,
      outdir: project.path('dist'),
      format: 'esm',
      platform: 'node',
      logLevel: 'error',
    })
  }

  const run = (...args: string[]) => project.afterParty('run', '--config', 'dist/after-party.config.js', ...args)

  test('runs its tasks, after the migrations of the project', async () => {
    await project.write(MIGRATION, 'CREATE TABLE "Later" ("id" INTEGER);\n')
    const refused = await run()
    expect(refused).toMatchObject({ code: 2, stdout: '' })
    expect(refused.stderr).toContain('A migration is pending in this database: 20991231000000_later.')
    expect((await project.prisma('migrate', 'deploy')).code).toBe(0)
    expect((await run()).code).toBe(0)
  })

  testAgain('finds the project’s root also from an output folder that says which modules are in it', async () => {
    await project.write('dist/package.json', '{ "type": "module" }')
    await project.write(MIGRATION, 'CREATE TABLE "Later" ("id" INTEGER);\n')
    expect(await run()).toMatchObject({ code: 2, stderr: expect.stringContaining('20991231000000_later') })
  })

  testAgain('has no changed tasks, when they ran as TypeScript before', async () => {
    expect((await project.afterParty('run')).code).toBe(0)
    const status = await project.afterParty('status', '--json', '--config', 'dist/after-party.config.js')
    expect(JSON.parse(status.stdout).tasks).toMatchObject([{ name: 'first', state: 'done', flags: [] }])
  })

  testAgain('shows a task as changed, when its JavaScript is another', async () => {
    expect((await run()).code).toBe(0)
    const file = `dist/prisma/after-party/${TASK}.js`
    await project.write(file, `${await project.read(file)}\n// changed\n`)
    const status = await project.afterParty('status', '--json', '--config', 'dist/after-party.config.js')
    expect(JSON.parse(status.stdout).tasks).toMatchObject([{ name: 'first', state: 'done', flags: ['changed'] }])
  })

  test('whose tasks were not compiled is refused, rather than found to have none', async () => {
    await rm(project.path('dist/prisma'), { recursive: true })
    const { code, stderr } = await run()
    expect(code).toBe(2)
    expect(stderr).toContain('Tasks directory not found: dist/prisma/after-party.')
    expect(stderr).toContain('The tasks are in prisma/after-party.')
  })
})

describe('Migrations that can’t be compared', () => {
  let project: Project
  beforeAll(async () => {
    project = await Project.create()
    await project.task(TASK, `await prisma.post.create({ data: { title: 'ran' } })`)
  })
  afterAll(() => project.remove())

  async function refused(says: string): Promise<void> {
    const { code, stdout, stderr } = await project.afterParty('run')
    expect({ code, stdout, stderr }).toEqual({ code: 2, stdout: '', stderr: expect.stringContaining(says) })
    expect(stderr).toContain('Set `migrations` in after-party.config.ts')
    expect(stderr).toContain('--skip-migration-check')
    const { tasks } = JSON.parse((await project.afterParty('status', '--json')).stdout)
    expect(tasks).toMatchObject([{ state: 'pending' }])
  }

  testAgain('because their folder is not where the config has it', async () => {
    const config = await project.read('after-party.config.ts')
    await project.write(
      'after-party.config.ts',
      config.replace('defineConfig({', `defineConfig({ migrations: 'db/migrations',`),
    )
    await refused('the folder db/migrations does not exist')
    await project.write('after-party.config.ts', config)
  })

  testAgain('because an image has none of them', async () => {
    for (const name of await readdir(project.path('prisma/migrations')))
      if (/^\d/.test(name)) await rm(project.path(`prisma/migrations/${name}`), { recursive: true })
    await refused('prisma/migrations has no migrations')
    await rm(project.path('prisma/migrations'), { recursive: true })
    await refused('the folder prisma/migrations does not exist')
  })

  testAgain('stop no run that is told to skip the check', async () => {
    expect((await project.afterParty('run', '--skip-migration-check')).code).toBe(0)
  })
})
