import type { Definition } from '../define/definition.js'
import type { Engine } from '../engine/engine.js'
import { orderFaults } from '../engine/order.js'
import { planParams } from '../engine/params.js'
import { mayRun, type PlanEntry, planTasks } from '../engine/plan.js'
import { loadDefinitions } from '../engine/prepare.js'
import { withTasksBefore } from '../engine/run.js'
import { failuresInARow, pauseAfter } from '../engine/try-again.js'
import { isChanged } from '../project/checksum.js'
import type { Fault } from '../project/task-files.js'

/** A background task that a worker may take. */
export interface DueTask {
  task: PlanEntry
  /** Ms on the database's clock: not before. Undefined: never, it is left to people. */
  at: number | undefined
  /** How often it has failed in a row. */
  failures: number
}

/** What a worker finds when it looks around. */
export interface Found {
  tasks: DueTask[]
  /** The database's clock, ms. */
  now: number
  /** Files that can't run. The others do. */
  faults: Fault[]
}

/**
 * The background tasks that wait here or are under way, the one that nobody has touched for longest first. Records
 * without a file are of another release, and are left to it. `triedHere`: what failed in this process, by version.
 */
export async function dueTasks(engine: Engine, triedHere: ReadonlyMap<string, unknown>): Promise<Found> {
  const { source, ledger, environment } = engine
  const [{ files, faults }, records, now] = await Promise.all([source.list(), ledger.recordsForRun(), ledger.now()])
  const byVersion = new Map(records.map((record) => [record.version, record]))
  const open = files.filter(({ version }) => mayRun(byVersion.get(version)))
  const { definitions, faults: loadFaults } = await loadDefinitions(source, open)
  const wrong = orderFaults(files, definitions)
  const planned = planTasks({ files, records, definitions, now, environment, lane: 'background' })
  const runnable = planned.filter(({ runs, file }) => runs && !wrong.some((fault) => fault.file === file?.file))
  const { tasks: withParams, faults: paramFaults } = await planParams(engine, runnable)
  const ready = withParams.filter(({ file }) => !paramFaults.some((fault) => fault.file === file?.file))
  const tasks = await withTasksBefore(engine, ready, { files, definitions })
  const due = await Promise.all(
    tasks.map(async (task) => ({ task, ...(await dueAt(engine, task, triedHere.has(task.version))) })),
  )
  const ofWorkers = [...wrong, ...paramFaults].filter(({ file }) => isOfWorkers(file, files, definitions))
  return { tasks: due.sort(longestUntouchedFirst), now, faults: [...faults, ...loadFaults, ...ofWorkers] }
}

function isOfWorkers(
  file: string,
  files: readonly { version: string; file: string }[],
  definitions: ReadonlyMap<string, Definition>,
): boolean {
  const version = files.find((one) => one.file === file)?.version ?? ''
  return definitions.get(version)?.background === true
}

/**
 * A task that failed waits, longer each time. Another file than the one that failed may be the remedy, so it is tried at
 * once: by each process once, or workers of two releases would try in turns.
 */
async function dueAt(
  { ledger, source }: Engine,
  { state, version, record, file }: PlanEntry,
  triedHere: boolean,
): Promise<Pick<DueTask, 'at' | 'failures'>> {
  if (state !== 'failed' || !record) return { at: 0, failures: 0 }
  if (!triedHere && file && isChanged(await source.checksum(file), record.checksum)) return { at: 0, failures: 0 }
  const failures = await failuresInARow(ledger, version)
  const pause = pauseAfter(failures)
  return { at: pause === undefined ? undefined : (record.finishedAt?.getTime() ?? 0) + pause, failures }
}

function longestUntouchedFirst({ task: a }: DueTask, { task: b }: DueTask): number {
  const touched = ({ record }: PlanEntry) => record?.finishedAt?.getTime() ?? 0
  return touched(a) - touched(b) || (a.version < b.version ? -1 : 1)
}
