import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import type { BackfillDefinition } from '../define/backfill.js'
import { toMs } from '../define/duration.js'
import type { Reason } from '../define/events.js'
import { monotonicNow } from '../ledger/clock.js'

const DEFAULT_BATCH_SIZE = 500
const ADAPTIVE = { start: 100, min: 10, max: 10_000 }
const THROTTLE_LOOK_MS = 1_000
/** Full batches after a slow-down, before more rows are tried again. */
const CALM_BATCHES = 8

/** How many rows a backfill takes at a time, and how long it rests between. */
export class Pace {
  readonly #most: number
  readonly #least: number
  readonly #targetMs: number | undefined
  readonly #definition: BackfillDefinition
  #size: number
  #calm = 0

  constructor(definition: BackfillDefinition) {
    const { batchSize = DEFAULT_BATCH_SIZE } = definition
    this.#definition = definition
    if (typeof batchSize === 'number') {
      this.#most = batchSize
      this.#least = 1
      this.#size = batchSize
    } else {
      this.#most = batchSize.max ?? ADAPTIVE.max
      this.#least = Math.min(batchSize.min ?? ADAPTIVE.min, this.#most)
      this.#targetMs = toMs(batchSize.target)
      this.#size = this.#within(ADAPTIVE.start)
    }
  }

  /** Rows. */
  get size(): number {
    return this.#size
  }

  /** Fits the size to how long a full batch took: towards the target, or back to the fixed size after a halving. */
  worked(rows: number, tookMs: number): void {
    if (rows < this.#size) return
    if (this.#calm > 0) {
      this.#calm -= 1
      return
    }
    const wanted = this.#targetMs === undefined ? this.#size * 2 : (rows * this.#targetMs) / Math.max(tookMs, 1)
    // Never more than double or half at once: one slow batch says little.
    this.#size = this.#within(Math.min(Math.max(wanted, this.#size / 2), this.#size * 2))
  }

  /** Takes half as many rows from now on; false when there is nothing to halve. */
  halve(): boolean {
    if (this.#size <= 1) return false
    this.#size = Math.max(1, Math.floor(this.#size / 2))
    return true
  }

  /**
   * Halves because so many rows were too much for the database: they would be again, were the size back at once.
   */
  slowDown(rows = this.#size): boolean {
    this.#calm = CALM_BATCHES
    this.#size = Math.min(this.#size, Math.max(rows, 1))
    return this.halve()
  }

  /** Rests after a batch, as `pause` says; not past `until`, on the monotonic clock. */
  async rest(stop: AbortSignal, until: number): Promise<void> {
    // SQLite's drivers answer at once: without a turn of the event loop, no signal and no timer would be heard.
    await nextTurn()
    const { pause } = this.#definition
    if (pause !== undefined) await waitUntil(toMs(pause), stop, until)
  }

  /** Waits until `throttle` lets the next batch go; not past `until`, on the monotonic clock. */
  async clear(
    prisma: object,
    given: { stop: AbortSignal; until: number; onThrottled?: ((reason: Reason | null) => void) | undefined },
  ): Promise<void> {
    const { stop, until, onThrottled } = given
    const { throttle } = this.#definition
    while (throttle && !stop.aborted && monotonicNow() < until) {
      const answer = await throttle({ prisma: prisma as never, signal: stop, params: undefined })
      if (answer === false || answer === 0) {
        onThrottled?.(null)
        return
      }
      const { wait, reason } = typeof answer === 'object' ? answer : { wait: answer, reason: undefined }
      onThrottled?.({ code: 'throttled', ...(reason !== undefined && { text: reason }) })
      await waitUntil(wait === true ? THROTTLE_LOOK_MS : toMs(wait), stop, until)
    }
  }

  #within(size: number): number {
    return Math.round(Math.min(Math.max(size, this.#least), this.#most))
  }
}

/**
 * Waits for so many ms, or until a time on the monotonic clock, or until told to stop. Timers go off a little early,
 * too: a batch would slip in before its pause, or the run's time, is over.
 */
export async function waitUntil(ms: number, stop: AbortSignal, until: number): Promise<void> {
  const end = Math.min(monotonicNow() + ms, until)
  for (let left = end - monotonicNow(); left > 0 && !stop.aborted; left = end - monotonicNow())
    await wait(Math.ceil(left), stop)
}

/** Waits, or wakes up at once when told to stop. */
export async function wait(ms: number, stop: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal: stop }).catch(() => {})
}
