import type { Lane, Reason, SkippedRow, TaskRequest, TaskState } from '../define/events.js'

/**
 * How a record stands in the database. `pending` is only ever written by `mark --pending`, `baseline` by a run in a
 * database that is new.
 */
export type RecordStatus = Exclude<TaskState, 'missing'>

/** One row of `AfterPartyTaskRecord`: whether a task has run in this database, and how it stands. */
export interface TaskRecord {
  /** Of a part of a backfill: `20261122103000/03`. */
  version: string
  /** Of a part of a backfill: which one, from 1. */
  part: number | null
  name: string
  status: RecordStatus
  /** Claims so far. */
  attempts: number
  startedAt: Date | null
  finishedAt: Date | null
  /** Why it has this status, where no error says so. */
  reason: Reason | null
  error: string | null
  checksum: string | null
  owner: string | null
  /** The fencing token: grows with every claim and every mark. */
  fence: number
  leaseUntil: Date | null
  checkpoint: string | null
  /** Rows that a backfill skipped so far. */
  skippedRows: SkippedRow[]
  /** The params that its last attempt was passed, as text. */
  params: string | null
  /** Rows. */
  processed: number
  /** Rows that somebody else changed while a batch of a backfill had them, and that were done again. */
  changedMeanwhile: number
  /** Rows, when known. */
  total: number | null
  deployId: string | null
  /** Who waits for it. Null: it was never noted. */
  lane: Lane | null
  /** When a worker last saw it wait, or a run asked for it. */
  seenAt: Date | null
  /** What was asked of it, and stands: the next claim takes it away. */
  request: TaskRequest | null
}

/** A record as lists have it: without the texts that may be long. */
export type ListedRecord = Omit<TaskRecord, 'checkpoint' | 'skippedRows' | 'params' | 'error'> & {
  /** Only where it was asked for. */
  error?: string | null
}

/** A record that no run will claim, as little as a plan needs of it: there may be thousands. */
export type SettledRecord = Pick<TaskRecord, 'version' | 'name'> & { status: 'done' | 'skipped' | 'baseline' }

/** One row of `AfterPartyTaskRun`: one attempt at a task. */
export interface TaskRun {
  id: string
  version: string
  name: string
  fence: number
  status: RecordStatus
  startedAt: Date
  finishedAt: Date | null
  owner: string | null
  deployId: string | null
  /** Rows. */
  processed: number
  /** Rows that were changed meanwhile and done again by then, in all attempts together. */
  changedMeanwhile: number
  /** Rows that the backfill has skipped by then, in all attempts together. */
  skippedRows: SkippedRow[]
  /** Why it ended so, where no error says it. */
  reason: Reason | null
  error: string | null
  /** The tail of what the task logged. */
  log: string | null
  /** The params that it was passed, as text. */
  params: string | null
}

/** How an attempt ended. */
export type RunEnd = Pick<
  TaskRun,
  'status' | 'finishedAt' | 'processed' | 'changedMeanwhile' | 'skippedRows' | 'reason' | 'error'
>

/** What may be long in an attempt: not read where it is not shown. */
export type LongText = 'skippedRows' | 'error' | 'log' | 'params'

/** What a claim writes; every later write of the same claim is conditional on `version`, `fence` and `owner`. */
export interface ClaimRequest {
  version: string
  name: string
  owner: string
  leaseUntil: Date
  startedAt: Date
  checksum: string | null
  deployId: string | null
  /** The params that it was passed, as text. */
  params: string | null
  /** Go on at the checkpoint of the attempt before, or with the results of its steps, rather than from the start. */
  resume: boolean | 'steps'
}

/** A task taken by this process. */
export interface Claim {
  readonly version: string
  readonly name: string
  readonly owner: string
  readonly fence: number
  /**
   * The request that its process knows of. Without it, its beats and checkpoints are refused when there is one, so that
   * it looks why; null: they are not, and nobody knows.
   */
  readonly heeds?: TaskRequest | null
}

