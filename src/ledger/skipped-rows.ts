import type { SkippedRow } from '../define/events.js'

/** Skipped rows as a column has them; null where there are none. */
export function skippedRowsText(rows: readonly SkippedRow[]): string | null {
  return rows.length === 0 ? null : JSON.stringify(rows)
}

/** Reads them back. What somebody wrote there by hand is shown as it is. */
export function readSkippedRows(text: string | null): SkippedRow[] {
  if (text === null) return []
  const rows = parsed(text)
  return Array.isArray(rows) && rows.every(isSkippedRow) ? rows : [{ key: '?', error: text }]
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isSkippedRow(row: unknown): row is SkippedRow {
  const { key, error } = (row ?? {}) as Partial<Record<keyof SkippedRow, unknown>>
  return typeof key === 'string' && typeof error === 'string'
}
