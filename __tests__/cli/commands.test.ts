import { rm } from 'node:fs/promises'
import { hostname } from 'node:os'
import { stripVTControlCharacters } from 'node:util'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { Child } from '../support/child.js'
import { type Call, Project, type Ran } from '../support/project.js'
import { few, testAgain } from '../support/selection.js'
import { querySqlite } from '../support/sqlite.js'

interface Status {
  tasks: Record<string, unknown>[]
  summary: Record<string, number>
}

let project: Project
beforeAll(async () => {
  project = await Project.create()
})
afterAll(() => project.remove())

const STATUS = ['status', '--json']
const statusIn = ({ stdout }: Ran) => JSON.parse(stdout) as Status
const statesIn = (ran: Ran) => Object.fromEntries(statusIn(ran).tasks.map(({ name, state }) => [name, state]))
const states = async () => statesIn(await project.afterParty(...STATUS))
/** What each of several invocations said. There are as many answers as there are calls. */
const together = async <const Calls extends readonly (readonly string[] | Call)[]>(...calls: Calls) =>
  (await project.inOneProcess(calls)) as { [At in keyof Calls]: Ran }

describe('status', () => {
  beforeAll(async () => {
    await project.task('20260101000000_a_done_one', '', `description: 'It is done',`)
    await project.task('20260102000000_gone', '')
    await project.task('20260103000000_sweep', '', 'everyDeploy: true,')
    await project.task('20260104000000_breaks', `throw new Error('the slug is taken')`)
    await project.task('20260105000000_waits', '', `description: 'Waits for its turn',`)
    await project.task('20260106000000_elsewhere', '', `environments: ['production'],`)
    await project.write('prisma/after-party/helpers.ts', 'throw new Error("nobody imports me")\n')
    await project.write('prisma/after-party/README.md', '# Ours\n')
    await project.afterParty('run')
    await rm(project.path('prisma/after-party/20260102000000_gone.ts'))
    await project.write(
      'prisma/after-party/20260101000000_a_done_one.ts',
      `${await project.read('prisma/after-party/20260101000000_a_done_one.ts')}// touched\n`,
    )
    await project.task('20250101000000_forgotten', '')
    ;[table, json] = await together(['status'], STATUS)
  })
  afterAll(() => project.reset())
  let table: Ran
  let json: Ran

  test('is an aligned table, a task a line, with its state, its time, and the one thing to know about it', () => {
    const { code, stdout, stderr } = table
    expect(code).toBe(0)
    expect(tableOf(stdout)).toBe(
      [
        'STATE | VERSION | TASK | FINISHED (UTC) | TOOK',
        'pending | 20250101000000 | forgotten | late',
        'done | 20260101000000 | a_done_one | WHEN changed, It is done',
        'missing | 20260102000000 | gone | WHEN',
        'recurring | 20260103000000 | sweep | WHEN',
        'failed | 20260104000000 | breaks | WHEN Error: the slug is taken',
        'pending | 20260105000000 | waits | Waits for its turn',
        'skipped | 20260106000000 | elsewhere | only in production',
      ].join('\n'),
    )
    expect(versionsStart(stdout)).toHaveLength(1)
    expect(stdout).not.toContain('helpers')
    expect(stderr.trim()).toBe('2 pending, 1 done, 1 recurring, 1 failed, 1 skipped, 1 missing')
  })

  testAgain('as JSON has these keys, times in ISO 8601, and the count of each state', () => {
    const { tasks, summary } = statusIn(json)
    const iso = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    expect(tasks.find(({ name }) => name === 'breaks')).toEqual({
      version: '20260104000000',
      name: 'breaks',
      description: null,
      tags: [],
      state: 'failed',
      flags: [],
      everyDeploy: false,
      attempts: 1,
      startedAt: iso,
      finishedAt: iso,
      durationMs: expect.any(Number),
      processed: 0,
      total: null,
      leftMs: null,
      parts: null,
      request: null,
      retryAt: null,
      seenAt: null,
      reason: null,
      error: expect.stringMatching(/^Error: the slug is taken\n\s+at /),
      owner: expect.stringMatching(/^.+:\d+:\w+$/),
      file: '20260104000000_breaks.ts',
      onlyIn: null,
    })
    expect(tasks.find(({ name }) => name === 'waits')).toEqual({
      version: '20260105000000',
      name: 'waits',
      description: 'Waits for its turn',
      tags: [],
      state: 'pending',
      flags: [],
      everyDeploy: false,
      attempts: 0,
      startedAt: null,
      finishedAt: null,
      durationMs: null,
      processed: null,
      total: null,
      leftMs: null,
      parts: null,
      request: null,
      retryAt: null,
      seenAt: null,
      reason: null,
      error: null,
      owner: null,
      file: '20260105000000_waits.ts',
      onlyIn: null,
    })
    expect(tasks.find(({ name }) => name === 'gone')).toMatchObject({ state: 'missing', file: null, description: null })
    expect(tasks.map(({ version }) => version)).toEqual(tasks.map(({ version }) => version).sort())
    expect(summary).toEqual({
      pending: 2,
      running: 0,
      done: 1,
      recurring: 1,
      failed: 1,
      interrupted: 0,
      paused: 0,
      cancelled: 0,
      skipped: 1,
      baseline: 0,
      missing: 1,
    })
  })

  testAgain('has no colour in a pipe, has it where it is forced, and never in JSON', async () => {
    const plain = await project.afterParty('status')
    project.env = { NO_COLOR: '' }
    const piped = await project.afterParty('status')
    project.env = { NO_COLOR: '', FORCE_COLOR: '1' }
    const forced = await project.afterParty('status')
    const json = await project.afterParty('status', '--json')
    project.env = {}
    expect(piped.stdout).toBe(plain.stdout)
    expect(stripVTControlCharacters(plain.stdout + plain.stderr)).toBe(plain.stdout + plain.stderr)
    expect(forced.stdout).not.toBe(plain.stdout)
    expect(stripVTControlCharacters(forced.stdout).replace(/ +$/gm, '')).toBe(plain.stdout)
    expect(stripVTControlCharacters(json.stdout)).toBe(json.stdout)
  })

  test('--check exits 4 while something is pending, and 0 when nothing is', async () => {
    const check = ['status', '--check']
    const [before, , after] = await together(check, ['mark', '--all', '--done'], check)
    expect(before.code).toBe(4)
    expect(after.code).toBe(0)
    expect(after.stdout).not.toContain('pending')
  })

  testAgain('without tasks says how to write one', async () => {
    await project.reset()
    const { code, stdout, stderr } = await project.afterParty('status')
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' })
    expect(stderr).toContain('No tasks in prisma/after-party yet. Create one: npx after-party new <name>')
  })
})

