import type { Ledger, TaskRecord, TaskRun } from '../ledger/contract.js'
import { readCheckpoint } from './backfill/checkpoint.js'

/**
 * Ms until a running task is through, at the pace of this attempt so far; null where nobody can say. `now`: the
 * database's clock, ms.
 */
export async function timeLeft(ledger: Ledger, record: TaskRecord, now: number): Promise<number | null> {
  const { startedAt, processed, total } = record
  if (startedAt === null || total === null || processed === 0) return null
  const before = await rowsBefore(ledger, record)
  if (before === null || processed <= before) return null
  const tookMs = Math.max(0, now - startedAt.getTime())
  return Math.round((Math.max(0, total - processed) / (processed - before)) * tookMs)
}

/** Of the rows of a walk, those of the attempts before this one; null where the history does not have them all. */
async function rowsBefore(ledger: Ledger, { version, fence, cursor }: TaskRecord): Promise<number | null> {
  const checkpoint = readCheckpoint(cursor)
  if (checkpoint === null || checkpoint.walk === fence) return 0
  // The history of a backfill in parts does not have what helpers did.
  if (checkpoint.splits) return null
  const runs = await ledger.runs({ version, limit: fence - checkpoint.walk + 1 })
  const earlier = runs.filter((run) => run.fence >= checkpoint.walk && run.fence < fence)
  return earlier.some(diedAtWork) ? null : earlier.reduce((rows, run) => rows + run.processed, 0)
}

/** Whoever found it dead wrote how it ended, and could not know how far it had come. */
function diedAtWork({ status, error }: TaskRun): boolean {
  return status === 'running' || (status === 'interrupted' && error === null)
}