/** How far a claim has come, and until when it stands. */
export interface Beat {
  leaseUntil: Date
  processed?: number
  total?: number | null
  /** Why the work does not go on, or null when it does again; not given where that has not changed. */
  reason?: Reason | null
}

/** How far a backfill has come, written with the batch that it belongs to. Keeps the claim alive like a heartbeat. */
export interface CheckpointWrite {
  /** The checkpoint that it goes on from: a batch that was tried again must not be counted twice. */
  from: string | null
  checkpoint: string
  /** All that were skipped so far; not given where that has not changed. */
  skippedRows?: readonly SkippedRow[]
  /** Rows changed meanwhile, of all attempts together; not given where that has not changed. */
  changedMeanwhile?: number
  /** Rows, of all attempts together. */
  processed: number
  /** Rows, when known. */
  total: number | null
  leaseUntil: Date
}

/** A change of one record, on a condition: as `updateMany` takes it. */
export interface RecordChange {
  where: Readonly<Record<string, unknown>>
  data: Readonly<Record<string, unknown>>
}

/** The end of a claim. */
export interface Settlement {
  status: Exclude<RecordStatus, 'running' | 'pending' | 'baseline'>
  finishedAt: Date
  reason: Reason | null
  error: string | null
  processed?: number
}

/** What `mark` writes, and a run in a database that is new (`baseline`). */
export interface Mark {
  version: string
  name: string
  status: 'done' | 'recurring' | 'skipped' | 'baseline' | 'pending'
  at: Date
  owner: string
}

/** Why a task that nobody has does not start yet. */
export interface Postponement {
  version: string
  name: string
  reason: Reason
}

/** What becomes of a task that nobody has, because somebody asked for it. */
export interface Hold {
  version: string
  name: string
  status: 'paused' | 'cancelled' | 'pending'
  request: TaskRequest
  at: Date
}

/** The writes of a claim that may also happen inside the task's own transaction. */
export interface ClaimWrites {
  /** Says that the claim's process lives. False: the claim was lost, and nothing was written. */
  beat(claim: Claim, beat: Beat): Promise<boolean>
  /** Ends the claim. False: the claim was lost, and nothing was written. */
  settle(claim: Claim, settlement: Settlement): Promise<boolean>
  /** Says how far the claim's work has come. False: the claim was lost, or it has come further; nothing was written. */
  checkpoint(claim: Claim, checkpoint: CheckpointWrite): Promise<boolean>
  /** Keeps the results of all steps so far. False: the claim was lost, and nothing was written. */
  steps(claim: Claim, results: string): Promise<boolean>
  /** The results of the steps that are done, as they were kept. They may be long: only read where a step is asked for. */
  stepsOf(version: string): Promise<string | null>
}

/** How tasks stand. */
export interface Records {
  /**
   * The records of all tasks, not of parts of them; with their errors if those are shown. Throws an `AfterPartyError`
   * when the tables, the client or the database are not there.
   */
  records(options?: { errors?: boolean }): Promise<ListedRecord[]>
  /** The same for a run, whose start should not grow with its past: more than a name only where a task may run again. */
  recordsForRun(): Promise<(ListedRecord | SettledRecord)[]>
  /** One record, as it is now. */
  record(version: string): Promise<TaskRecord | null>
  /** Sets a record by hand, if it still stands as `seen`. False: it changed meanwhile. */
  mark(seen: ListedRecord | null, mark: Mark): Promise<boolean>
  /**
   * Says why a task that nobody has does not start yet, if it still stands as `seen` (null: no record, then it gets a
   * pending one). Nothing else of it changes; the next claim takes the reason away. False: it changed meanwhile.
   */
  postpone(seen: ListedRecord | null, postponement: Postponement): Promise<boolean>
}

/**
 * Taking tasks. Every write of a claim is conditional on its fence, and answers false, having written nothing, when
 * another process took the task meanwhile.
 */
