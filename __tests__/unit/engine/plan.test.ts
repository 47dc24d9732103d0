import { describe, expect, test } from '@jest/globals'
import type { TaskDefinition } from '../../../src/define/task.js'
import { type PlanInput, planTasks } from '../../../src/engine/plan.js'
import type { RecordStatus, TaskRecord } from '../../../src/ledger/contract.js'
import { listTasks } from '../../../src/project/task-files.js'

const NOW = Date.UTC(2026, 10, 22)

function record(version: string, status: RecordStatus, more: Partial<TaskRecord> = {}): TaskRecord {
  return {
    version,
    name: `task_${version.slice(-2)}`,
    status,
    attempts: 1,
    startedAt: new Date(NOW - 5_000),
    finishedAt: null,
    reason: null,
    error: null,
    checksum: null,
    owner: 'host:1:x',
    fence: 1,
    leaseUntil: null,
    part: null,
    checkpoint: null,
    skippedRows: [],
    params: null,
    changedMeanwhile: 0,
    processed: 0,
    total: null,
    deployId: null,
    lane: null,
    seenAt: null,
    request: null,
    ...more,
  }
}

const V1 = '20260101000001'
const V2 = '20260101000002'
const V3 = '20260101000003'

function plan(
  records: TaskRecord[],
  options: Record<string, Partial<TaskDefinition>> = {},
  more: Partial<PlanInput> = {},
) {
  const { files } = listTasks([V3, V1, V2].map((version) => `${version}_task_${version.slice(-2)}.ts`))
  const definitions = new Map(
    files.map(({ version }) => [version, { kind: 'task' as const, run: () => {}, ...options[version] }]),
  )
  return planTasks({ files, records, definitions, now: NOW, environment: 'test', ...more })
}

const shape = (tasks: ReturnType<typeof plan>) => tasks.map(({ version, state, runs }) => [version, state, runs])

describe('a plan', () => {
  test('runs new tasks in order of version, however the directory lists them', () => {
    expect(shape(plan([]))).toEqual([
      [V1, 'pending', true],
      [V2, 'pending', true],
      [V3, 'pending', true],
    ])
  })

  test('leaves done, skipped and baseline tasks alone', () => {
    expect(shape(plan([record(V1, 'done'), record(V2, 'skipped'), record(V3, 'baseline')]))).toEqual([
      [V1, 'done', false],
      [V2, 'skipped', false],
      [V3, 'baseline', false],
    ])
  })

  test.each(['failed', 'interrupted'] as const)('runs a %s task again', (status) => {
    expect(shape(plan([record(V1, status)]))[0]).toEqual([V1, status, true])
  })

  test('takes a running task whose lease is over for interrupted', () => {
    const dead = record(V1, 'running', { leaseUntil: new Date(NOW - 1) })
    const alive = record(V2, 'running', { leaseUntil: new Date(NOW + 1) })
    expect(shape(plan([dead, alive])).slice(0, 2)).toEqual([
      [V1, 'interrupted', true],
      [V2, 'running', true],
    ])
  })

  test('runs a recurring task again, but not twice in one deploy', () => {
    const records = [record(V1, 'recurring', { deployId: 'abc' })]
    const options = { [V1]: { everyDeploy: true } }
    expect(plan(records, options)[0]).toMatchObject({
      state: 'recurring',
      runs: true,
      reason: { code: 'every-deploy' },
    })
    expect(plan(records, options, { deployId: 'abc' })[0]).toMatchObject({ runs: false })
    expect(plan(records, options, { deployId: 'def' })[0]).toMatchObject({ runs: true })
  })

  test('takes a recurring task that is no longer everyDeploy for done', () => {
    expect(plan([record(V1, 'recurring')])[0]).toMatchObject({ state: 'done', runs: false })
  })

  test('leaves out what has none of the tags, or one that is excluded, and says why', () => {
    const tagged = { [V1]: { tags: ['billing', 'slow'] }, [V2]: { tags: ['search'] } }
    const reasons = (filter: Partial<PlanInput>) => plan([], tagged, filter).map(({ reason }) => reason)
    const other = { code: 'other-tag', only: ['billing'] }
    expect(reasons({ tags: ['billing'] })).toEqual([{ code: 'new' }, other, other])
    expect(shape(plan([], tagged, { tags: ['search', 'slow'] }))).toEqual([
      [V1, 'pending', true],
      [V2, 'pending', true],
      [V3, 'pending', false],
    ])
    expect(reasons({ tags: ['billing', 'search'], excludeTags: ['slow'] })).toMatchObject([
      { code: 'excluded-tag', tag: 'slow' },
      { code: 'new' },
      { code: 'other-tag' },
    ])
  })

  test('shows a task that this environment leaves out as skipped, and says where it belongs', () => {
    const [task] = plan([], { [V1]: { environments: ['production'] } })
    expect(task).toMatchObject({
      state: 'skipped',
      runs: false,
      reason: { code: 'other-environment', only: ['production'], environment: 'test' },
    })
  })

  test('runs named tasks only, and though they are done', () => {
    const tasks = plan([record(V1, 'done')], {}, { named: new Set([V1]) })
    expect(shape(tasks)).toEqual([
      [V1, 'done', true],
      [V2, 'pending', false],
      [V3, 'pending', false],
    ])
  })

  test.each(['done', 'baseline'] as const)(
    'flags a pending task that is older than a newer %s one as late',
    (status) => {
      expect(plan([record(V2, status)]).map(({ flags }) => flags)).toEqual([['late'], [], []])
    },
  )

  test('flags a done task whose file has changed', () => {
    const checksums = new Map([[V1, 'now']])
    expect(plan([record(V1, 'done', { checksum: 'then' })], {}, { checksums })[0]?.flags).toEqual(['changed'])
  })

  test('shows a record without a file as missing, unless it was marked pending', () => {
    const gone = record('20250101000000', 'done')
    const forgotten = record('20250101000001', 'pending')
    expect(shape(plan([gone, forgotten]))[0]).toEqual(['20250101000000', 'missing', false])
    expect(plan([gone, forgotten])).toHaveLength(4)
  })
})

