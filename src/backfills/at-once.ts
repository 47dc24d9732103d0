import type { Client } from '../prisma/client.js'
import { isClientReplaced } from '../prisma/extensions.js'
import type { CheckpointWrites } from './checkpoint.js'
import type { Comparison } from './comparison.js'
import { isInexact } from './rows/in-order.js'
import type { Walked } from './rows/target.js'
import type { Change } from './write/bulk-update.js'
import { passedBy, type RawTable } from './write/raw-table.js'

/** Batches of this table can't be written so. Nothing was written. */
export class Unsupported extends Error {
  constructor() {
    super('a batch could not be written at once with its checkpoint')
  }
}

/** What writes a batch with its checkpoint. */
export interface WritesTogether extends CheckpointWrites {
  /** Once it is written: throws when rows that are there were not found by their keys. */
  demandFound?(): Promise<void>
}

/** How batches that were read before are written at once with their checkpoints. */
export interface AtOnce {
  /** No heartbeat gets through meanwhile. */
  readonly beatsWait: boolean
  /** Whether rows may be read well before they are written: whatever happens to them in between is noticed. */
  readsAhead(table: RawTable, comparison: Comparison | undefined): boolean
  /** What writes these changes with the checkpoint; undefined when that takes more than it can do. */
  writing(
    changes: readonly Change[],
    table: RawTable,
    comparison: Comparison | undefined,
  ): Promise<WritesTogether | undefined>
}

/** Whether batches of a model can be written by statements that nobody looks after. */
export function isForStatements({ model, walk }: Walked, client: Client): boolean {
  // Of keys that may not be found again as JavaScript read them, a statement must be asked what it found.
  if (isInexact(walk)) return false
  // What an extension does at the begin of a transaction, a statement by itself would go without.
  return passedBy(client, model) === undefined && !isClientReplaced(client, '$transaction')
}