describe('mark', () => {
  beforeEach(async () => {
    for (const name of ['20260101000000_one', '20260102000000_two', '20260103000000_three'])
      await project.task(name, `throw new Error('never run')`)
  })
  afterEach(() => project.reset())

  test('--done makes a baseline of what is named: by name, by version, by file', async () => {
    const { code, stderr } = await project.afterParty(
      'mark',
      'one',
      '20260102000000',
      '20260103000000_three.ts',
      '--done',
    )
    expect(code).toBe(0)
    expect(stderr).toBe(
      '✔ one: pending → done\n✔ two: pending → done\n✔ three: pending → done\n3 tasks changed. Nothing was run.',
    )
    const [status, run] = await together(STATUS, ['run', '--json'])
    expect(statesIn(status)).toEqual({ one: 'done', two: 'done', three: 'done' })
    expect(JSON.parse(run.stdout)).toMatchObject({ outcome: 'done', results: [] })
  })

  testAgain('--before marks what is older than a version, and nothing else', async () => {
    const [, status] = await together(['mark', '--before', '20260103000000', '--done'], STATUS)
    expect(statesIn(status)).toEqual({ one: 'done', two: 'done', three: 'pending' })
  })

  testAgain('--all --skipped keeps everything from running, --pending brings it back', async () => {
    const [, skipped, , back, run] = await together(
      ['mark', '--all', '--skipped'],
      STATUS,
      ['mark', 'two', '--pending'],
      STATUS,
      ['run', '--json'],
    )
    expect(statesIn(skipped)).toEqual({ one: 'skipped', two: 'skipped', three: 'skipped' })
    expect(statesIn(back)).toEqual({ one: 'skipped', two: 'pending', three: 'skipped' })
    expect(JSON.parse(run.stdout).results).toMatchObject([{ name: 'two', outcome: 'failed' }])
  })

  testAgain('--done of a task for every deploy makes it recurring: it runs again at the next deploy', async () => {
    await project.task('20260104000000_sweep', '', 'everyDeploy: true,')
    const [mark, status, run] = await together(['mark', '--all', '--done', '--json'], STATUS, ['run', '--json'])
    expect(mark.code).toBe(0)
    expect(JSON.parse(mark.stdout).marked.at(-1)).toMatchObject({ name: 'sweep', from: null, to: 'recurring' })
    expect(statesIn(status)).toMatchObject({ one: 'done', sweep: 'recurring' })
    expect(JSON.parse(run.stdout).results).toMatchObject([{ name: 'sweep', outcome: 'done' }])
  })

  testAgain('--json gives what changed, from what to what; twice changes nothing', async () => {
    const done = ['mark', 'one', '--done', '--json']
    const [, , once, again] = await together(['mark', 'one', '--done'], ['mark', 'one', '--pending'], done, done)
    expect(JSON.parse(once.stdout)).toEqual({
      marked: [{ version: '20260101000000', name: 'one', from: 'pending', to: 'done' }],
    })
    expect(again.code).toBe(0)
    expect(JSON.parse(again.stdout)).toEqual({ marked: [] })
  })
})

