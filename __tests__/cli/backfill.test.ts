import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { Child } from '../support/child.js'
import { Project } from '../support/project.js'
import { few, testAgain } from '../support/selection.js'

let project: Project
beforeAll(async () => {
  project = await Project.create()
})
afterAll(() => project.remove())
afterEach(() => project.reset())

const FILE = '20260102000000_slugs'

/** A task before it that adds posts, and a backfill of the model `post`. */
async function backfill(options: string, { posts = 0, model = 'post', helpers = '' } = {}): Promise<void> {
  if (posts > 0)
    await project.task(
      '20260101000000_posts',
      `await prisma.post.createMany({ data: Array.from({ length: ${posts} }, (_, i) => ({ title: \`post \${i + 1}\` })) })`,
    )
  await project.write(
    `prisma/after-party/${FILE}.ts`,
    `import { defineBackfill } from 'after-party'
${helpers}
export default defineBackfill({
  model: '${model}',
  ${options}
} as never)
`,
  )
}

/** How many posts have a slug. */
async function slugs(): Promise<number> {
  await project.task(
    '20260109000000_count',
    `log('slugs', await prisma.post.count({ where: { slug: { not: null } } }))`,
  )
  const { stderr } = await project.afterParty('run', 'count')
  return Number(/slugs (\d+)/.exec(stderr)?.[1])
}

const json = async (...args: string[]) => JSON.parse((await project.afterParty(...args, '--json')).stdout)

testAgain('a backfill that `new` wrote runs, and does what its update says once it says something', async () => {
  const made = await project.afterParty('new', 'slugs', '--backfill', '--model', 'Post')
  expect(made.code).toBe(0)
  expect(await project.afterParty('run')).toMatchObject({ code: 0 })
  const file = made.stdout.trim()
  await project.write(file, (await project.read(file)).replace('return null', 'return { slug: post.title }'))
  await project.task('20260101000000_posts', `await prisma.post.create({ data: { title: 'one' } })`)
  expect(await project.afterParty('run', 'posts')).toMatchObject({ code: 0 })
  expect(await project.afterParty('run', 'slugs')).toMatchObject({ code: 0 })
  expect(await slugs()).toBe(1)
})

test('rows are told at the end, in text, in --json, in status and in history', async () => {
  await backfill(`batchSize: 10, update: (post) => ({ slug: post.title }),`, { posts: 25 })
  const ran = await project.afterParty('run')
  expect(ran).toMatchObject({ code: 0, stdout: '' })
  expect(ran.stderr).toMatch(/✔ slugs .*25 rows/)
  const { tasks } = await json('status')
  expect(tasks[1]).toMatchObject({ name: 'slugs', state: 'done', processed: 25, total: 25 })
  const { runs } = await json('history', 'slugs')
  expect(runs).toMatchObject([{ status: 'done', processed: 25 }])
})

testAgain('a backfill that fails goes on at the next run, and history has the rows of each attempt', async () => {
  const helpers = `import { existsSync } from 'node:fs'`
  const update = `(post) => { if (post.id === 15 && !existsSync('mended')) throw new Error('no fifteen'); return { slug: post.title } }`
  await backfill(`batchSize: 10, update: ${update},`, { posts: 25, helpers })
  const failed = await project.afterParty('run')
  expect(failed.code).toBe(1)
  expect(failed.stderr).toContain('row 15: no fifteen')
  expect((await json('status')).tasks[1]).toMatchObject({ state: 'failed', processed: 10, total: 25 })
  await project.write('mended', '')
  expect(await json('run')).toMatchObject({ outcome: 'done', results: [{ processed: 15 }] })
  const { runs } = await json('history', 'slugs')
  expect(runs).toMatchObject([
    { status: 'done', processed: 15 },
    { status: 'failed', processed: 10, error: expect.stringContaining('no fifteen') },
  ])
  const text = await project.afterParty('history', 'slugs')
  expect(text.stdout).toContain('15 rows')
  expect(text.stdout).toContain('10 rows')
  const overview = await project.afterParty('history')
  expect(overview.stdout).toMatch(/^done .* slugs .* 15 rows$/m)
  expect(overview.stdout).toMatch(/^failed .* slugs .* 10 rows; Error: row 15: no fifteen$/m)
  expect(await slugs()).toBe(25)
  await project.delete('mended')
})

testAgain(
  'a backfill with an error that nobody catches has failed, keeps its batches, and goes on at the next run',
  async () => {
    const helpers = `import { existsSync } from 'node:fs'`
    const run = `async (rows, { prisma }) => {
    for (const { id, title } of rows) await prisma.post.update({ where: { id }, data: { slug: title } })
    if (rows[0].id === 11 && !existsSync('mended')) { void Promise.reject(new Error('of nobody')); await new Promise(() => {}) }
  }`
    await backfill(`batchSize: 10, run: ${run},`, { posts: 25, helpers })
    expect(await project.afterParty('run')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('✖ slugs failed'),
    })
    expect((await json('status')).tasks[1]).toMatchObject({
      state: 'failed',
      processed: 10,
      error: expect.stringContaining('of nobody'),
    })
    expect((await json('history', 'slugs')).runs).toMatchObject([{ status: 'failed', processed: 10 }])
    expect(await slugs()).toBe(10)
    await project.write('mended', '')
    expect((await json('run', 'slugs')).results).toMatchObject([{ outcome: 'done', processed: 15 }])
    expect(await slugs()).toBe(25)
    await project.delete('mended')
  },
)

