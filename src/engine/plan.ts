import { type Definition, isEveryDeploy } from '../definition.js'
import type { SettledRecord, TaskRecord } from '../ledger/contract.js'
import type { TaskFile } from '../project/task-files.js'

/** How a task stands, as `status` shows it. */
export type TaskState = 'pending' | 'running' | 'done' | 'recurring' | 'failed' | 'interrupted' | 'skipped' | 'missing'

/** What is worth knowing beside the state. */
export type TaskFlag = 'late' | 'changed'

/** A task, how it stands, and whether a run would run it. */
export interface PlannedTask {
  version: string
  name: string
  state: TaskState
  flags: TaskFlag[]
  /** Whether a run with these options runs it. */
  runs: boolean
  /** Why it runs, or why it does not: one phrase for people. */
  reason: string
  file: TaskFile | null
  /** Null where there is none, and in a run's plan also for what is done: that takes only the records it needs. */
  record: TaskRecord | null
  definition: Definition | null
}

/** What a plan is made of. */
export interface PlanInput {
  files: readonly TaskFile[]
  records: readonly (TaskRecord | SettledRecord)[]
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
}

/**
 * Puts what is on disk beside what is in the ledger: every task in order of version, with its state and with
 * the reason why a run would run it or not. Pure: `status`, `run` and `run --dry-run` all come from it.
 */
export function planTasks(input: PlanInput): PlannedTask[] {
  const files = new Map(input.files.map((file) => [file.version, file]))
  const records = new Map(input.records.filter(isTask).map((record) => [record.version, record]))
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
  return record === undefined || !(record.status === 'done' || record.status === 'skipped')
}

/** Whether a `running` record's process still says that it lives. */
export function isHeld(record: Pick<TaskRecord, 'status' | 'leaseUntil'>, now: number): boolean {
  return record.status === 'running' && record.leaseUntil !== null && record.leaseUntil.getTime() > now
}

function planTask(
  version: string,
  file: TaskFile | null,
  known: TaskRecord | SettledRecord | null,
  newestDone: string,
  input: PlanInput,
): PlannedTask {
  const definition = input.definitions.get(version) ?? null
  const record = known && 'fence' in known ? known : null
  const state = stateOf(file, known, definition, input)
  const checksum = input.checksums?.get(version) ?? null
  const changed = checksum !== null && record?.checksum != null && checksum !== record.checksum
  const late = state === 'pending' && version < newestDone
  const flags: TaskFlag[] = [...(late ? ['late' as const] : []), ...(changed ? ['changed' as const] : [])]
  const decision = decide(state, record, definition, version, input)
  return { version, name: file?.name ?? known?.name ?? '', state, flags, ...decision, file, record, definition }
}

function stateOf(
  file: TaskFile | null,
  record: TaskRecord | SettledRecord | null,
  definition: Definition | null,
  { now, environment }: PlanInput,
): TaskState {
  if (!file) return 'missing'
  if (record?.status === 'running') return isHeld(record, now) ? 'running' : 'interrupted'
  if (record?.status === 'done' || record?.status === 'skipped') return record.status
  if (record?.status === 'recurring') return definition && !isEveryDeploy(definition) ? 'done' : 'recurring'
  if (leavesOut(definition, environment)) return 'skipped'
  if (!record || record.status === 'pending') return 'pending'
  return record.status
}

function decide(
  state: TaskState,
  record: TaskRecord | null,
  definition: Definition | null,
  version: string,
  { named, deployId, environment }: PlanInput,
): { runs: boolean; reason: string } {
  if (state === 'missing') return { runs: false, reason: 'its file is gone' }
  if (named && !named.has(version)) return { runs: false, reason: 'not named' }
  if (leavesOut(definition, environment))
    return { runs: false, reason: `only in ${definition?.environments?.join(', ')}; this is ${environment}` }
  if (state === 'running') return { runs: true, reason: 'running in another process: waits for it' }
  if (named)
    return { runs: true, reason: record?.status === 'done' ? 'named by hand, though it is done' : 'named by hand' }
  switch (state) {
    case 'pending':
      return { runs: true, reason: record ? 'marked pending' : 'new' }
    case 'failed':
      return { runs: true, reason: 'failed the last time' }
    case 'interrupted':
      return { runs: true, reason: 'was interrupted' }
    case 'recurring':
      return record?.deployId != null && record.deployId === deployId
        ? { runs: false, reason: `already ran in deploy ${deployId}` }
        : { runs: true, reason: 'every deploy' }
    case 'done':
      return { runs: false, reason: 'done' }
    case 'skipped':
      return { runs: false, reason: 'marked skipped' }
  }
}

function leavesOut(definition: Definition | null, environment: string): boolean {
  return definition?.environments !== undefined && !definition.environments.includes(environment)
}

/** Partitions of a backfill are records too, `20261122103000/03`; they are not tasks. */
function isTask({ version }: Pick<TaskRecord, 'version'>): boolean {
  return !version.includes('/')
}

function isDone({ status }: Pick<TaskRecord, 'status'>): boolean {
  return status === 'done'
}

function later(a: string, b: string): string {
  return a > b ? a : b
}
