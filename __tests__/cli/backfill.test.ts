import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { Child } from '../support/child.js'
import { Project, type Ran } from '../support/project.js'
import { few, testAgain } from '../support/selection.js'
import { querySqlite } from '../support/sqlite.js'

let project: Project
beforeAll(async () => {
  project = await Project.create()
})
afterAll(() => project.remove())
afterEach(() => project.reset())

const FILE = '20260102000000_slugs'

/** A backfill of the model `post`, and posts for it. */
async function backfill(options: string, { posts = 0, model = 'post', helpers = '', file = FILE } = {}): Promise<void> {
  await addPosts(posts)
  await project.write(
    `prisma/after-party/${file}.ts`,
    `import { defineBackfill } from 'after-party'
${helpers}
export default defineBackfill({
  model: '${model}',
  ${options}
} as never)
`,
  )
}

async function addPosts(count: number): Promise<void> {
  const values = Array.from({ length: count }, (_, i) => `('post ${i + 1}')`)
  if (count > 0) await querySqlite(project.path('dev.db'), `INSERT INTO "Post" ("title") VALUES ${values.join()}`)
}

/** How many posts have a slug. */
async function slugs(): Promise<number> {
  const [row] = await querySqlite(project.path('dev.db'), 'SELECT count("slug") FROM "Post"')
  return Number(row?.[0])
}

const json = async (...args: string[]) => JSON.parse((await project.afterParty(...args, '--json')).stdout)
/** What several commands answer as JSON. */
const jsons = async (...calls: string[][]) =>
  (await project.inOneProcess(calls.map((args) => [...args, '--json']))).map(({ stdout }) => JSON.parse(stdout))

testAgain('a backfill that `new` wrote runs, and does what its update says once it says something', async () => {
  const made = await project.afterParty('new', 'slugs', '--backfill', '--model', 'Post')
  expect(made.code).toBe(0)
  await addPosts(1)
  expect(await project.afterParty('run')).toMatchObject({ code: 0 })
  expect(await slugs()).toBe(0)
  const file = made.stdout.trim()
  await project.write(file, (await project.read(file)).replace('return null', 'return { slug: post.title }'))
  expect(await project.afterParty('run', 'slugs')).toMatchObject({ code: 0 })
  expect(await slugs()).toBe(1)
})

test('rows are told at the end, in text, in --json, in status and in history', async () => {
  await backfill(`batchSize: 10, update: (post) => ({ slug: post.title }),`, { posts: 25 })
  const ran = await project.afterParty('run')
  expect(ran).toMatchObject({ code: 0, stdout: '' })
  expect(ran.stderr).toMatch(/✔ slugs .*25 rows/)
  const [{ tasks }, { runs }] = await jsons(['status'], ['history', 'slugs'])
  expect(tasks[0]).toMatchObject({ name: 'slugs', state: 'done', processed: 25, total: 25 })
  expect(runs).toMatchObject([{ status: 'done', processed: 25 }])
})

testAgain('a backfill that fails goes on at the next run, and history has the rows of each attempt', async () => {
  const helpers = `import { existsSync } from 'node:fs'`
  const update = `(post) => { if (post.id === 15 && !existsSync('mended')) throw new Error('no fifteen'); return { slug: post.title } }`
  await backfill(`batchSize: 10, update: ${update},`, { posts: 25, helpers })
  const [failed, status] = await project.inOneProcess([['run'], ['status', '--json']])
  expect(failed?.code).toBe(1)
  expect(failed?.stderr).toContain('row 15: no fifteen')
  expect(JSON.parse(status?.stdout ?? '').tasks[0]).toMatchObject({ state: 'failed', processed: 10, total: 25 })
  await project.write('mended', '')
  const [ran, history, text, overview] = await project.inOneProcess([
    ['run', '--json'],
    ['history', 'slugs', '--json'],
    ['history', 'slugs'],
    ['history'],
  ])
  expect(JSON.parse(ran?.stdout ?? '')).toMatchObject({ outcome: 'done', results: [{ processed: 15 }] })
  const { runs } = JSON.parse(history?.stdout ?? '')
  expect(runs).toMatchObject([
    { status: 'done', processed: 15 },
    { status: 'failed', processed: 10, error: expect.stringContaining('no fifteen') },
  ])
  expect(text?.stdout).toContain('15 rows')
  expect(text?.stdout).toContain('10 rows')
  expect(overview?.stdout).toMatch(/^done .* slugs .* 15 rows$/m)
  expect(overview?.stdout).toMatch(/^failed .* slugs .* 10 rows; Error: row 15: no fifteen$/m)
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
    const [{ tasks }, { runs }] = await jsons(['status'], ['history', 'slugs'])
    expect(tasks[0]).toMatchObject({ state: 'failed', processed: 10, error: expect.stringContaining('of nobody') })
    expect(runs).toMatchObject([{ status: 'failed', processed: 10 }])
    expect(await slugs()).toBe(10)
    await project.write('mended', '')
    expect((await json('run', 'slugs')).results).toMatchObject([{ outcome: 'done', processed: 15 }])
    expect(await slugs()).toBe(25)
    await project.delete('mended')
  },
)

