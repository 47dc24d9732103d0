import type { Log } from '../define/task.js'
import type { SkippedRow } from './checkpoint.js'

const NOW = 'left out'
const BEFORE = 'left out before'
const LINE = new RegExp(`^(?:${NOW}|${BEFORE}): (.*)$`, 's')

/** Says which rows are left out: by this attempt, or by one before it. */
export function sayLeftOut(log: Log, rows: readonly SkippedRow[], { before = false } = {}): void {
  for (const { key, error } of rows) log.warn(`${before ? BEFORE : NOW}: ${key}: ${error}`)
}

/** The row and its error in a line that says that it was left out, in this attempt or before; else undefined. */
export function leftOutRow(line: string): string | undefined {
  return LINE.exec(line)?.[1]
}

/**
 * Lists in the log of an attempt every row that is left out when it ends, however it ends: also those that another
 * process left out, those of a commit that got no answer, and those of attempts before. What is listed already is not
 * listed twice: the log sees to that.
 */
export async function listingLeftOut<Result>(
  log: Log,
  rows: () => Promise<SkippedRow[]>,
  work: () => Promise<Result>,
): Promise<Result> {
  sayLeftOut(log, await rows(), { before: true })
  try {
    return await work()
  } finally {
    // What ended the work is worth more than that this could not be asked.
    sayLeftOut(log, await rows().catch(() => []))
  }
}

/** The same list, as the history has it, where a process died before it wrote its own. */
export function leftOutLog(rows: readonly SkippedRow[]): string | null {
  return rows.map(({ key, error }) => `warn: ${NOW}: ${key}: ${error}\n`).join('') || null
}
