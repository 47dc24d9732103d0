import type { OnFresh } from '../define/config.js'
import { type Definition, isEveryDeploy } from '../define/definition.js'
import type { Lane, PlannedTask, PlanReason, TaskFlag, TaskRef, TaskState } from '../define/events.js'
import type { ListedRecord, SettledRecord, TaskRecord } from '../ledger/contract.js'
import { isHeld, isOnHold, isSettled } from '../ledger/contract.js'
import { isChanged } from '../project/checksum.js'
import type { TaskFile } from '../project/task-files.js'
import type { TaskParams } from './params.js'
import { leftOutByTag, type TagFilter } from './tags.js'

/** A planned task with what the engine needs to run it. */
export interface PlanEntry extends PlannedTask {
  file: TaskFile | null
  /** Null where there is none, and in a run's plan also for what is done: that takes only the records it needs. */
  record: ListedRecord | null
  definition: Definition | null
  /** The tasks that must be done before it, in this environment. */
  before?: readonly TaskRef[]
  /** Not given where it has none, or where they are only known once it is claimed. */
  params?: TaskParams
}

/** What of a plan is for users. */
export function plannedTask({ version, name, state, flags, runs, reason }: PlanEntry): PlannedTask {
  return { version, name, state, flags, runs, reason }
}

/** What a plan is made of. */
export interface PlanInput extends TagFilter {
  files: readonly TaskFile[]
  records: readonly (ListedRecord | SettledRecord)[]
  /** By version. Where one is missing, the task's options count as not known. */
  definitions: ReadonlyMap<string, Definition>
  /** By version: the checksum of the file as it is now. */
  checksums?: ReadonlyMap<string, string | null>
  /** The database's clock, ms. */
  now: number
  environment: string
  deployId?: string | undefined
  /** Versions named by hand: only these run, and they run though they are done. */
  named?: ReadonlySet<string> | undefined
  /** The database is new: what becomes of tasks that don't say it themselves. */
  fresh?: OnFresh | undefined
  /** Whose tasks run. Default: those that a deploy waits for. */
  lane?: Lane | undefined
  /** Versions of background tasks that run all the same, because somebody waits for them. */
  awaited?: ReadonlySet<string> | undefined
  /** A version: tasks that are newer don't run. */
  upTo?: string | undefined
}

/**
 * Puts what is on disk beside what is in the ledger: every task in order of version, with its state and with
 * the reason why a run would run it or not. Pure: `status`, `run` and `run --dry-run` all come from it.
 */
export function planTasks(input: PlanInput): PlanEntry[] {
  const files = new Map(input.files.map((file) => [file.version, file]))
  const records = new Map(input.records.map((record) => [record.version, record]))
  const newestDone = [...records.values()].filter(isDone).reduce((newest, { version }) => later(newest, version), '')
  return [...new Set([...files.keys(), ...records.keys()])].sort().flatMap((version) => {
    const file = files.get(version) ?? null
    const record = records.get(version) ?? null
    // A record that was marked pending and has no file any more is nothing at all.
    if (!file && record?.status === 'pending') return []
    return [planTask(version, file, record, newestDone, input)]
  })
}

/** Whether a record lets its task run at the next run, so that its file must be loaded and checked. */
export function mayRun(record: Pick<TaskRecord, 'status'> | undefined): boolean {
  return record === undefined || !isSettled(record.status)
}

function planTask(
  version: string,
  file: TaskFile | null,
  known: ListedRecord | SettledRecord | null,
  newestDone: string,
  input: PlanInput,
): PlanEntry {
  const definition = input.definitions.get(version) ?? null
  const record = known && 'fence' in known ? known : null
  const state = stateOf(file, known, definition, input)
  const checksum = input.checksums?.get(version) ?? null
  const changed = isChanged(checksum, record?.checksum ?? null)
  const late = state === 'pending' && version < newestDone
  const waiting = state !== 'missing' && (record?.reason?.code === 'waiting' || record?.reason?.code === 'after')
  const background = laneOf(definition, record) === 'background' && state !== 'missing'
  const flags = FLAGS.filter((flag) => ({ late, changed, waiting, background })[flag])
  const decision = decide(state, record, definition, version, input)
  return { version, name: file?.name ?? known?.name ?? '', state, flags, ...decision, file, record, definition }
}

const FLAGS: readonly TaskFlag[] = ['late', 'changed', 'waiting', 'background']

/** By its definition; by its record where the file is not loaded. */
function laneOf(definition: Definition | null, record: Pick<TaskRecord, 'lane'> | null): Lane {
  if (!definition) return record?.lane ?? 'foreground'
  return definition.background ? 'background' : 'foreground'
}