describe('while another run has a task', () => {
  let holder: Child
  beforeAll(async () => {
    await project.task('20260101000000_before', `throw new Error('not to be run')`)
    await project.afterParty('mark', 'before', '--done')
    await project.task('20260102000000_long', `log('at work'); await new Promise(() => {})`)
    holder = new Child(project, ['run', '--lease', '10m'])
    await holder.saw(/at work/)
  })
  afterAll(async () => {
    await holder[Symbol.asyncDispose]()
    await project.reset()
  })

  test.each(few([[['--no-wait']], [['--lock-timeout', '300ms']]], 1))(
    'run %j exits 3, and names host, pid, since when, and what is left of the lease',
    async (options) => {
      const [status, run] = await together(STATUS, ['run', '--json', ...options])
      const { startedAt } = statusIn(status).tasks[1] as { startedAt: string }
      const { code, stdout, stderr } = run
      expect(code).toBe(3)
      const held = `held by host ${hostname()}, pid ${holder.pid}, since ${startedAt}, `
      const { outcome, results } = JSON.parse(stdout)
      expect({ outcome, results }).toMatchObject({ outcome: 'locked', results: [{ name: 'long', outcome: 'locked' }] })
      const { reason, holder: told } = results[0]
      expect(reason).toEqual({ code: 'held', text: expect.stringContaining(`${hostname()}:${holder.pid}:`) })
      expect(told).toEqual({ owner: reason.text, since: startedAt, leaseLeftMs: expect.any(Number) })
      expect(told.leaseLeftMs / 1000).toBeLessThanOrEqual(600)
      expect(stderr).toContain(`✖ long: ${held}`)
      expect(stderr).toMatch(/, ([45]\d\d|600)s of its lease left\n/)
    },
  )

  testAgain('mark of it exits 3, and writes nothing, of the tasks beside it neither', async () => {
    const [before, mark, after] = await together(STATUS, ['mark', '--all', '--pending'], STATUS)
    const { tasks } = statusIn(before)
    const { code, stdout, stderr } = mark
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' })
    expect(stderr).toContain(`✖ long is running (host ${hostname()}, pid ${holder.pid}).`)
    expect(stderr).toContain('Nothing was marked.')
    const still = statusIn(after).tasks.map((task) => ({ ...task, durationMs: null }))
    expect(still).toEqual(tasks.map((task) => ({ ...task, durationMs: null })))
  })
})

