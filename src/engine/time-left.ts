import type { Ledger, ListedRecord } from '../ledger/contract.js'
import { rowsOfAttempt } from './dead-attempt.js'

/**
 * Ms until a running task is through, at the pace of this attempt so far; null where nobody can say. `now`: the
 * database's clock, ms.
 */
export async function timeLeft(ledger: Ledger, record: ListedRecord, now: number): Promise<number | null> {
  const { startedAt, processed, total } = record
  if (startedAt === null || total === null) return null
  const whole = await ledger.record(record.version)
  const rows = whole ? await rowsOfAttempt(ledger, whole) : 0
  if (rows === 0) return null
  const tookMs = Math.max(0, now - startedAt.getTime())
  return Math.round((Math.max(0, total - processed) / rows) * tookMs)
}