export interface Claims extends ClaimWrites {
  /**
   * Takes a task, if it still stands as `seen` (null: no record). Null: somebody else was first.
   * A `running` record is taken only when its lease is over.
   */
  claim(seen: ListedRecord | null, request: ClaimRequest): Promise<Claim | null>
  /** The same writes, inside a transaction of the tasks' client. */
  within(transaction: unknown): ClaimWrites
  /**
   * What `checkpoint` writes to the model `AfterPartyTaskRecord`, for a statement that writes a batch's rows too.
   * Not there where records are kept elsewhere than the tasks' own data.
   */
  checkpointChange?(claim: Claim, checkpoint: CheckpointWrite): RecordChange
}

/** What people ask of tasks from outside, and who looks after those that wait. */
export interface Requests {
  /** Asks whoever has the task, or parts of it, for something; null: for nothing any more. False: nobody has it. */
  ask(version: string, request: TaskRequest | null): Promise<boolean>
  /** Carries a request out on a task that nobody has, if it still stands as `seen`. False: it changed meanwhile. */
  hold(seen: ListedRecord | null, hold: Hold): Promise<boolean>
  /** Takes a task, and its parts, from a holder that does not heed. False: it changed meanwhile. */
  revoke(seen: ListedRecord, hold: Hold): Promise<boolean>
  /**
   * Notes who waits for these tasks, and in the foreground since when; a task without a record gets a pending one.
   * `alongside` writes in the same transaction of the ledger's client; what it throws takes the note back.
   */
  enlist(
    tasks: readonly { version: string; name: string }[],
    lane: Lane,
    alongside?: (transaction: object) => Promise<void>,
  ): Promise<void>
  /** Notes that a worker saw these tasks wait. */
  sawWaiting(versions: readonly string[], at: Date): Promise<void>
}

/** The attempts. */
export interface History {
  /** Adds a run to the history. */
  addRun(run: TaskRun): Promise<void>
  /** Ends a run of the history, unless it has ended. */
  endRun(id: string, end: RunEnd & Pick<TaskRun, 'log'>): Promise<void>
  /** Ends the runs of a version that are still `running` under a lower fence: their processes died. */
  endDeadRuns(version: string, belowFence: number, end: RunEnd): Promise<void>
  /** Whether a run of a version is still `running` under a lower fence. */
  hasDeadRuns(version: string, belowFence: number): Promise<boolean>
  /** The latest runs first; `without` leaves texts unread, which are empty then. */
  runs(query: { version?: string; limit: number; without?: readonly LongText[] }): Promise<TaskRun[]>
}

/** The ledger: what the database knows of tasks. */
export interface Ledger extends Records, Claims, Requests, History {
  /** The database has one writer at a time (SQLite): a heartbeat waits for whoever has an open transaction. */
  readonly singleWriter: boolean
  /**
   * From now on the tasks of this process write through a client of their own. Where there is one writer at a
   * time, the ledger then never waits inside the driver, which would stop the very transaction it waits for.
   */
  giveWay(): Promise<void>
  /** The database's clock, in ms since 1970. Asked once; from then on the local monotonic clock plus the offset. */
  now(): Promise<number>
  /** Lets the connection go. */
  close(): Promise<void>
}

/** Whether a record's task is through here, so that no run claims it unless it is named. */
export function isSettled(status: RecordStatus): status is SettledRecord['status'] {
  return status === 'done' || status === 'skipped' || status === 'baseline'
}

/** Whether somebody asked for it not to run, and has not taken that back. */
export function isOnHold({ status, request }: Pick<TaskRecord, 'status' | 'request'>): boolean {
  return status === 'cancelled' || (!isSettled(status) && (request?.kind === 'pause' || request?.kind === 'cancel'))
}

/** Whether an attempt began and did not get its task done. */
export function isUnfinished({ status }: Pick<TaskRecord, 'status'>): boolean {
  return UNFINISHED.has(status)
}

const UNFINISHED: ReadonlySet<RecordStatus> = new Set(['running', 'failed', 'interrupted', 'paused', 'cancelled'])

/** Whether a `running` record's process still says that it lives. */
export function isHeld(record: Pick<TaskRecord, 'status' | 'leaseUntil'>, now: number): boolean {
  return record.status === 'running' && record.leaseUntil !== null && record.leaseUntil.getTime() > now
}