describe('history', () => {
  beforeAll(async () => {
    await project.task(
      '20260201000000_noisy',
      `log('one'); log.warn('two', { three: 3 }); log.error('four'); progress(5, 10)`,
    )
    await project.task('20260202000000_prisma_fails', `await prisma.post.create({ data: { nope: 1 } as never })`)
    await project.afterParty('run', '--deploy-id', 'abc123')
    ;[table, ofOne, json, status] = await together(
      ['history', '--limit', '2'],
      ['history', 'noisy'],
      ['history', 'noisy', '--json'],
      ['status'],
    )
  })
  afterAll(() => project.reset())
  let table: Ran
  let ofOne: Ran
  let json: Ran
  let status: Ran

  test('is a table, the latest attempt first, with what an error says in a line', () => {
    const { code, stdout } = table
    expect(code).toBe(0)
    expect(tableOf(stdout)).toBe(
      [
        'STATUS | VERSION | TASK | STARTED (UTC) | TOOK',
        'failed | 20260202000000 | prisma_fails | WHEN Argument `title` is missing.',
        'done | 20260201000000 | noisy | WHEN 5 rows',
      ].join('\n'),
    )
    expect(versionsStart(stdout)).toHaveLength(1)
    expect(status.stdout).toContain('Argument `title` is missing.')
  })

  testAgain('of one task shows who ran it, in which deploy, how far it came, and what it logged', () => {
    const { stdout } = ofOne
    expect(stdout).toMatch(/^done noisy, \d{4}-\d\d-\d\d \d\d:\d\d:\d\d, [\d.]+m?s, 5 rows$/m)
    expect(stdout).toMatch(/^ {2}by .+:\d+:\w+, deploy abc123$/m)
    expect(stdout).toContain('  one\n  warn: two { three: 3 }\n  error: four')
  })

  testAgain('as JSON has these keys', () => {
    expect(JSON.parse(json.stdout)).toEqual({
      runs: [
        {
          version: '20260201000000',
          name: 'noisy',
          fence: expect.any(Number),
          status: 'done',
          startedAt: expect.any(String),
          finishedAt: expect.any(String),
          owner: expect.any(String),
          deployId: 'abc123',
          processed: 5,
          changedMeanwhile: 0,
          skippedRows: [],
          reason: null,
          error: null,
          log: 'one\nwarn: two { three: 3 }\nerror: four\n',
          params: null,
        },
      ],
    })
  })

  testAgain('keeps the end of a long log, and says that there was more', async () => {
    await project.task('20260203000000_talker', `for (let i = 0; i < 5_000; i += 1) log('line ' + i)`)
    const [, history] = await together(['run', 'talker'], ['history', 'talker', '--json'])
    const log: string = JSON.parse(history.stdout).runs[0].log
    expect(log.length).toBeLessThan(20_000)
    expect(log.startsWith('…')).toBe(true)
    expect(log.endsWith('line 4998\nline 4999\n')).toBe(true)
  })

  testAgain('never keeps a connection URL', async () => {
    await project.task(
      '20260204000000_leaks',
      `log('postgres://me:hunter2@db/app'); throw new Error('mysql://me:hunter2@db')`,
    )
    const [ran, kept] = await together(['run', 'leaks'], ['history', 'leaks', '--json'])
    expect(ran.stderr).toContain('postgres://…')
    expect(ran.stdout + ran.stderr + kept.stdout).not.toContain('hunter2')
  })
})

