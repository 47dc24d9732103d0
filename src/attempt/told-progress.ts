import { inspected } from '../define/errors.js'

/** How far a task is, as the ledger can hold it. */
export interface ToldProgress {
  processed: number
  total: number | null
}

/**
 * What a task said of its progress, made whole numbers: done is rounded down and all is rounded up, so that nothing is
 * done before it is. `refused`: why all of it, or its total, does not count.
 *
 * @example progressOf(97.5, 100) // { processed: 97, total: 100 }
 */
export function progressOf(
  processed: unknown,
  total: unknown,
): (ToldProgress & { refused?: string }) | { refused: string } {
  const call = `progress(${[processed, total]
    .filter((value, i) => i === 0 || value !== undefined)
    .map(shown)
    .join(', ')})`
  const done = whole(processed, Math.floor)
  if (done === undefined) return { refused: `${call} was ignored. ${WHOLE}` }
  if (total === undefined || total === null) return { processed: done, total: null }
  const all = whole(total, Math.ceil)
  if (all !== undefined) return { processed: done, total: all }
  return { processed: done, total: null, refused: `The total in ${call} was ignored. ${WHOLE}` }
}

// Written out: to have it formatted would take longer than all else in here, in every process.
const WHOLE = 'Use whole numbers from 0 to 9,007,199,254,740,991.'

/** Past 2^53 a number is not exact, and past 2^63 no column holds it. */
function whole(value: unknown, round: (value: number) => number): number | undefined {
  const number = typeof value === 'bigint' ? Number(value) : typeof value === 'number' ? round(value) : Number.NaN
  return Number.isSafeInteger(number) && number >= 0 ? Math.abs(number) : undefined
}

function shown(value: unknown): string {
  const text = inspected(value)
  return text.length > 60 ? `${text.slice(0, 59)}…` : text
}
