import { inOnePiece, inTransaction } from '../attempt/transaction.js'
import { type Client, delegateOf, primaryOf } from '../prisma/client.js'
import type { BatchParts } from './batch-parts.js'
import type { Prepared, Try } from './batch-rows.js'
import { isAsSeen } from './comparison.js'
import { type LockableTable, lockRows, strangeColumns } from './locked-rows.js'
import { ChangedMeanwhile } from './rows/batch-fault.js'
import { nameOf } from './rows/keys.js'
import { CursorError, type Page } from './rows/pages.js'
import type { Change } from './write/bulk-update.js'
import { changesOf, runOn, type Whole, writeChanges } from './write-batch.js'

/** Batches whose rows are locked before they are read: nobody else can change them until they are committed. */
export class LockedBatches {
  readonly #parts: BatchParts

  constructor(parts: BatchParts) {
    this.#parts = parts
  }

  /** Whether the rows of a batch can be locked. */
  async may(): Promise<boolean> {
    const { definition, model, options, tables, times } = this.#parts
    const table = await tables.located(options.client, model, times)
    return typeof table !== 'string' && definition.transaction !== false
  }

  /** Reads, changes and commits one batch with its checkpoint. */
  async run(batch: Try): Promise<Page> {
    const { definition, keeper, model, options, rows, stop, times, tried, walk, work } = this.#parts
    tried.page = undefined
    const at = keeper.at
    const page = await rows.page(delegateOf(primaryOf(options.client), model), { at, batch })
    if (page.rows.length === 0) return page
    const keys = page.rows.map((row) => rows.keyOf(row))
    if (definition.update) {
      const changes = keys.map((key): Change => ({ key, data: {} }))
      return this.write({ page, changes, skipped: [] }, batch)
    }
    const table = await this.#table()
    const committed = await inTransaction(options, times, { stop, quiet: batch.again }, async (transaction, writes) => {
      await lockRows(transaction, table, { fields: walk.fields, keys })
      const locked = await rows.byKeys(transaction, keys, { at, batch })
      const whole: Whole = (work) => inOnePiece(options.client, transaction, work)
      tried.page = page
      if (locked.length > 0) await runOn(locked, transaction, { ...work, whole })
      return tried.without(() => keeper.write(writes, at, page, { skipped: [] }))
    })
    keeper.committed(committed)
    return page
  }

  /** What was changed meanwhile is done again from what it is now, and so is the rest of the batch. */
  async write({ page, changes, skipped }: Omit<Prepared, 'waited'>, batch: Try): Promise<Page> {
    const { comparison, keeper, model, options, rows, stop, tables, times, tried, walk } = this.#parts
    tried.page = page
    const at = keeper.at
    const { fields } = walk
    const table = await this.#table()
    const writable = await tables.of(options.client, model, times)
    const keys = changes.map(({ key }) => key)
    const committed = await inTransaction(options, times, { stop, quiet: batch.again }, async (transaction, writes) => {
      tried.page = page
      const locked = await lockRows(transaction, table, { fields, keys })
      const found = await rows.byKeys(transaction, keys, { at, batch })
      const now = comparison?.see(found) ?? found
      const before = new Map(changes.map(({ key, seen }) => [nameOf(key), seen]))
      const compared = comparison?.columns(changes, () => true) ?? []
      const differing = now.filter((row) => {
        const seen = before.get(nameOf(rows.keyOf(row)))
        return seen !== undefined && !isAsSeen(seen, row, compared)
      })
      // Those that are there, and that `where` does not find any more.
      const changedMeanwhile = differing.length + Math.max(0, locked - found.length)
      if (changedMeanwhile === 0 && locked === keys.length) await this.#leaveStrange(transaction, table, changes)
      const work = { ...this.#parts.work, refused: batch.refused }
      const again = await changesOf(found, work)
      const whole: Whole = (work) => inOnePiece(options.client, transaction, work)
      const through = { writer: transaction, reader: transaction, whole }
      const missed = await writeChanges(again.changes, transaction, writable, { ...work, ...through })
      await rows.demandGone(missed, transaction, { at, batch })
      const all = [...skipped, ...again.skipped]
      return tried.without(() => keeper.write(writes, at, page, { skipped: all, changedMeanwhile }))
    })
    keeper.committed(committed)
    return page
  }

  /** A column that differs from what was read of it although nobody changed the row would make every batch wait. */
  async #leaveStrange(transaction: Client, table: LockableTable, changes: readonly Change[]): Promise<void> {
    const { comparison, walk, work } = this.#parts
    if (!comparison) return
    const strange = await strangeColumns(transaction, table, { comparison, fields: walk.fields, changes })
    for (const field of strange) {
      comparison.leave(field)
      work.sayOnce(
        `${field} can't be compared with what was read of it, so a change to it while a batch runs is not noticed.`,
      )
    }
  }

  /** The table, where its rows can be locked; else the batch is read again. */
  async #table(): Promise<LockableTable> {
    const { definition, model, options, tables, times } = this.#parts
    const table = await tables.located(options.client, model, times)
    if (typeof table !== 'string') return table
    if (definition.lock) throw new CursorError(`the rows can't be locked: ${table}`)
    throw new ChangedMeanwhile()
  }
}
