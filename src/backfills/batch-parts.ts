import type { TransactionTimes } from '../attempt/transaction.js'
import type { BackfillDefinition } from '../define/backfill.js'
import type { BatchRows, RowWork } from './batch-rows.js'
import type { CheckpointKeeper } from './checkpoint-keeper.js'
import type { Comparison } from './comparison.js'
import type { Page, Walk } from './rows/pages.js'
import type { WalkedModel } from './rows/walked-model.js'
import type { BackfillOptions } from './walking.js'
import type { RawTables } from './write/raw-table.js'

/** What the batches of one walk are made with. */
export interface BatchParts {
  definition: BackfillDefinition
  options: BackfillOptions
  stop: AbortSignal
  model: WalkedModel
  walk: Walk
  work: RowWork
  rows: BatchRows
  /** Not there where nobody else can change rows between their read and their write. */
  comparison: Comparison | undefined
  keeper: CheckpointKeeper
  tables: RawTables
  times: TransactionTimes
  tried: Tried
}

/** The rows whose change is under way: what fails now may be their fault. */
export class Tried {
  page: Page | undefined

  /** Does what is not the rows' fault where it fails. What fails at the commit after it may be: a deferred constraint. */
  async without<T>(work: () => Promise<T>): Promise<T> {
    const { page } = this
    this.page = undefined
    const done = await work()
    this.page = page
    return done
  }
}
