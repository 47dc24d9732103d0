import type { Ledger, TaskRecord } from '../ledger/contract.js'
import { type Checkpoint, readCheckpoint, type SkippedRow } from './checkpoint.js'
import type { Range } from './rows/keys.js'

/** One part of a backfill: a record of its own, `20261122103000/03`. */
export interface Partition {
  version: string
  range: Range
  /** The walk that it belongs to. */
  walk: number
}

/** The parts that a backfill of this version was split into. */
export function partitionsOf(version: string, { splits = [], upTo, walk }: Checkpoint): Partition[] {
  const ends = [...splits, upTo]
  return ends.map((end, i) => ({
    version: `${version}/${String(i + 1).padStart(2, '0')}`,
    range: { after: ends[i - 1] ?? null, upTo: end },
    walk,
  }))
}

/** The records of the parts, where they are of this walk: an earlier walk of the same backfill left its own. */
export async function partitionRecords(
  ledger: Ledger,
  partitions: readonly Partition[],
): Promise<(TaskRecord | null)[]> {
  const records = await Promise.all(partitions.map(({ version }) => ledger.record(version)))
  return records.map((record, i) => (isOf(record, partitions[i]) ? record : null))
}

export function isOf(record: TaskRecord | null, partition: Partition | undefined): boolean {
  return readCheckpoint(record?.cursor ?? null)?.walk === partition?.walk
}

/** The rows that were left out, of all these parts. */
export function skippedIn(records: readonly (TaskRecord | null)[]): SkippedRow[] {
  return records.flatMap((record) => readCheckpoint(record?.cursor ?? null)?.skipped ?? [])
}

/** The rows that a backfill left out, by its own record and those of its parts. */
export function skippedOf(record: TaskRecord, records: ReadonlyMap<string, TaskRecord>): SkippedRow[] {
  const checkpoint = readCheckpoint(record.cursor)
  if (!checkpoint?.splits) return checkpoint?.skipped ?? []
  const partitions = partitionsOf(record.version, checkpoint)
  return skippedIn(
    partitions.flatMap((partition) => {
      const part = records.get(partition.version)
      return part && isOf(part, partition) ? [part] : []
    }),
  )
}

/** What is left to walk, of the parts that are not done. */
export async function openRanges(ledger: Ledger, partitions: readonly Partition[]): Promise<Range[]> {
  const records = await partitionRecords(ledger, partitions)
  return partitions.flatMap(({ range }, i) => {
    const record = records[i]
    if (record?.status === 'done') return []
    const { after, upTo } = readCheckpoint(record?.cursor ?? null) ?? range
    return [{ after, upTo }]
  })
}

/** Rows done, of all these parts. */
export function processedIn(records: readonly (TaskRecord | null)[]): number {
  return records.reduce((sum, record) => sum + (record?.processed ?? 0), 0)
}
