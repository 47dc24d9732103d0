import type { ClaimedJob } from '../attempt/work.js'

/** A backfill's job, with what its parts have together. */
export interface BackfillOptions extends ClaimedJob {
  /** What was said once already, in all parts together. */
  said?: Set<string>
  /** Rows left out so far, in all parts together. */
  leftOut?: { rows: number }
}
