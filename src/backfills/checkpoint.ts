import type { SkippedRow } from '../define/events.js'
import type { ClaimWrites, TaskRecord } from '../ledger/contract.js'
import { decode, encode, type Key, type Range } from './rows/keys.js'

/** Where a range of a backfill stands, as its record holds it. */
export interface Checkpoint extends Range {
  /** The fence under which this walk began: parts of an earlier walk are not of this one. */
  walk: number
  /** It began with `follow`: without an end. */
  open?: true
  /** What it walks by. */
  fields: readonly string[]
  /** Of a backfill in parts: the last key of every part but the last. */
  splits?: Key[]
}

/** What writes a checkpoint. */
export type CheckpointWrites = Pick<ClaimWrites, 'checkpoint'>

export function writeCheckpoint(checkpoint: Checkpoint): string {
  return encode(checkpoint)
}

/** The first release kept the rows that were skipped in here. */
type StoredCheckpoint = Checkpoint & { skipped?: SkippedRow[] }

/** Null: there is none, the walk begins. */
export function readCheckpoint(text: string | null): Checkpoint | null {
  if (text === null) return null
  const { skipped: _, ...checkpoint } = decode<StoredCheckpoint>(text)
  return checkpoint
}

/** The rows that a record says were skipped, wherever its release kept them. */
export function skippedRowsOf({
  checkpoint,
  skippedRows,
}: Pick<TaskRecord, 'checkpoint' | 'skippedRows'>): SkippedRow[] {
  if (skippedRows.length > 0 || checkpoint === null) return skippedRows
  return decode<StoredCheckpoint>(checkpoint).skipped ?? []
}
