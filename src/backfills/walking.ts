import type { ClaimedJob } from '../attempt/work.js'
import type { BackfillDefinition } from '../define/backfill.js'
import type { Reason, SkippedRow } from '../define/events.js'
import type { TaskRecord } from '../ledger/contract.js'
import type { Walked } from './rows/target.js'

/** A backfill's job, with what its parts have together. */
export interface BackfillOptions extends ClaimedJob {
  /** What was said once already, in all parts together. */
  said?: Set<string>
  /** Rows skipped so far, in all parts together. */
  skippedTogether?: { rows: number }
  /** Hears why a backfill is held back; null: it goes on. Where there are parts, it is said of the backfill. */
  onThrottled?(reason: Reason | null): void
}

/** A walk under way: what it has done can be asked for however it ends. */
export interface Walking {
  walk(): Promise<'done' | 'paused'>
  done(): Promise<Done>
}

/** What was done of a backfill. */
export interface Done {
  /** Rows, in this attempt, by this process. */
  processed: number
  /** Rows, in this attempt, by helpers too; where some may have helped. */
  together?: number
  /** Rows that somebody else changed while a batch had them; in all attempts, by helpers too. */
  changedMeanwhile: number
  /** In all attempts, by helpers too. */
  skippedRows: readonly SkippedRow[]
}

/** What a walk is made of. */
export interface WalkingOptions {
  definition: BackfillDefinition
  options: BackfillOptions
  stop: AbortSignal
  walked: Walked
  /** The backfill's record, as it is under the claim. */
  record: TaskRecord | null
}