testAgain('--max-duration leaves the rest for the next run, says so, and exits 0', async () => {
  await backfill(`batchSize: 10, pause: '1h', update: (post) => ({ slug: post.title }),`, { posts: 25 })
  await project.afterParty('run', 'posts')
  const text = await project.afterParty('run', '--max-duration', '2s')
  expect(text.code).toBe(0)
  expect(text.stderr).toContain('--max-duration')
  expect((await json('status')).tasks[1]).toMatchObject({
    state: 'paused',
    total: 25,
    reason: { code: 'max-duration' },
    error: null,
  })
  expect(await json('run', '--max-duration', '2s')).toMatchObject({
    outcome: 'paused',
    results: [{ name: 'slugs', outcome: 'paused', reason: { code: 'max-duration' } }],
  })
  await backfill(`update: (post) => ({ slug: post.title }),`)
  expect(await project.afterParty('run')).toMatchObject({ code: 0 })
  expect(await slugs()).toBe(25)
})

testAgain(
  'a signal while an async `update` is awaited ends as a signal, whatever becomes of the rows after it',
  async () => {
    const update = `async (post) => {
    if (post.id > 1) throw new Error('after the signal')
    process.kill(process.pid, 'SIGTERM')
    await new Promise((go) => setTimeout(go, 200))
    return { slug: 'x' }
  }`
    await backfill(`update: ${update},`, { posts: 3 })
    await project.afterParty('run', 'posts')
    expect(await project.afterParty('run')).toMatchObject({ code: 143 })
    expect((await json('status')).tasks[1]).toMatchObject({ state: 'interrupted' })
  },
)

testAgain(
  'status of a running backfill tells rows, total and the time left, by the pace of this attempt alone',
  async () => {
    const rest = `let batches = 0; const throttle = () => batches++ === 0 ? false : (console.log('resting'), '1h' as const)`
    await backfill(`batchSize: 10, throttle, update: (post) => ({ slug: post.title }),`, { posts: 45, helpers: rest })
    await project.afterParty('run', 'posts')
    for (const [attempt, processed, restOfWalk] of [
      [1, 10, 3.5],
      [2, 20, 2.5],
    ] as const) {
      await using running = new Child(project, ['run'])
      await running.saw(/resting/)
      const task = (await json('status')).tasks[1]
      expect(task).toMatchObject({ state: 'running', attempts: attempt, processed, total: 45 })
      expect(Math.abs(task.leftMs - restOfWalk * task.durationMs)).toBeLessThan(10)
      const { stdout } = await project.afterParty('status')
      expect(stdout).toMatch(new RegExp(`running .* ${processed} of 45 rows, about [\\d.]+m?s left`))
      running.signal('SIGTERM')
      expect(await running.ended).toMatchObject({ code: 143 })
    }
    expect((await json('status')).tasks[1]).toMatchObject({ state: 'interrupted', processed: 20, leftMs: null })
  },
)

testAgain('the rows of an attempt that was killed are in the history, whoever found it dead', async () => {
  const rest = `let batches = 0; const throttle = () => batches++ % 2 === 0 ? false : (console.log('resting'), '1h' as const)`
  await backfill(`batchSize: 10, throttle, update: (post) => ({ slug: post.title }),`, { posts: 45, helpers: rest })
  await project.afterParty('run', 'posts')
  const attempts = async () => {
    const { runs } = (await json('history', 'slugs')) as { runs: { status: string; processed: number }[] }
    return runs.map(({ status, processed }) => [status, processed])
  }
  for (let killed = 0; killed < 2; killed += 1) {
    await using running = new Child(project, ['run', '--lease', '1s'])
    await running.saw(/resting/)
    running.signal('SIGKILL')
    await running.ended
  }
  await waitForLease()
  expect(await project.afterParty('mark', 'slugs', '--skipped')).toMatchObject({ code: 0 })
  expect(await attempts()).toEqual(Array(2).fill(['interrupted', 10]))

  await backfill(`batchSize: 10, update: (post) => ({ slug: post.title }),`)
  expect(await project.afterParty('run', 'slugs')).toMatchObject({ code: 0 })
  expect(await attempts()).toEqual([['done', 25], ...Array(2).fill(['interrupted', 10])])
  expect(await slugs()).toBe(45)
})

/** Nobody tells when the lease of a process that was killed is over. */
async function waitForLease(): Promise<void> {
  while ((await json('status')).tasks[1].state === 'running') await new Promise((go) => setTimeout(go, 100))
}