describe('a plan for a new database', () => {
  const onFresh = (setting: 'run' | 'baseline') => ({ [V1]: { onFresh: setting } })
  const reasons = (tasks: ReturnType<typeof plan>) => tasks.map(({ runs, reason }) => [runs, reason.code])

  test('records the tasks that say so, and runs the others', () => {
    const tasks = plan([], onFresh('baseline'), { fresh: 'run' })
    expect(reasons(tasks)).toEqual([
      [false, 'fresh-baseline'],
      [true, 'new'],
      [true, 'new'],
    ])
    expect(tasks[0]?.state).toBe('pending')
  })

  test('records all tasks but those that say otherwise where the config says so', () => {
    expect(reasons(plan([], onFresh('run'), { fresh: 'baseline' }))).toEqual([
      [true, 'new'],
      [false, 'fresh-baseline'],
      [false, 'fresh-baseline'],
    ])
  })

  test('runs everything where the database is not said to be new', () => {
    expect(reasons(plan([], onFresh('baseline')))[0]).toEqual([true, 'new'])
  })

  test('touches no task that was tried, only what never ran or was marked pending', () => {
    const records = [record(V1, 'failed'), record(V2, 'pending'), record(V3, 'interrupted')]
    expect(reasons(plan(records, {}, { fresh: 'baseline' }))).toEqual([
      [true, 'failed'],
      [false, 'fresh-baseline'],
      [true, 'interrupted'],
    ])
  })

  test('runs tasks for every deploy, and leaves those of other environments alone', () => {
    const options = { [V1]: { everyDeploy: true }, [V2]: { environments: ['production'] } }
    expect(reasons(plan([], options, { fresh: 'baseline' }))).toEqual([
      [true, 'new'],
      [false, 'other-environment'],
      [false, 'fresh-baseline'],
    ])
  })

  test('of named tasks, records only those', () => {
    expect(reasons(plan([], {}, { fresh: 'baseline', named: new Set([V1]) }))).toEqual([
      [false, 'fresh-baseline'],
      [false, 'not-named'],
      [false, 'not-named'],
    ])
    expect(reasons(plan([record(V1, 'baseline')], {}, { named: new Set([V1]) }))[0]).toEqual([true, 'named'])
  })
})
