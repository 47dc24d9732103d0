import { allChangedMeanwhile, allSkippedRows } from '../backfills/parts.js'
import { isEveryDeploy } from '../define/definition.js'
import type { Lane, Reason, TaskFlag, TaskRequest, TaskState } from '../define/events.js'
import type { ListedRecord, TaskRun } from '../ledger/contract.js'
import type { Fault } from '../project/task-files.js'
import { reasonOfAttempt, rowsOfAttempt } from './dead-attempt.js'
import type { Engine } from './engine.js'
import { orderFaults } from './order.js'
import { planParams } from './params.js'
import { type PartStatus, partsOfEach } from './part-status.js'
import { isPending, mayRun, type PlanEntry, planTasks } from './plan.js'
import { loadDefinitions, resolveNames, walkFaultsOf } from './prepare.js'
import { shownParams } from './stored-params.js'
import { demandKnownTags, isFiltered, leftOutByTag, type TagFilter } from './tags.js'
import { failuresInARow, pauseAfter } from './try-again.js'
import { type WorkerStatus, workerStatus } from './worker-status.js'

/** A task and its recorded state. */
export interface TaskStatus {
  version: string
  name: string
  description: string | null
  tags: string[]
  state: TaskState
  flags: TaskFlag[]
  everyDeploy: boolean
  attempts: number
  startedAt: Date | null
  finishedAt: Date | null
  durationMs: number | null
  processed: number | null
  total: number | null
  /** Estimated milliseconds until it finishes, at the pace of this attempt. Null if it is not running, or unknown. */
  leftMs: number | null
  /** Why it has this state, if there is no error. */
  reason: Reason | null
  error: string | null
  /** What was asked of it, and stands. */
  request: TaskRequest | null
  /** When a worker last saw it wait, if it is a background task. */
  seenAt: Date | null
  /** Of a background task that failed: when workers try it again. Null: they leave it to people, or it did not fail. */
  retryAt: Date | null
  /** Of a backfill in parts that is not done: how far each of its parts is. */
  parts: PartStatus[] | null
  /** The process that holds it, or held it last. */
  owner: string | null
  file: string | null
  /** The environments in which it runs, if this one is not among them. */
  onlyIn: string[] | null
}

/** How many tasks are in each state. */
export type StatusSummary = Record<TaskState, number>

/** All tasks and their states. */
export interface Status {
  tasks: TaskStatus[]
  summary: StatusSummary
  /** Whether anything but recurring tasks has yet to run: in a deploy, or in the background. */
  pending: boolean
  /** Background tasks that wait for a worker, or null if none does. */
  worker: WorkerStatus | null
  /** Problems with task files. `run` throws until they are fixed. */
  faults: Fault[]
}

/** What `status` shows. */
export interface StatusOptions extends TagFilter {
  /** Leaves the files of done tasks unread, unless their tags are asked for: they have no description then. */
  onlyOpen?: boolean
  /** Only the tasks that deploys wait for, or only those that workers run. */
  lane?: Lane | undefined
}

/**
 * Every task and how it stands. Files that can't be loaded are listed as faults, and do not hide the others.
 * With tags, it is about the tasks that they choose, and about files that can't be loaded, which may have them.
 */
export async function status(engine: Engine, options: StatusOptions = {}): Promise<Status> {
  const [{ files, faults }, records] = await Promise.all([
    engine.source.list(),
    engine.ledger.records({ errors: true }),
  ])
  const byVersion = new Map(records.map((record) => [record.version, record]))
  const open = files.filter(({ version }) => mayRun(byVersion.get(version)))
  const read = options.onlyOpen && !isFiltered(options) ? open : files
  const { definitions, faults: loadFaults } = await loadDefinitions(engine.source, read)
  await demandKnownTags(options, { source: engine.source, files, definitions })
  const opened = new Set(open.map(({ file }) => file))
  const checksums = new Map<string, string | null>()
  for (const file of read) checksums.set(file.version, await engine.source.checksum(file))
  const now = records.some(({ status, lane }) => status === 'running' || lane === 'background')
    ? await engine.ledger.now()
    : 0
  const all = planTasks({ files, records, definitions, checksums, now, environment: engine.environment })
  const tasks = all.filter((task) => isChosen(task, options) && isInLane(task, options.lane))
  const parts = await partsOfEach(engine, tasks, now)
  const retries = await retriesOf(engine, tasks)
  const left = await timesLeft(engine, tasks, now)
  return {
    tasks: tasks.map((task) =>
      taskStatus(task, now, {
        leftMs: left.get(task.version) ?? null,
        parts: parts.get(task.version) ?? null,
        retryAt: retries.get(task.version) ?? null,
      }),
    ),
    summary: summarise(tasks),
    pending: tasks.some(({ state }) => isPending(state)),
    worker: workerStatus(
      tasks.filter(({ version, state }) => state !== 'failed' || retries.has(version)),
      now,
    ),
    // An old task whose imports are long gone has done its work; only files that may still run matter.
    faults: [
      ...faults,
      ...loadFaults.filter(({ file }) => opened.has(file)),
      ...orderFaults(files, new Map([...definitions].filter(([version]) => mayRun(byVersion.get(version))))),
      ...(await walkFaultsOf(engine, tasks)),
      ...(await planParams(engine, tasks)).faults,
    ],
  }
}

