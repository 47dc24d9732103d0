import { TaskLog } from '../attempt/task-log.js'
import { TransactionEnded } from '../attempt/transaction.js'
import type { Rehearsed } from '../attempt/work.js'
import { describeThrown } from '../define/thrown.js'
import { monotonicNow } from '../ledger/clock.js'
import type { Engine, RunEngine } from './engine.js'
import { paramsAtClaim } from './params.js'
import { type PlanEntry, plannedTask } from './plan.js'
import { type PlanOptions, planRun } from './run.js'
import type { RunOptions } from './run-options.js'
import { workOf } from './work-of.js'

/** The result of rehearsing one task. */
export interface Rehearsal extends Rehearsed {
  version: string
  name: string
  /** `skipped`: it has no transaction to roll back, so it was not run. */
  outcome: 'rehearsed' | 'failed' | 'skipped'
  durationMs: number
  error?: string
  /** The error with its stack. */
  stack?: string
  /** True if the database ended the transaction (MySQL, MariaDB): some changes may be committed. */
  mayBeCommitted?: true
}

type RehearseOptions = PlanOptions & Pick<RunOptions, 'signal' | 'graceMs' | 'emit'>

/** Runs what is pending in transactions that are all rolled back: a look at what a run would do, and how long. */
export async function rehearse(engine: RunEngine, options: RehearseOptions): Promise<Rehearsal[]> {
  const tasks = await planRun(engine, options)
  options.emit({ type: 'planned', tasks: tasks.map(plannedTask), database: engine.database })
  const rehearsals: Rehearsal[] = []
  for (const task of tasks.filter(({ runs }) => runs)) {
    if (options.signal.aborted) break
    rehearsals.push(await rehearseTask(engine, task, options))
  }
  return rehearsals
}

async function rehearseTask(
  engine: Engine,
  planned: PlanEntry,
  { deployId, signal, graceMs, emit }: RehearseOptions,
): Promise<Rehearsal> {
  const { version, name, definition, record: listed } = planned
  const task = { version, name }
  const began = monotonicNow()
  const end = (outcome: Rehearsal['outcome'], more: Partial<Rehearsal> = {}): Rehearsal => ({
    ...task,
    outcome,
    durationMs: Math.round(monotonicNow() - began),
    ...more,
  })
  const work = definition && (await workOf(definition))
  if (!work?.rehearse) return end('skipped')
  emit({ type: 'started', task, attempt: 1 })
  const { log } = new TaskLog((level, message) => emit({ type: 'log', task, level, message }))
  const { ledger } = engine
  const client = await engine.tasksClient()
  const record = listed && (await ledger.record(version))
  try {
    const params = await paramsAtClaim(planned, record)
    const context = { log, version, deployId, params: params?.value, progress() {} }
    return end('rehearsed', await work.rehearse({ ledger, client, record, context, signal, graceMs }))
  } catch (error) {
    const ended = error instanceof TransactionEnded
    const { message, stack } = describeThrown(error)
    return end('failed', { error: message, stack, ...(ended && { mayBeCommitted: true }) })
  }
}