describe('run', () => {
  afterEach(() => project.reset())

  const posts = async () => Number((await querySqlite(project.path('dev.db'), 'SELECT count(*) FROM "Post"'))[0]?.[0])

  test('--dry-run gives the reason for each task, and runs nothing', async () => {
    await project.task('20260301000000_done_one', '')
    await project.task('20260302000000_sweep', '', 'everyDeploy: true,')
    await project.task('20260303000000_breaks', `throw new Error('no')`)
    await project.afterParty('run', '--deploy-id', 'v1')
    await project.task('20260304000000_fresh', '')
    await project.task('20260305000000_in_production', '', `environments: ['production'],`)
    await project.task('20260306000000_skipped_one', '')

    const [, dry, json, status] = await together(
      ['mark', 'skipped_one', '--skipped'],
      ['run', '--dry-run', '--deploy-id', 'v1'],
      ['run', 'done_one', '--dry-run', '--json'],
      STATUS,
    )
    const { code, stdout, stderr } = dry
    expect(code).toBe(0)
    expect(stdout.split('\n').slice(1)).toEqual([
      '·  20260302000000  sweep          already ran in deploy v1',
      '→  20260303000000  breaks         failed last time',
      '→  20260304000000  fresh          new',
      '·  20260305000000  in_production  only in production; this is development',
      '·  20260306000000  skipped_one    marked skipped',
    ])
    expect(stderr).toBe('2 tasks would run. Nothing was run.')
    expect(JSON.parse(json.stdout).tasks).toContainEqual({
      version: '20260301000000',
      name: 'done_one',
      state: 'done',
      flags: [],
      runs: true,
      reason: { code: 'named-done' },
    })
    expect(statesIn(status)).toMatchObject({ breaks: 'failed', fresh: 'pending', done_one: 'done' })
  })

  test('--json is one object with the failure in it; the rest was not run', async () => {
    await project.task('20260301000000_good', 'progress(7)')
    await project.task('20260302000000_bad', `throw new Error('the slug is taken')`)
    await project.task('20260303000000_after', '')
    const { code, stdout, stderr } = await project.afterParty('run', '--json', '--deploy-id', 'v1')
    expect(code).toBe(1)
    expect(JSON.parse(stdout)).toEqual({
      database: { provider: 'sqlite', name: 'dev.db' },
      outcome: 'failed',
      results: [
        { version: '20260301000000', name: 'good', outcome: 'done', durationMs: expect.any(Number), processed: 7 },
        {
          version: '20260302000000',
          name: 'bad',
          outcome: 'failed',
          durationMs: expect.any(Number),
          error: 'the slug is taken',
        },
      ],
      deployId: 'v1',
    })
    expect(stderr).toContain('1 task after it was not run.')
    expect(stderr).toContain('npx after-party history bad')
    expect(stderr).toMatch(/at .*20260302000000_bad\.ts:6/)
  })

  testAgain(
    'takes the environment from --env, then AFTER_PARTY_ENV, then NODE_ENV; an empty one counts as not set',
    async () => {
      await project.task('20260301000000_only', `log('in production')`, `environments: ['production'],`)
      const cases: [env: Record<string, string>, args: string[], runs: boolean][] = [
        [{}, [], false],
        [{}, ['--env', 'production'], true],
        [{ AFTER_PARTY_ENV: 'production', NODE_ENV: 'test' }, [], true],
        [{ NODE_ENV: 'production' }, [], true],
        [{ AFTER_PARTY_ENV: '', NODE_ENV: 'production' }, [], true],
        [{ AFTER_PARTY_ENV: 'production' }, ['--env', 'staging'], false],
      ]
      const ran = await together(
        ...cases.map(([env, args]) => ({ args: ['run', '--dry-run', '--json', ...args], env })),
      )
      expect(ran.map(({ stdout }) => JSON.parse(stdout).tasks[0].runs)).toEqual(cases.map(([, , runs]) => runs))
    },
  )

  testAgain('tries a task again as often as its `retry` says, and tells each try', async () => {
    await project.write('prisma/after-party/tries.ts', 'export const tries = { n: 0 }\n')
    const fails = (times: number) =>
      `const { tries } = await import('./tries.js'); tries.n += 1; if (tries.n <= ${times}) throw new TypeError('try ' + tries.n)`
    await project.task('20260301000000_third_time', fails(2), `retry: { attempts: 3, delay: '1ms' },`)
    const lucky = await project.afterParty('run')
    expect(lucky.code).toBe(0)
    expect(lucky.stderr).toContain('⚠ try 1 of 3 failed: try 1; retrying')
    expect(lucky.stderr).toContain('⚠ try 2 of 3 failed: try 2; retrying')

    await project.task('20260301000000_third_time', fails(3), `retry: { attempts: 3, delay: '1ms' },`)
    const unlucky = await project.afterParty('run', 'third_time')
    expect(unlucky.code).toBe(1)
    expect(unlucky.stderr).toContain('try 3')
    expect(unlucky.stderr).not.toContain('try 3 of 3 failed: try 3; retrying')
  })

  testAgain('a task that outlives its timeout is told to stop, fails, and says so', async () => {
    const untilTold = `await new Promise((told) => signal.addEventListener('abort', told, { once: true }))`
    await project.task('20260301000000_slow', `${untilTold}; log('told')`, `timeout: '50ms',`)
    const [{ code, stderr }, status] = await together(['run'], STATUS)
    expect(code).toBe(1)
    expect(stderr).toContain('stopping (timeout): ')
    expect(stderr).toContain('took longer than its timeout of 50ms')
    expect(stderr).toContain('  told')
    expect(statesIn(status)).toEqual({ slow: 'failed' })
  })

  testAgain('a task that does not listen is given up when its grace is over', async () => {
    await project.task(
      '20260301000000_deaf',
      `await new Promise((never) => setInterval(() => {}, 60_000))`,
      `timeout: '20ms',`,
    )
    const { code, stderr } = await project.afterParty('run', '--grace', '20ms')
    expect(code).toBe(1)
    expect(stderr).toContain('took longer than its timeout of 20ms')
    expect(stderr).toContain('Exiting with open handles')
  })

  testAgain('a connection that a driver lost aloud does not end the run; what else nobody catches does', async () => {
    const aloud = (message: string) =>
      `setTimeout(() => { throw new Error('${message}') }); await new Promise((go) => setTimeout(go, 200)); log('on')`
    await project.task('20260301000000_aloud', aloud('terminating connection due to administrator command'))
    expect(await project.afterParty('run')).toMatchObject({ code: 0, stderr: expect.stringContaining('  on') })
    await project.task('20260302000000_fatal', aloud('of nobody').replace('200', '60_000'))
    const { code, stdout, stderr } = await project.afterParty('run', '--json')
    expect(code).toBe(1)
    expect(stderr).toContain('Error: of nobody\n    at ')
    expect(stderr).not.toContain('  on')
    expect(JSON.parse(stdout)).toMatchObject({ outcome: 'failed', results: [{ name: 'fatal', error: 'of nobody' }] })
    const [status, history] = await together(STATUS, ['history', 'fatal', '--json'])
    expect(statesIn(status)).toEqual({ aloud: 'done', fatal: 'failed' })
    expect(JSON.parse(history.stdout).runs).toMatchObject([
      { status: 'failed', error: expect.stringMatching(/^Error: of nobody\n {4}at /) },
    ])
  })

  testAgain(
    'of many errors that nobody catches, the first fails the task, and the tasks after it are not run',
    async () => {
      const each = `[1, 2, 3].forEach(async (n) => { throw new Error('post ' + n) }); await new Promise(() => {})`
      await project.task('20260301000000_each', each)
      await project.task('20260302000000_after', '')
      const { code, stderr } = await project.afterParty('run')
      expect(code).toBe(1)
      expect(stderr).toContain('post 3')
      expect(stderr).toContain('✖ each failed')
      expect(stderr).toContain('1 task after it was not run.')
      const { tasks } = statusIn(await project.afterParty(...STATUS))
      expect(tasks).toMatchObject([{ state: 'failed', error: expect.stringContaining('post 1') }, { state: 'pending' }])
    },
  )

  testAgain('an error that nobody catches takes back the transaction of its task', async () => {
    const crash = `await prisma.post.create({ data: { title: 'x' } }); void Promise.reject(new Error('of nobody'))`
    await project.task('20260302000000_crash', `${crash}; await new Promise(() => {})`, 'transaction: true,')
    const { code, stderr } = await project.afterParty('run')
    expect(code).toBe(1)
    expect(stderr).toContain('✖ crash failed')
    expect(await states()).toMatchObject({ crash: 'failed' })
    expect(await posts()).toBe(0)
  })

  testAgain('an error that nobody catches while no task runs ends the process at once', async () => {
    const config = await project.read('after-party.config.ts')
    await project.write('after-party.config.ts', `${config}\nsetTimeout(() => { throw new Error('of nobody') })\n`)
    const { code, stdout, stderr } = await project.afterParty('run', '--json')
    await project.write('after-party.config.ts', config)
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toContain('Error: of nobody')
  })

  testAgain('`transaction: true` commits the work with its record, and a failure takes all of it back', async () => {
    const post = `await prisma.post.create({ data: { title: 'in the transaction' } })`
    await project.task('20260302000000_all_or_nothing', `${post}; throw new Error('no')`, 'transaction: true,')
    const [failed, afterwards] = await together(['run'], STATUS)
    expect(failed.code).toBe(1)
    expect(await posts()).toBe(0)
    expect(statesIn(afterwards)).toMatchObject({ all_or_nothing: 'failed' })

    await project.task('20260302000000_all_or_nothing', post, 'transaction: true,')
    const [ran, status] = await together(['run'], STATUS)
    expect(ran.code).toBe(0)
    expect(await posts()).toBe(1)
    expect(statesIn(status)).toMatchObject({ all_or_nothing: 'done' })
  })

  testAgain('what a task throws need not be an error', async () => {
    await project.task('20260301000000_throws_text', `throw 'just a text'`)
    const { code, stdout } = await project.afterParty('run', '--json')
    expect(code).toBe(1)
    expect(JSON.parse(stdout).results).toMatchObject([{ outcome: 'failed', error: 'just a text' }])
  })

  testAgain('works from a folder below, and with a config that is named', async () => {
    await project.task('20260301000000_here', '')
    await project.write('deep/down/keep', '')
    expect((await project.inFolder('deep/down').afterParty('status')).stdout).toContain('here')
    const named = await project.afterParty('run', '--config', './after-party.config.ts')
    expect(named.code).toBe(0)
  })

  testAgain('--json stays one object though a task prints', async () => {
    await project.task('20260301000000_prints', `console.log('from the task'); console.info({ a: 1 })`)
    const { stdout, stderr } = await project.afterParty('run', '--json')
    expect(JSON.parse(stdout)).toMatchObject({ outcome: 'done' })
    expect(stderr).toContain('from the task\n{ a: 1 }')
  })
})

/** A table without its widths, and without times, which differ. */
function tableOf(stdout: string): string {
  const masked = stdout.replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d {2}[\d.]+m?s */g, 'WHEN ').replace(/ +$/gm, '')
  return masked.replace(/ {2,}/g, ' | ')
}

/** Where the column of versions begins: at one place, if the table is aligned. */
function versionsStart(stdout: string): number[] {
  return [...new Set(stdout.split('\n').map((line) => line.search(/\d{14}|VERSION/)))]
}