/** A file that is gone or can't be loaded has no tags that anybody knows. */
function isChosen({ definition }: PlanEntry, filter: TagFilter): boolean {
  return definition ? !leftOutByTag(definition, filter) : (filter.tags ?? []).length === 0
}

/** By version: when workers try what failed again; what they leave to people is not there. */
async function retriesOf({ ledger }: Engine, tasks: readonly PlanEntry[]): Promise<Map<string, Date>> {
  const retries = new Map<string, Date>()
  for (const { version, state, flags, record } of tasks) {
    if (state !== 'failed' || !flags.includes('background')) continue
    const pause = pauseAfter(await failuresInARow(ledger, version))
    if (pause !== undefined) retries.set(version, new Date((record?.finishedAt?.getTime() ?? 0) + pause))
  }
  return retries
}

function isInLane({ flags }: PlanEntry, lane: Lane | undefined): boolean {
  return lane === undefined || flags.includes('background') === (lane === 'background')
}

/** By version: of the tasks that run now. */
async function timesLeft(
  { ledger }: Engine,
  tasks: readonly PlanEntry[],
  now: number,
): Promise<Map<string, number | null>> {
  const left = new Map<string, number | null>()
  for (const { version, state, record } of tasks) {
    if (state !== 'running' || !record) continue
    const { timeLeft } = await import('./time-left.js')
    left.set(version, await timeLeft(ledger, record, now))
  }
  return left
}

function taskStatus(
  { version, name, state, flags, file, record, definition }: PlanEntry,
  now: number,
  { leftMs, parts, retryAt }: Pick<TaskStatus, 'leftMs' | 'parts' | 'retryAt'>,
): TaskStatus {
  const started = record?.startedAt?.getTime()
  const finished = record?.finishedAt?.getTime() ?? (state === 'running' ? now : undefined)
  return {
    version,
    name,
    description: definition?.description ?? null,
    tags: [...(definition?.tags ?? [])],
    state,
    flags,
    everyDeploy: definition ? isEveryDeploy(definition) : record?.status === 'recurring',
    attempts: record?.attempts ?? 0,
    startedAt: record?.startedAt ?? null,
    finishedAt: record?.finishedAt ?? null,
    durationMs: started !== undefined && finished !== undefined ? Math.max(0, Math.round(finished - started)) : null,
    processed: record ? record.processed : null,
    total: record?.total ?? null,
    leftMs,
    reason: hasDied(state, record) && !flags.includes('waiting') ? { code: 'died' } : (record?.reason ?? null),
    error: record?.error ?? null,
    request: record?.request ?? null,
    seenAt: record?.seenAt ?? null,
    retryAt,
    parts,
    owner: record?.owner ?? null,
    file: file?.file ?? null,
    onlyIn: state === 'skipped' && !record && definition?.environments ? [...definition.environments] : null,
  }
}

function hasDied(state: TaskState, record: ListedRecord | null): boolean {
  return state === 'interrupted' && record?.status === 'running'
}

function summarise(tasks: readonly PlanEntry[]): StatusSummary {
  const summary: StatusSummary = {
    pending: 0,
    running: 0,
    done: 0,
    recurring: 0,
    failed: 0,
    interrupted: 0,
    paused: 0,
    cancelled: 0,
    skipped: 0,
    baseline: 0,
    missing: 0,
  }
  for (const { state } of tasks) summary[state] += 1
  return summary
}

/** One attempt at a task, as recorded in the history. */
export interface TaskAttempt extends Omit<TaskRun, 'id' | 'params'> {
  /** The params that it was passed, without the values of secrets. Null if it was passed none. */
  params: Record<string, unknown> | null
}

/** What `history` gives. */
export interface HistoryOptions {
  /** Only the attempts of this task: its name or version. */
  name?: string
  /** Attempts, at most. Default: 20. */
  limit?: number
  /** With what the tasks logged. Default: true. */
  logs?: boolean
}

/** Attempts, the latest first. */
export async function history(
  engine: Engine,
  { name, limit = 20, logs = true }: HistoryOptions,
): Promise<TaskAttempt[]> {
  const [{ files }, records] = await Promise.all([engine.source.list(), engine.ledger.records()])
  const named = name === undefined ? [] : [...resolveNames([name], files, records, { recordsToo: true })]
  const runs = await engine.ledger.runs({
    limit,
    without: logs ? [] : ['log'],
    ...(named[0] !== undefined && { version: named[0] }),
  })
  // A process that died between its record and its history left the run open: the record knows better.
  return Promise.all(
    runs.map(async ({ id: _, params, ...attempt }): Promise<TaskAttempt> => {
      const run = { ...attempt, params: shownParams(params) }
      if (run.status !== 'running') return run
      const record = await engine.ledger.record(run.version)
      if (!record || (record.fence === run.fence && record.status === 'running')) return run
      if (record.fence !== run.fence)
        return { ...run, status: 'interrupted' as const, reason: { code: 'died' as const } }
      const { status, finishedAt, error } = record
      const reason = reasonOfAttempt(record)
      const processed = await rowsOfAttempt(engine.ledger, record)
      const changedMeanwhile = await allChangedMeanwhile(engine.ledger, record)
      const skippedRows = await allSkippedRows(engine.ledger, record)
      return { ...run, status, finishedAt, reason, error, processed, changedMeanwhile, skippedRows }
    }),
  )
}
