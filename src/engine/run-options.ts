import type { RunNews } from '../define/events.js'

/** How to run. Durations in ms. */
export interface RunOptions {
  /** Run these tasks, even when they are done; default: everything pending. */
  names?: readonly string[]
  deployId?: string | undefined
  leaseMs: number
  lockTimeoutMs: number
  graceMs: number
  /** On the monotonic clock: no task and no batch begins after it. */
  stopAt: number
  /** Aborts when the process should end: no new task begins. */
  signal: AbortSignal
  /** Aborts, with the error, when one was thrown that nobody caught: the task that runs has failed with it, at once. */
  crashed?: AbortSignal | undefined
  emit(news: RunNews): void
}
