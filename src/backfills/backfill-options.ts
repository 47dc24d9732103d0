import type { ExecuteOptions } from '../attempt/execute.js'

/** What is needed to run a backfill under its claim. */
export interface BackfillOptions extends ExecuteOptions {
  /** The backfill's name, who runs it, and the lease of a claim: what parts are claimed with. */
  name: string
  owner: string
  leaseMs: number
  deployId: string | undefined
  /** On the monotonic clock: no new batch begins after it. */
  stopAt: number
  onProgress(processed: number, total: number | null): void
  /** What was said once already, in all parts together. */
  said?: Set<string>
  /** Rows left out so far, in all parts together. */
  leftOut?: { rows: number }
}
