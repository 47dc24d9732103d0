import { readCheckpoint } from '../backfills/checkpoint.js'
import { allChangedMeanwhile, allSkippedRows } from '../backfills/parts.js'
import type { Reason } from '../define/events.js'
import type { Ledger, TaskRecord } from '../ledger/contract.js'

/**
 * Ends the attempt that a record stands for in the history, where its process died before it did: how it ended, and
 * how many rows it did, the record tells. `next`: whose turn it is now.
 */
export async function endDeadRun(
  ledger: Ledger,
  record: TaskRecord,
  next: { fence: number; startedAt: Date },
): Promise<void> {
  // Marked by hand: nobody ran.
  if (record.startedAt === null) return
  // What its rows were is asked of all attempts of the walk: of a backfill in slices, there are thousands.
  if (!(await ledger.hasDeadRuns(record.version, next.fence))) return
  await ledger.endDeadRuns(record.version, next.fence, {
    status: record.status === 'running' ? 'interrupted' : record.status,
    finishedAt: record.finishedAt ?? next.startedAt,
    processed: await rowsOfAttempt(ledger, record),
    changedMeanwhile: await allChangedMeanwhile(ledger, record),
    skippedRows: await allSkippedRows(ledger, record),
    reason: record.status === 'running' ? { code: 'died' } : reasonOfAttempt(record),
    error: record.error,
  })
}

/** Why the attempt that a record stands for ended so: not why its task waits since. */
export function reasonOfAttempt({ reason }: Pick<TaskRecord, 'reason'>): Reason | null {
  return reason?.code === 'waiting' || reason?.code === 'after' ? null : reason
}

/** Rows of the attempt that a record stands for: those of the whole walk, less those of the attempts before it. */
export async function rowsOfAttempt(
  ledger: Ledger,
  { version, fence, checkpoint, processed }: Pick<TaskRecord, 'version' | 'fence' | 'checkpoint' | 'processed'>,
): Promise<number> {
  const walk = readCheckpoint(checkpoint)?.walk ?? fence
  if (walk === fence || processed === 0) return processed
  const without = ['skippedRows', 'error', 'log', 'params'] as const
  const runs = await ledger.runs({ version, limit: fence - walk + 1, without })
  const earlier = runs.filter((run) => run.fence >= walk && run.fence < fence)
  return Math.max(
    0,
    earlier.reduce((rows, run) => rows - run.processed, processed),
  )
}