testAgain('--max-duration leaves the rest for the next run, says so, and exits 0', async () => {
  await backfill(`batchSize: 10, pause: '1h', update: (post) => ({ slug: post.title }),`, { posts: 25 })
  const text = await project.afterParty('run', '--max-duration', '4s')
  expect(text.code).toBe(0)
  expect(text.stderr).toContain('--max-duration')
  const [{ tasks }, again] = await jsons(['status'], ['run', '--max-duration', '4s'])
  expect(tasks[0]).toMatchObject({ state: 'paused', total: 25, reason: { code: 'max-duration' }, error: null })
  expect(again).toMatchObject({
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
    expect(await project.afterParty('run')).toMatchObject({ code: 143 })
    expect((await json('status')).tasks[0]).toMatchObject({ state: 'interrupted' })
  },
)

testAgain(
  'status of a running backfill tells rows, total and the time left, by the pace of this attempt alone',
  async () => {
    const rest = `let batches = 0; const throttle = () => batches++ === 0 ? false : (console.log('resting'), '1h' as const)`
    await backfill(`batchSize: 10, throttle, update: (post) => ({ slug: post.title }),`, { posts: 45, helpers: rest })
    for (const [attempt, processed, restOfWalk] of [
      [1, 10, 3.5],
      [2, 20, 2.5],
    ] as const) {
      await using running = new Child(project, ['run'])
      await running.saw(/resting/)
      const [status, text] = await project.inOneProcess([['status', '--json'], ['status']])
      const task = JSON.parse(status?.stdout ?? '').tasks[0]
      expect(task).toMatchObject({ state: 'running', attempts: attempt, processed, total: 45 })
      expect(Math.abs(task.leftMs - restOfWalk * task.durationMs)).toBeLessThan(10)
      expect(text?.stdout).toMatch(new RegExp(`running .* ${processed} of 45 rows, about [\\d.ms ]+s left`))
      running.signal('SIGTERM')
      expect(await running.ended).toMatchObject({ code: 143 })
    }
    expect((await json('status')).tasks[0]).toMatchObject({ state: 'interrupted', processed: 20, leftMs: null })
  },
)

testAgain('the rows of an attempt that was killed are in the history, whoever found it dead', async () => {
  const rest = `let batches = 0; const throttle = () => batches++ % 2 === 0 ? false : (console.log('resting'), '1h' as const)`
  await backfill(`batchSize: 10, throttle, update: (post) => ({ slug: post.title }),`, { posts: 45, helpers: rest })
  const attemptsAfter = async (...args: string[]) => {
    const [{ code } = {}, history] = await project.inOneProcess([args, ['history', 'slugs', '--json']])
    expect(code).toBe(0)
    const { runs } = JSON.parse(history?.stdout ?? '') as { runs: { status: string; processed: number }[] }
    return runs.map(({ status, processed }) => [status, processed])
  }
  for (let killed = 0; killed < 2; killed += 1) {
    await using running = new Child(project, ['run', '--lease', '1s'])
    await running.saw(/resting/)
    running.signal('SIGKILL')
    await running.ended
  }
  await waitForLease()
  expect(await attemptsAfter('mark', 'slugs', '--skipped')).toEqual(Array(2).fill(['interrupted', 10]))

  await backfill(`batchSize: 10, update: (post) => ({ slug: post.title }),`)
  expect(await attemptsAfter('run', 'slugs')).toEqual([['done', 25], ...Array(2).fill(['interrupted', 10])])
  expect(await slugs()).toBe(45)
})

/** Nobody tells when the lease of a process that was killed is over. */
async function waitForLease(): Promise<void> {
  while ((await json('status')).tasks[0].state === 'running') await new Promise((go) => setTimeout(go, 100))
}

test('--rehearse tells rows, a sample and an estimate, and changes nothing', async () => {
  await backfill(`batchSize: 10, update: (post) => ({ slug: 's' + post.id }),`, { posts: 45 })
  const text = await project.afterParty('run', '--rehearse')
  expect(text.code).toBe(0)
  expect(text.stdout).toContain('30 rows of 45 tried')
  expect(text.stdout).toContain('1: {"slug":null} → {"slug":"s1"}')
  expect(text.stderr).toContain('All changes were rolled back.')
  const [rehearsed, { tasks }] = await jsons(['run', '--rehearse'], ['status'])
  expect(rehearsed).toMatchObject({
    rehearsals: [
      { name: 'slugs', outcome: 'rehearsed', rows: 30, total: 45, sample: [{ key: '1' }, { key: '2' }, { key: '3' }] },
    ],
  })
  expect(tasks[0]).toMatchObject({ state: 'pending' })
  expect(await slugs()).toBe(0)
})

testAgain('a rehearsal prints what the task logs', async () => {
  await backfill(`onError: 'skip', update: (post) => { throw new Error('not ' + post.id) },`, { posts: 2 })
  const { code, stderr } = await project.afterParty('run', '--rehearse')
  expect(code).toBe(0)
  expect(stderr).toMatch(/⚠ .*1: .*not 1\n.*⚠ .*2: .*not 2\n/)
})

testAgain('a rehearsal that fails exits 1 and says why, with --verbose by the whole stack', async () => {
  await backfill(`update: () => { throw new Error('not yet') },`, { posts: 1 })
  const { code, stdout } = await project.afterParty('run', '--rehearse', '--verbose')
  expect(code).toBe(1)
  expect(stdout).toContain('row 1: not yet')
  expect(stdout).toMatch(/^ +at .*node_modules.after-party/m)
})

describe('a definition that is not right is told before anything runs', () => {
  const FAULTS = few(
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
  )
  const nth = (at: number) => `202601020000${10 + at}_faulty_${at}`
  /** One run tells what is wrong with all of them. */
  let ran: Ran
  beforeAll(async () => {
    for (const [at, [options]] of FAULTS.entries()) await backfill(options ?? '', { file: nth(at) })
    ran = await project.afterParty('run')
    await project.reset()
  })

  test.each(FAULTS.map(([options, why], at) => [options ?? '', why ?? '', at] as const))('%s', (_, why, at) => {
    expect(ran.code).toBe(2)
    expect(
      ran.stderr
        .split('\n')
        .filter((line) => line.includes(`${nth(at)}.ts: `))
        .join('\n'),
    ).toContain(why)
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
    const ran = await project.inOneProcess([
      ['status'],
      ['status', '--check'],
      ['mark', '--all', '--done'],
      ['status', '--check'],
    ])
    for (const { code, stdout, stderr } of ran.slice(0, 2)) {
      expect(code).toBe(2)
      expect(stdout).toMatch(/pending +20260102000000 +slugs/)
      expect(stderr).toMatch(new RegExp(`✖ ${FILE}.ts: .*title is not unique`))
    }
    expect(ran.at(-1)).toMatchObject({ code: 0 })
  })

  testAgain('an unknown model, with what to do', async () => {
    await project.task('20260101000000_before', `throw new Error('never run')`)
    await backfill('update: () => null,', { model: 'Post' })
    const [run, status, ...others] = await project.inOneProcess([
      ['run'],
      ['status', '--json'],
      ['run', '--rehearse'],
      ['run', '--dry-run'],
    ])
    expect(run?.code).toBe(2)
    expect(run?.stderr).toContain('no model "Post"')
    expect(run?.stderr).toContain('prisma generate')
    expect(JSON.parse(status?.stdout ?? '').tasks[0]).toMatchObject({ name: 'before', state: 'pending' })
    expect(others).toMatchObject([{ code: 2 }, { code: 2 }])
  })
})
