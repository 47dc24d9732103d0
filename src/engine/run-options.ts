import type { RunPace } from '../define/backfill.js'
import type { OnFresh } from '../define/config.js'
import type { Lane, RunNews } from '../define/events.js'
import type { TagFilter } from './tags.js'

/** How to run. Durations in ms. */
export interface RunOptions extends TagFilter {
  /** Run these tasks, even if they are done. Default: all pending tasks. */
  names?: readonly string[]
  /** A version: run no task that is newer. */
  upTo?: string | undefined
  /** Whose tasks run. Default: those that a deploy waits for. */
  lane?: Lane | undefined
  /** Versions of background tasks that this run waits for. */
  awaited?: readonly string[] | undefined
  deployId?: string | undefined
  /** The database is new: what becomes of tasks that don't say it themselves. */
  fresh?: OnFresh | undefined
  leaseMs: number
  lockTimeoutMs: number
  graceMs: number
  /** On the monotonic clock: no task and no batch begins after it. */
  stopAt: number
  /** How backfills go in this run, whatever their definitions say. */
  pace?: RunPace
  /** How many parts of a backfill this process takes at once. Default: as many as it was split into. */
  partsAtOnce?: number | undefined
  /** Params for the one task that is named: values by name, or `ParamTexts`. */
  params?: object | undefined
  /** Aborts when the process should end: no new task begins. */
  signal: AbortSignal
  /** Abort it with an error that nothing caught, to mark the running task as failed with that error. */
  crashed?: AbortSignal | undefined
  emit(news: RunNews): void
}
