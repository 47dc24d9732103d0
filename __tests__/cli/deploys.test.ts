import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { Project } from '../support/project.js'
import { testAgain } from '../support/selection.js'

/** What the Ruby gem promises, through the built binary, on a real database. */
describe('a deploy', () => {
  let project: Project

  beforeAll(async () => {
    project = await Project.create()
  })
  afterAll(() => project.remove())

  const titles = async () => {
    const { stdout } = await project.afterParty('status', '--json')
    return (JSON.parse(stdout) as { tasks: { name: string; state: string; attempts: number }[] }).tasks
  }

  test('runs what is pending, in timestamp order, and says so', async () => {
    await project.task('20260102000000_second', `log('I am second')`)
    await project.task(
      '20260101000000_first',
      `await prisma.post.create({ data: { title: 'first' } }); log('I am first')`,
    )
    const { code, stderr } = await project.afterParty('run')
    expect(code).toBe(0)
    expect(stderr.indexOf('I am first')).toBeGreaterThan(0)
    expect(stderr.indexOf('I am second')).toBeGreaterThan(stderr.indexOf('I am first'))
  })

  test('does nothing the second time', async () => {
    const { code, stdout, stderr } = await project.afterParty('run', '--json')
    expect(code).toBe(0)
    const database = { provider: 'sqlite', name: 'dev.db' }
    expect(JSON.parse(stdout)).toEqual({ outcome: 'done', database, results: [] })
    expect(stderr).toBe('✔ Nothing to do in dev.db.')
  })

  test('runs only the new task when one is added', async () => {
    await project.task('20260103000000_third', `log('I am third')`)
    const { stdout } = await project.afterParty('run', '--json')
    expect(JSON.parse(stdout).results.map(({ name }: { name: string }) => name)).toEqual(['third'])
  })

  test('runs an everyDeploy task every time, and never marks it done', async () => {
    await project.task('20260104000000_sweep', `log('swept')`, 'everyDeploy: true,')
    for (const _ of [1, 2]) {
      const { stdout } = await project.afterParty('run', '--json')
      expect(JSON.parse(stdout).results).toMatchObject([{ name: 'sweep', outcome: 'done' }])
    }
    expect(await titles()).toContainEqual(expect.objectContaining({ name: 'sweep', state: 'recurring', attempts: 2 }))
  })

  testAgain('runs an everyDeploy task once for one deploy id', async () => {
    const runs = []
    for (const id of ['abc', 'abc', 'def']) {
      const { stdout } = await project.afterParty('run', '--json', '--deploy-id', id)
      runs.push(JSON.parse(stdout).results.length)
    }
    expect(runs).toEqual([1, 0, 1])
  })

  test('stops at a task that fails, exits 1, and runs it and the rest at the next deploy', async () => {
    await project.task('20260105000000_broken', `throw new Error('the slug is taken')`)
    await project.task('20260106000000_after_broken', `log('I am after')`)
    const first = await project.afterParty('run')
    expect(first.code).toBe(1)
    expect(first.stderr).toContain('✖ broken failed')
    expect(first.stderr).toContain('the slug is taken')
    expect(first.stderr).not.toContain('I am after')
    expect(await titles()).toContainEqual(expect.objectContaining({ name: 'broken', state: 'failed' }))

    await project.task('20260105000000_broken', `log('mended')`)
    const second = await project.afterParty('run')
    expect(second.code).toBe(0)
    expect(second.stderr).toContain('mended')
    expect(second.stderr).toContain('I am after')
    expect(await titles()).toContainEqual(expect.objectContaining({ name: 'broken', state: 'done', attempts: 2 }))
  })

  testAgain('runs a task by its name though it is done, and nothing else', async () => {
    const { code, stdout } = await project.afterParty('run', 'first', '--json')
    expect(code).toBe(0)
    expect(JSON.parse(stdout).results.map(({ name }: { name: string }) => name)).toEqual(['first'])
  })

  test('keeps every attempt in the history, with its error and its log', async () => {
    const { stdout } = await project.afterParty('history', 'broken', '--json')
    const { runs } = JSON.parse(stdout) as { runs: { status: string; error: string | null; log: string | null }[] }
    expect(runs.map(({ status }) => status)).toEqual(['done', 'failed'])
    expect(runs[0]?.log).toBe('mended\n')
    expect(runs[1]?.error).toContain('the slug is taken')
  })

  testAgain('shows a task older than the newest done one as late, and runs it', async () => {
    await project.task('20250101000000_forgotten', `log('late but here')`)
    const { stdout } = await project.afterParty('status')
    expect(stdout).toMatch(/pending +20250101000000 +forgotten +late/)
    expect((await project.afterParty('run')).stderr).toContain('late but here')
  })

  test('refuses a name that is in use', async () => {
    const { code, stderr } = await project.afterParty('new', 'first')
    expect(code).toBe(2)
    expect(stderr).toContain('20260101000000_first.ts')
  })
})
