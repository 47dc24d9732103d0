import type { ClaimWrites } from '../ledger/contract.js'
import { decode, encode, type Key, type Range } from './rows/keys.js'

/** A row that was left out, and why. */
export interface SkippedRow {
  key: string
  error: string
}

/** Where a range of a backfill stands, as the record's `cursor` holds it. */
export interface Checkpoint extends Range {
  skipped: SkippedRow[]
  /** The fence under which this walk began: partitions of an earlier walk are not of this one. */
  walk: number
  /** It began with `follow`: without an end. */
  open?: true
  /** What it walks by. */
  fields: readonly string[]
  /** Of a backfill in partitions: the last key of every part but the last. */
  splits?: Key[]
}

/** What writes a checkpoint. */
export type CheckpointWrites = Pick<ClaimWrites, 'checkpoint'>

export function writeCheckpoint(checkpoint: Checkpoint): string {
  return encode(checkpoint)
}

/** Null: there is none, the walk begins. */
export function readCheckpoint(cursor: string | null): Checkpoint | null {
  return cursor === null ? null : decode<Checkpoint>(cursor)
}
