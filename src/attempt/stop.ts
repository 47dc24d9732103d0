import { type Duration, toMs } from '../define/duration.js'
import { messageOf } from '../define/errors.js'
import type { StopReason } from '../define/events.js'

/** Why a task is told to stop. `crashed`: an error was thrown that nobody caught; nobody is told, it has failed. */
export type StopCause = StopReason | 'crashed'

/** Thrown through the user's transaction when the task was told to stop, so that the database rolls it back. */
export class Stopped extends Error {}

/** Thrown through the user's transaction when the claim was lost, so that the database rolls it back. */
export class Lost extends Error {}

/** Why a signal aborts when an error was thrown that nobody caught: who is told to stop by it has no grace. */
export class Crashed extends Error {
  /** What there would be else. */
  readonly graceMs: number

  constructor(uncaught: unknown, graceMs: number) {
    super(`uncaught error: ${messageOf(uncaught)}`, { cause: uncaught })
    this.graceMs = graceMs
  }
}

/** The ways in which one task can be told to stop; the first that happens is the reason. */
export class Stop {
  readonly #controller = new AbortController()
  readonly #off: (() => void)[]
  #reason: StopCause | undefined

  constructor(sources: {
    signal: AbortSignal
    lost: AbortSignal
    /** Aborts when somebody asked to pause or cancel it. */
    asked?: AbortSignal
    timeout: Duration | undefined
    onStopping(reason: StopCause): void
  }) {
    const stopFor = (reason: StopCause) => {
      if (this.#reason !== undefined) return
      this.#reason = reason
      this.#controller.abort(
        reason === 'crashed' ? sources.signal.reason : new Error(messageFor(reason, sources.timeout)),
      )
      sources.onStopping(reason)
    }
    this.#off = [
      onAbort(sources.signal, () => stopFor(sources.signal.reason instanceof Crashed ? 'crashed' : 'signal')),
      onAbort(sources.lost, () => stopFor('lost')),
      ...(sources.asked ? [onAbort(sources.asked, () => stopFor('request'))] : []),
      onTimeout(sources.timeout, () => stopFor('timeout')),
    ]
  }

  get reason(): StopCause | undefined {
    return this.#reason
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** Listens no more. */
  end(): void {
    for (const off of this.#off) off()
  }
}

/**
 * The work's end, or, when it was told to stop and has not ended after the grace period, `Stopped`. After a crash only
 * what `graceMs` has beyond the run's grace is left: the time for our own transactions to be rolled back.
 */
export async function orStopped<T>(work: () => Promise<T>, stop: AbortSignal, graceMs: number): Promise<T> {
  if (stop.aborted) throw new Stopped()
  let timer: NodeJS.Timeout | undefined
  let off = () => {}
  const overdue = new Promise<never>((_, reject) => {
    off = onAbort(stop, () => {
      const spent = stop.reason instanceof Crashed ? stop.reason.graceMs : 0
      timer = setTimeout(() => reject(new Stopped()), Math.max(0, graceMs - spent))
    })
  })
  try {
    return await Promise.race([work(), overdue])
  } finally {
    off()
    clearTimeout(timer)
  }
}

function messageFor(reason: StopReason, timeout: Duration | undefined): string {
  switch (reason) {
    case 'signal':
      return 'stopped by a signal'
    case 'timeout':
      return `took longer than its timeout of ${timeout}`
    case 'lost':
      return 'lost the claim: another process may have taken over the task'
    case 'request':
      return 'somebody asked to pause or cancel it'
  }
}

function onAbort(signal: AbortSignal, listener: () => void): () => void {
  if (signal.aborted) listener()
  else signal.addEventListener('abort', listener, { once: true })
  return () => signal.removeEventListener('abort', listener)
}

function onTimeout(timeout: Duration | undefined, listener: () => void): () => void {
  if (timeout === undefined) return () => {}
  const timer = setTimeout(listener, toMs(timeout))
  return () => clearTimeout(timer)
}
