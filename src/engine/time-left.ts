import type { Ledger, ListedRecord } from '../ledger/contract.js'
import { rowsOfAttempt } from './dead-attempt.js'

/**
 * Ms until a running task is through, at the pace of this attempt so far; null where nobody can say. `now`: the
 * database's clock, ms.
 */
export async function timeLeft(ledger: Ledger, record: ListedRecord, now: number): Promise<number | null> {
  const { startedAt, processed, total } = record
  if (startedAt === null || total === null) return null
  const rows = await rowsNow(ledger, record)
  if (rows === 0) return null
  const tookMs = Math.max(0, now - startedAt.getTime())
  return Math.round((Math.max(0, total - processed) / rows) * tookMs)
}

async function rowsNow(ledger: Ledger, { version, attempts, processed }: ListedRecord): Promise<number> {
  // In a first attempt, all of them: the checkpoint, which says where the walk began, need not be read.
  if (attempts === 1) return processed
  const record = await ledger.record(version)
  return record ? rowsOfAttempt(ledger, record) : 0
}
