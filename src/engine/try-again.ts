import type { History } from '../ledger/contract.js'

/** Ms: the pause after the first failure in a row, after the second, and so on. After the last, a task is left alone. */
const PAUSES = [60_000, 5 * 60_000, 15 * 60_000, 60 * 60_000]

/** How often in a row a background task may fail before workers leave it alone. */
export const MOST_FAILURES = PAUSES.length + 1

/** Ms from the latest of so many failures in a row to the next try; undefined: there is none. Pure. */
export function pauseAfter(failures: number): number | undefined {
  return failures === 0 ? 0 : PAUSES[failures - 1]
}

/** How many of a task's latest attempts have failed in a row. */
export async function failuresInARow(history: Pick<History, 'runs'>, version: string): Promise<number> {
  const without = ['skippedRows', 'error', 'log', 'params'] as const
  const runs = await history.runs({ version, limit: MOST_FAILURES, without })
  const other = runs.findIndex(({ status }) => status !== 'failed')
  return other === -1 ? runs.length : other
}

/** Whether a background task that has failed is left to people. */
export async function isLeftAlone(history: Pick<History, 'runs'>, version: string): Promise<boolean> {
  return pauseAfter(await failuresInARow(history, version)) === undefined
}
