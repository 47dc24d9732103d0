import type { SkippedRow } from '../define/events.js'

/** Skipped rows as a column has them; null where there are none. */
export function skippedRowsText(rows: readonly SkippedRow[]): string | null {
  return rows.length === 0 ? null : JSON.stringify(rows)
}

/** Reads them back. What somebody wrote there by hand is shown as it is. */
export function readSkippedRows(text: string | null): SkippedRow[] {
  if (text === null) return []
  try {
    return JSON.parse(text) as SkippedRow[]
  } catch {
    return [{ key: '?', error: text }]
  }
}