test('--rehearse tells rows, a sample and an estimate, and changes nothing', async () => {
  await backfill(`batchSize: 10, update: (post) => ({ slug: 's' + post.id }),`, { posts: 45 })
  await project.afterParty('run', 'posts')
  const text = await project.afterParty('run', '--rehearse')
  expect(text.code).toBe(0)
  expect(text.stdout).toContain('30 rows of 45 tried')
  expect(text.stdout).toContain('1: {"slug":null} → {"slug":"s1"}')
  expect(text.stderr).toContain('All changes were rolled back.')
  expect(await json('run', '--rehearse')).toMatchObject({
    rehearsals: [
      { name: 'slugs', outcome: 'rehearsed', rows: 30, total: 45, sample: [{ key: '1' }, { key: '2' }, { key: '3' }] },
    ],
  })
  expect((await json('status')).tasks[1]).toMatchObject({ state: 'pending' })
  expect(await slugs()).toBe(0)
})

testAgain('a rehearsal prints what the task logs', async () => {
  await backfill(`onError: 'skip', update: (post) => { throw new Error('not ' + post.id) },`, { posts: 2 })
  await project.afterParty('run', 'posts')
  const { code, stderr } = await project.afterParty('run', '--rehearse')
  expect(code).toBe(0)
  expect(stderr).toMatch(/⚠ .*1: .*not 1\n.*⚠ .*2: .*not 2\n/)
})

testAgain('a rehearsal that fails exits 1 and says why, with --verbose by the whole stack', async () => {
  await backfill(`update: () => { throw new Error('not yet') },`, { posts: 1 })
  await project.afterParty('run', 'posts')
  const { code, stdout } = await project.afterParty('run', '--rehearse', '--verbose')
  expect(code).toBe(1)
  expect(stdout).toContain('row 1: not yet')
  expect(stdout).toMatch(/^ +at .*node_modules.after-party/m)
})

describe('a definition that is not right is told before anything runs', () => {
  test.each(
    few(
      [
        ['update: () => null, run: async () => {},', 'one of `update`, `run` and `execute`'],
        ['', 'one of `update`, `run` and `execute`'],
        ['update: () => null, batchSize: 0,', 'batchSize'],
        ['update: () => null, batchSize: { target: 0.5, max: 0 },', 'batchSize'],
        ['update: () => null, concurrency: 0,', 'concurrency'],
        ['update: () => null, follow: true, concurrency: 2,', '`follow`'],
        ['update: () => null, onError: "ignore",', 'onError'],
        ['update: () => null, cursor: "name",', 'name is not a field of post'],
        ['update: () => null, cursor: "title",', 'not unique'],
        ['update: () => null, cursor: [],', 'cursor'],
        ['update: () => null, wher: {},', 'did you mean where?'],
      ],
      2,
    ),
  )('%s', async (options, why) => {
    await backfill(options, { posts: 1 })
    const { code, stderr } = await project.afterParty('run')
    expect(stderr).toContain(`${FILE}.ts`)
    expect(stderr).toContain(why)
    expect(code).toBe(2)
  })

  testAgain('together with the files that can’t be loaded', async () => {
    await backfill('update: () => null,', { model: 'pots' })
    await project.write('prisma/after-party/20260103000000_syntax.ts', 'export default {')
    const { code, stderr } = await project.afterParty('run')
    expect(code).toBe(2)
    expect(stderr).toContain("2 files in prisma/after-party can't run.")
    expect(stderr).toContain(`${FILE}.ts: The Prisma client has no model "pots"`)
    expect(stderr).toContain("20260103000000_syntax.ts: can't be loaded")
  })

  testAgain('by status too, until the backfill is done', async () => {
    await backfill('update: () => null, cursor: "title",', { posts: 1 })
    for (const args of [['status'], ['status', '--check']]) {
      const { code, stdout, stderr } = await project.afterParty(...args)
      expect(code).toBe(2)
      expect(stdout).toMatch(/pending +20260102000000 +slugs/)
      expect(stderr).toMatch(new RegExp(`✖ ${FILE}.ts: .*title is not unique`))
    }
    await project.afterParty('mark', '--all', '--done')
    expect(await project.afterParty('status', '--check')).toMatchObject({ code: 0 })
  })

  testAgain('an unknown model, with what to do', async () => {
    await backfill('update: () => null,', { posts: 1, model: 'Post' })
    const { code, stderr } = await project.afterParty('run')
    expect(code).toBe(2)
    expect(stderr).toContain('no model "Post"')
    expect(stderr).toContain('prisma generate')
    expect((await json('status')).tasks[0]).toMatchObject({ name: 'posts', state: 'pending' })
    expect(await project.afterParty('run', '--rehearse')).toMatchObject({ code: 2 })
    expect(await project.afterParty('run', '--dry-run')).toMatchObject({ code: 2 })
  })
})
