import ms from 'ms'

type Unit = 'ms' | 's' | 'm' | 'h' | 'd'

/**
 * A duration: a number of milliseconds, or a number with a unit.
 *
 * @example '50ms', '10s', '1.5h', 250
 */
export type Duration = number | `${number}${Unit}` | `${number} ${Unit}`

const SHAPE = /^\d+(\.\d+)? ?(ms|s|m|h|d)$/

/** Whether a value is a `Duration` that can be used: finite and not negative. */
export function isDuration(value: unknown): value is Duration {
  if (typeof value === 'number') return Number.isFinite(value) && value >= 0
  return typeof value === 'string' && SHAPE.test(value)
}

const SHORTEST_LEASE_MS = 100

/** Whether a value can be a lease: one that is over before a heartbeat arrives protects nothing. */
export function isLease(value: unknown): value is Duration {
  return isDuration(value) && toMs(value) >= SHORTEST_LEASE_MS
}

/** Node's timers end at 24.8 days, and go off at once past that; some room is left for sums. */
const LONGEST_MS = 20 * 24 * 60 * 60 * 1000

/** A duration in milliseconds, 20 days at most. Expects what `isDuration` accepts; throws a `RangeError` for anything else. */
export function toMs(duration: Duration): number {
  if (!isDuration(duration)) throw new RangeError(`not a duration: ${String(duration)}`)
  return Math.min(typeof duration === 'number' ? duration : Math.round(ms(duration as ms.StringValue)), LONGEST_MS)
}

/** A duration as people read it. */
export function durationText(duration: Duration): string {
  return typeof duration === 'number' ? `${duration}ms` : duration
}
