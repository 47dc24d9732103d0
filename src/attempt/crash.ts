import type { Execution } from './execution.js'
import { Crashed } from './stop.js'

interface Stops {
  /** Aborts when the task should end. */
  signal: AbortSignal
  /** Aborts, with the error, when one was thrown that nobody caught. */
  crashed?: AbortSignal | undefined
  graceMs: number
}

/**
 * Runs a task's work under a signal that also aborts when an error was thrown that nobody caught: the error may be
 * the task's own, so the task has failed with it. What is committed with its record stays done.
 */
export async function orCrashed(
  { signal, crashed, graceMs }: Stops,
  work: (signal: AbortSignal) => Promise<Execution>,
): Promise<Execution> {
  if (!crashed) return work(signal)
  const crash = new AbortController()
  const onCrash = () => crash.abort(new Crashed(crashed.reason, graceMs))
  // Once a task was told to stop, it can't be told to stop sooner, and nobody waits for it.
  const off = () => crashed.removeEventListener('abort', onCrash)
  crashed.addEventListener('abort', onCrash)
  signal.addEventListener('abort', off)
  try {
    const execution = await work(AbortSignal.any([signal, crash.signal]))
    const settled = execution.kind === 'stopped' || (execution.kind === 'done' && execution.committed)
    if (!crash.signal.aborted || settled) return execution
    return { kind: 'stopped', reason: 'crashed', error: crashed.reason, processed: execution.processed }
  } finally {
    off()
    signal.removeEventListener('abort', off)
  }
}
