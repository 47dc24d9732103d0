import type { SkippedRow } from '../define/events.js'
import type { Ledger, TaskRecord } from '../ledger/contract.js'
import { type Checkpoint, readCheckpoint, skippedRowsOf } from './checkpoint.js'
import type { Range } from './rows/keys.js'

/** One part of a backfill: a record of its own, `20261122103000/03`. */
export interface Part {
  version: string
  range: Range
  /** The walk that it belongs to. */
  walk: number
}

/** The parts that a backfill of this version was split into. */
export function partsOf(version: string, { splits = [], upTo, walk }: Checkpoint): Part[] {
  const ends = [...splits, upTo]
  return ends.map((end, i) => ({
    version: `${version}/${String(i + 1).padStart(2, '0')}`,
    range: { after: ends[i - 1] ?? null, upTo: end },
    walk,
  }))
}

/** The records of the parts, where they are of this walk: an earlier walk of the same backfill left its own. */
export async function recordsOfParts(ledger: Ledger, parts: readonly Part[]): Promise<(TaskRecord | null)[]> {
  const records = await Promise.all(parts.map(({ version }) => ledger.record(version)))
  return records.map((record, i) => (isOf(record, parts[i]) ? record : null))
}

export function isOf(record: TaskRecord | null, part: Part | undefined): boolean {
  return readCheckpoint(record?.checkpoint ?? null)?.walk === part?.walk
}

/** The rows that were skipped, of all these parts. */
export function skippedIn(records: readonly (TaskRecord | null)[]): SkippedRow[] {
  return records.flatMap((record) => (record ? skippedRowsOf(record) : []))
}

/** The rows that a backfill skipped, by its own record and those of its parts. */
export async function allSkippedRows(ledger: Ledger, record: TaskRecord): Promise<SkippedRow[]> {
  const checkpoint = readCheckpoint(record.checkpoint)
  if (!checkpoint?.splits) return skippedRowsOf(record)
  return skippedIn(await recordsOfParts(ledger, partsOf(record.version, checkpoint)))
}

/** The rows that were changed meanwhile, of all these parts. */
export function changedMeanwhileIn(records: readonly (TaskRecord | null)[]): number {
  return records.reduce((sum, record) => sum + (record?.changedMeanwhile ?? 0), 0)
}

/** The rows of a backfill that were changed meanwhile, by its own record or those of its parts. */
export async function allChangedMeanwhile(ledger: Ledger, record: TaskRecord): Promise<number> {
  const checkpoint = readCheckpoint(record.checkpoint)
  if (!checkpoint?.splits) return record.changedMeanwhile
  return changedMeanwhileIn(await recordsOfParts(ledger, partsOf(record.version, checkpoint)))
}

/** What is left to walk, of the parts that are not done. */
export async function openRanges(ledger: Ledger, parts: readonly Part[]): Promise<Range[]> {
  const records = await recordsOfParts(ledger, parts)
  return parts.flatMap(({ range }, i) => {
    const record = records[i]
    if (record?.status === 'done') return []
    const { after, upTo } = readCheckpoint(record?.checkpoint ?? null) ?? range
    return [{ after, upTo }]
  })
}

/** Rows done, of all these parts. */
export function processedIn(records: readonly (TaskRecord | null)[]): number {
  return records.reduce((sum, record) => sum + (record?.processed ?? 0), 0)
}
