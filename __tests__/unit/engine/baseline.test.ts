import { expect, test } from '@jest/globals'
import { withBaseline } from '../../../src/engine/baseline.js'
import type { Engine } from '../../../src/engine/engine.js'
import { type PlanEntry, planTasks } from '../../../src/engine/plan.js'
import { MemoryLedger } from '../../../src/ledger/memory-ledger.js'
import { listTasks } from '../../../src/project/task-files.js'

const [V1, V2] = ['20260101000001', '20260101000002']
const { files } = listTasks([`${V1}_one.ts`, `${V2}_two.ts`])
const definitions = new Map(files.map(({ version }) => [version, { kind: 'task' as const, run: () => {} }]))

/** A process in a new database whose tasks are all to be recorded. */
function process(ledger: MemoryLedger, owner: string) {
  const plan = async (): Promise<PlanEntry[]> => {
    const [records, now] = [await ledger.records(), await ledger.now()]
    return planTasks({ files, records, definitions, now, environment: 'test', fresh: 'baseline' })
  }
  const record = (planned: PlanEntry[]) => withBaseline({ ledger, owner } as unknown as Engine, planned, plan)
  return { plan, record }
}

test('a task is recorded by one of two processes that plan to record it', async () => {
  const ledger = new MemoryLedger()
  const [one, other] = [process(ledger, 'host:1:a'), process(ledger, 'host:2:b')]
  const plans = [await one.plan(), await other.plan()] as const
  const recorded = await Promise.all([one.record(plans[0]), other.record(plans[1])])
  expect(recorded.flatMap(({ baseline }) => baseline.map(({ version }) => version)).sort()).toEqual([V1, V2])
  expect(recorded.map(({ tasks }) => tasks.filter(({ runs }) => runs))).toEqual([[], []])
  expect((await ledger.records()).map(({ status, fence, attempts }) => [status, fence, attempts])).toEqual([
    ['baseline', 1, 0],
    ['baseline', 1, 0],
  ])
})

test('a task that another process took after the plan is that process’s', async () => {
  const ledger = new MemoryLedger()
  const { plan, record } = process(ledger, 'host:1:a')
  const planned = await plan()
  await ledger.claim(null, {
    version: V1,
    name: 'one',
    owner: 'host:2:b',
    startedAt: new Date(),
    leaseUntil: new Date(Date.now() + 60_000),
    checksum: null,
    deployId: null,
    params: null,
    resume: false,
  })
  const { tasks, baseline } = await record(planned)
  expect(baseline).toEqual([{ version: V2, name: 'two' }])
  expect(tasks.map(({ state, runs, reason }) => [state, runs, reason.code])).toEqual([
    ['running', true, 'running'],
    ['pending', false, 'fresh-baseline'],
  ])
  expect(await ledger.record(V1)).toMatchObject({ status: 'running', owner: 'host:2:b' })
})