/**
 * Whether a run has left it to workers: they begin nothing before its deploy has applied the migrations and done what
 * comes before it.
 */
export function isHandedOver(record: Pick<TaskRecord, 'lane' | 'attempts'> | null): boolean {
  return record !== null && (record.lane !== null || record.attempts > 0)
}

function stateOf(
  file: TaskFile | null,
  record: ListedRecord | SettledRecord | null,
  definition: Definition | null,
  { now, environment }: PlanInput,
): TaskState {
  if (!file) return 'missing'
  if (record?.status === 'running' && isHeld(record, now)) return 'running'
  if (record && isSettled(record.status)) return record.status
  if (record && 'fence' in record && isOnHold(record))
    return record.status === 'cancelled' || record.request?.kind === 'cancel' ? 'cancelled' : 'paused'
  if (record?.status === 'running') return 'interrupted'
  if (record?.status === 'recurring') return definition && !isEveryDeploy(definition) ? 'done' : 'recurring'
  if (leavesOut(definition, environment)) return 'skipped'
  if (!record || record.status === 'pending') return 'pending'
  return record.status
}

function decide(
  state: TaskState,
  record: ListedRecord | null,
  definition: Definition | null,
  version: string,
  { named, deployId, environment, fresh, upTo, lane = 'foreground', awaited, ...filter }: PlanInput,
): { runs: boolean; reason: PlanReason } {
  if (state === 'missing') return { runs: false, reason: { code: 'missing' } }
  if (named && !named.has(version)) return { runs: false, reason: { code: 'not-named' } }
  if (leavesOut(definition, environment))
    return {
      runs: false,
      reason: { code: 'other-environment', only: [...(definition?.environments ?? [])], environment },
    }
  const leftOut = leftOutByTag(definition, filter)
  if (leftOut) return { runs: false, reason: leftOut }
  if (state === 'pending' && fresh !== undefined && becomesBaseline(definition, fresh))
    return { runs: false, reason: { code: 'fresh-baseline' } }
  if (isAfter(version, upTo)) return { runs: false, reason: { code: 'newer' } }
  if (!named && state === 'cancelled') return { runs: false, reason: { code: state } }
  if (!named && record && isOnHold(record)) return { runs: false, reason: { code: 'paused-by-request' } }
  const settled = state === 'done' || state === 'skipped' || state === 'baseline'
  if (!named && !settled && !awaited?.has(version)) {
    const its = laneOf(definition, record)
    if (its !== lane) return { runs: false, reason: { code: its } }
    if (lane === 'background' && !isHandedOver(record)) return { runs: false, reason: { code: 'foreground' } }
  }
  if (state === 'running') return { runs: true, reason: { code: 'running' } }
  if (named) return { runs: true, reason: { code: record?.status === 'done' ? 'named-done' : 'named' } }
  switch (state) {
    case 'pending':
      // Without a fence, nobody ever claimed or marked it: it only waits.
      if (record?.request?.kind === 'resume') return { runs: true, reason: { code: 'resumed' } }
      return { runs: true, reason: { code: record && record.fence > 0 ? 'marked-pending' : 'new' } }
    case 'cancelled':
      return { runs: false, reason: { code: state } }
    case 'paused':
    case 'failed':
    case 'interrupted':
      return { runs: true, reason: { code: state } }
    case 'recurring':
      return record?.deployId != null && record.deployId === deployId
        ? { runs: false, reason: { code: 'ran-in-deploy', deployId } }
        : { runs: true, reason: { code: 'every-deploy' } }
    case 'done':
    case 'skipped':
    case 'baseline':
      return { runs: false, reason: { code: state } }
  }
}

/** Whether a run of the tasks up to a version leaves this one for later. */
export function isAfter(version: string, upTo: string | undefined): boolean {
  return upTo !== undefined && version > upTo
}

/** Whether a task never runs in an environment. */
export function leavesOut(definition: Definition | null, environment: string): boolean {
  return definition?.environments !== undefined && !definition.environments.includes(environment)
}

/** A task that runs at every deploy is never through with a database, not even with a new one. */
function becomesBaseline(definition: Definition | null, fresh: OnFresh): boolean {
  return definition !== null && !isEveryDeploy(definition) && (definition.onFresh ?? fresh) === 'baseline'
}

/** Whether a task in this state has yet to be done here. */
export function isPending(state: TaskState): boolean {
  return PENDING.has(state)
}

const PENDING: ReadonlySet<TaskState> = new Set(['pending', 'running', 'failed', 'interrupted', 'paused'])

function isDone({ status }: Pick<TaskRecord, 'status'>): boolean {
  return status === 'done' || status === 'baseline'
}

function later(a: string, b: string): string {
  return a > b ? a : b
}
