import type { RunPace } from '../define/backfill.js'
import type { SkippedRow, TaskRef } from '../define/events.js'
import type { TaskContext } from '../define/task.js'
import type { ClaimRequest, Ledger, TaskRecord } from '../ledger/contract.js'
import type { Client } from '../prisma/client.js'
import type { HeldClaim } from './claim.js'
import type { Execution } from './execution.js'
import type { StopCause } from './stop.js'

/**
 * What a task file holds: a plain task or a backfill. Whoever plans, claims, runs, settles and rehearses knows no more
 * of it than this.
 */
export interface Work {
  /** It is done for this deploy, and runs again at the next. */
  readonly everyDeploy: boolean
  /** Its own transaction settles its record: it may be done although the answer to the commit got lost. */
  readonly settlesItself: boolean
  /** How long it may take, as its definition says it: `2m`. */
  readonly timeout: string | undefined
  /** Whether an attempt goes on at the checkpoint of the record, as it is when it is claimed, or with its steps. */
  resumes(record: TaskRecord | null, deployId: string | undefined): ClaimRequest['resume']
  /** Runs it under a claim. What it throws is a result. */
  execute(job: ClaimedJob): Promise<Execution>
  /** Takes some of it off another process that holds it. */
  help?(job: Job, holder: TaskRecord): Promise<{ processed: number; failed: boolean }>
  /** What the client knows to be wrong with it, without a connection. */
  fault?(client: Client): string | undefined
  /** Runs it, or as much of it as shows what it does, and rolls it back. Not there when it can't be rolled back. */
  rehearse?(job: RehearsalJob): Promise<Rehearsed>
}

/** What of a task's context is known before its work begins. */
export type GivenContext = Omit<TaskContext<never, unknown>, 'prisma' | 'signal' | 'step'>

/** What an attempt at a task is made with. Nobody writes into it. Durations in ms. */
export interface Job {
  readonly task: TaskRef
  readonly ledger: Ledger
  /** The client that the task gets. */
  readonly client: Client
  /** The ledger has the same client: heartbeats would join its transaction. */
  readonly sharedClient: boolean
  /** Who runs it, and what claims of its parts are made with. */
  readonly owner: string
  readonly leaseMs: number
  readonly deployId: string | undefined
  /** How many parts of a backfill this process takes at once. Not given: as many as it was split into. */
  readonly partsAtOnce?: number | undefined
  /** How a backfill goes in this run, whatever its definition says. */
  readonly pace: RunPace
  /** Aborts when the process should end. */
  readonly signal: AbortSignal
  /** How long it may go on after that. */
  readonly graceMs: number
  /** On the monotonic clock: nothing new begins after it. */
  readonly stopAt: number
  readonly context: GivenContext
  onProgress(processed: number, total: number | null, batch?: number): void
  onSkipped(row: SkippedRow): void
  /** A backfill was split into these parts, which any process may take. */
  onSplit?(parts: readonly number[]): void
  /** A step is done already, and is not done again. */
  onStepSkipped(step: string): void
  onRetry(error: string, attempt: number, attempts: number): void
  onStopping(cause: StopCause): void
}

/** A job whose task this process has claimed. */
export interface ClaimedJob extends Job {
  readonly claim: HeldClaim
}

/** What a rehearsal is made with: nothing is claimed, and nothing stays. */
export interface RehearsalJob extends Pick<Job, 'ledger' | 'client' | 'signal' | 'graceMs'> {
  /** How far it is in the ledger: it is rehearsed from there. */
  readonly record: TaskRecord | null
  readonly context: GivenContext
}

/** A row before and after its change, with the fields that change. */
export interface RehearsedRow {
  key: string
  before: Record<string, unknown>
  after: Record<string, unknown>
}

/** What a rehearsal showed. Times in ms. */
export interface Rehearsed {
  /** For a backfill: rows in the rehearsed batches, and in total, if they could be counted. */
  rows?: number
  total?: number
  /** For a backfill: the median duration of a batch, and the estimated duration of all rows, if there is a total. */
  batchMs?: number
  estimateMs?: number
  sample?: RehearsedRow[]
}
