import {
  beatsFitStatement,
  inOnePiece,
  inTime,
  inTransaction,
  transact,
  transactionTimes,
} from '../attempt/transaction.js'
import type { BackfillDefinition } from '../define/backfill.js'
import { type Duration, toMs } from '../define/duration.js'
import { lastLine, messageOf } from '../define/errors.js'
import type { SkippedRow } from '../define/events.js'
import { type Client, delegateOf, primaryOf } from '../prisma/client.js'
import { isHooked, isReplaced } from '../prisma/extensions.js'
import { type AtOnce, Unsupported } from './at-once.js'
import { type BatchParts, Tried } from './batch-parts.js'
import { BatchRows, type Place, type Prepared, type RowWork, type Try } from './batch-rows.js'
import type { CheckpointWrites } from './checkpoint.js'
import type { CheckpointKeeper } from './checkpoint-keeper.js'
import { Comparison } from './comparison.js'
import { LockedBatches } from './locked-batches.js'
import { OneStatement } from './one-statement.js'
import { ReadAhead, type Writing } from './read-ahead.js'
import { ChangedMeanwhile, Displaced, isFinal, isPassing } from './rows/batch-fault.js'
import { both, describeKey, rangesAfter, upTo } from './rows/keys.js'
import { CursorError, type Page } from './rows/pages.js'
import { RowFault } from './rows/row-fault.js'
import type { Walked } from './rows/target.js'
import { ShortTransaction } from './short-transaction.js'
import { writeInTurns } from './unlocked-turns.js'
import type { BackfillOptions } from './walking.js'
import { NOT_ASKED, type RawTable, RawTables } from './write/raw-table.js'
import { RowByRow, runOn, type Whole, writeChanges } from './write-batch.js'

const BATCH_TIMEOUT: Duration = '30s'

/** What a batch is written through. */
interface Through {
  writer: Client
  reader: Client
  whole: Whole
}

/** Fewer rows were as `update` saw them than it saw. Nothing was written. */
class Conflict extends Error {
  readonly prepared: Prepared
  /** They are not for a statement, and nobody looked. */
  readonly rowByRow: boolean

  constructor(prepared: Prepared, rowByRow: boolean) {
    super('rows changed while they were being updated')
    this.prepared = prepared
    this.rowByRow = rowByRow
  }
}

async function orConflict<T>(written: Promise<T>, prepared: Prepared): Promise<T> {
  try {
    return await written
  } catch (error) {
    if (error instanceof RowByRow) throw new Conflict(prepared, true)
    throw error instanceof ChangedMeanwhile ? new Conflict(prepared, false) : error
  }
}

/** Reads, changes and commits batches of one walk, each with its checkpoint. */
export class BatchRunner {
  readonly #parts: BatchParts
  readonly #locked: LockedBatches
  readonly #ahead: ReadAhead
  /** Not with rests between batches: nothing is read in them. */
  readonly #mayReadAhead: boolean
  /** Rows are updated one by one, by Prisma: locked first, for it does not say which of them have changed. */
  #rowByRow = false
  #atOnce: AtOnce | undefined
  /** The change to every row, where it is the same, and nothing looks at single ones. */
  #all: object | undefined

  constructor(
    definition: BackfillDefinition,
    options: BackfillOptions,
    stop: AbortSignal,
    { walked, keeper }: { walked: Walked; keeper: CheckpointKeeper },
  ) {
    const { model, walk } = walked
    const { client, ledger, graceMs } = options
    const { transaction = true, update, updateAll, lock, pause, throttle } = definition
    const times = transactionTimes(definition.transaction, BATCH_TIMEOUT)
    // It may write through another client, which would wait for the locks of this one.
    const replaced = isReplaced(client, model.name, 'update')
    const hooked = walk.hooked || isHooked(client, model.key, 'update') || replaced
    const noticing = update && !replaced ? new Comparison(walked, client) : undefined
    this.#atOnce =
      OneStatement.for(definition, walked, { client, ledger, times }) ??
      ShortTransaction.for(definition, walked, { client, ledger, times, comparison: noticing })
    // Nobody writes between the read and the write where both are in one transaction of SQLite.
    const alone = model.provider === 'sqlite' && transaction !== false && !this.#atOnce
    const comparison = alone ? undefined : noticing
    const { progress: _, ...context } = options.context
    const { said = new Set<string>() } = options
    const sayOnce = (message: string) => {
      if (!said.has(message)) context.log.warn(message)
      said.add(message)
    }
    const work: RowWork = { definition, model, fields: walk.fields, context, stop, graceMs, sayOnce }
    const rows = new BatchRows(walked, work, comparison)
    const [tables, tried] = [new RawTables(), new Tried()]
    this.#parts = { definition, options, stop, model, walk, work, rows, comparison, keeper, tables, times, tried }
    this.#locked = new LockedBatches(this.#parts)
    this.#ahead = new ReadAhead(rows)
    this.#mayReadAhead = toMs(pause ?? 0) === 0 && !throttle
    this.#all = transaction === false || lock || hooked ? undefined : updateAll
  }

  /** The rows whose change was under way when something failed: it may be their fault. */
  get tried(): Page | undefined {
    return this.#parts.tried.page
  }

  /** Once there is no more to be done: nothing is read any more after it. */
  end(): Promise<void> {
    return this.#ahead.end()
  }

  /** Reads, changes and commits one batch with its checkpoint. */
  async run(batch: Try): Promise<Page> {
    try {
      return await this.#run(batch)
    } catch (error) {
      if (!(error instanceof Conflict)) throw error
      // Where rows are changed meanwhile, the next ones are read again, too.
      this.#ahead.drop()
      this.#rowByRow ||= error.rowByRow
      return this.#locked.write(error.prepared, batch)
    }
  }

  async #run(batch: Try): Promise<Page> {
    if (!this.#all) return this.#byRows(batch)
    try {
      return await this.#updateAll(this.#all, batch)
    } catch (error) {
      // Only keys.
      this.#ahead.drop()
      if (this.#parts.stop.aborted || isFinal(error) || isPassing(error) || error instanceof Displaced) throw error
      // A change of relations, say, which `updateMany` does not take.
      if (error instanceof Error && error.name === 'PrismaClientValidationError') this.#all = undefined
      // A row may be at fault, and has a name there.
      return this.#byRows(batch)
    }
  }

  /** The same change to all rows up to a key: none of them leaves the database. */
  async #updateAll(data: object, batch: Try): Promise<Page> {
    const { keeper, model, options, stop, times, tried, walk } = this.#parts
    const { fields, where } = walk
    tried.page = undefined
    const at = keeper.at
    const reader = delegateOf(primaryOf(options.client), model)
    const may = this.#mayReadAhead && model.provider !== 'sqlite'
    const page = await this.#ahead.keys(reader, { at, batch }, { may, walk: { ...walk, select: {} } })
    if (page.rows.length === 0) return page
    const committed = await inTransaction(options, times, { stop, quiet: batch.again }, async (transaction, writes) => {
      for (const range of rangesAfter(fields, at.checkpoint.after))
        await transaction[model.key]?.updateMany({ where: both(where, range, upTo(fields, page.last)), data })
      return keeper.write(writes, at, page, { skipped: [] })
    })
    keeper.committed(committed)
    return page
  }

  async #byRows(batch: Try): Promise<Page> {
    if (this.#parts.definition.lock || this.#rowByRow) return this.#locked.run(batch)
    const atOnce = batch.again ? undefined : this.#atOnce
    if (!atOnce) return this.#readAndWrite(batch)
    try {
      return await this.#readThenWrite(atOnce, batch)
    } catch (error) {
      if (!(error instanceof Unsupported)) throw error
      this.#atOnce = undefined
      return this.#readAndWrite(batch)
    }
  }

  /** The rows are written at once with the checkpoint; where that can't be, in a transaction of their own. */
  async #readThenWrite(atOnce: AtOnce, batch: Try): Promise<Page> {
    const { comparison, keeper, model, options, stop, tables, times, tried } = this.#parts
    const { client, ledger } = options
    const quiet = atOnce.beatsWait || !(await beatsFitStatement(options))
    tried.page = undefined
    const at = keeper.at
    const reader = delegateOf(primaryOf(client), model)
    const table = await tables.of(client, model, times)
    await this.#locked.may()
    const may = this.#mayReadAhead && atOnce.readsAhead(table, comparison)
    const writing: Writing = async ({ changes }) =>
      changes.length > 0 ? atOnce.writing(changes, table, comparison) : undefined
    const onTried = (page: Page | undefined) => {
      tried.page = page
    }
    const { page, committed } = await inTime(options, times, { stop, quiet }, async () => {
      const ready = await this.#ahead.ready(reader, { at, batch }, { may, writing, onTried })
      const { page, changes, skipped, together } = ready
      if (page.rows.length === 0) return { page, committed: undefined }
      if (together) {
        const written = keeper.write(together, at, page, { skipped })
        this.#ahead.compute(writing)
        const committed = await orConflict(written, ready)
        await together.demandFound?.().catch(async (error) => {
          // Else it could not be asked, and the batch stays written.
          if (error instanceof CursorError) await keeper.takeBack(committed)
          throw error
        })
        return { page, committed }
      }
      if (changes.length === 0) return { page, committed: await keeper.write(ledger, at, page, { skipped }) }
      const committed = await transact(client, times, async (transaction) => {
        const whole: Whole = (work) => inOnePiece(client, transaction, work)
        const writer = { writer: transaction, reader: transaction, whole }
        await this.#write(ready, writer, table, { at, batch })
        return keeper.write(ledger.within(transaction), at, page, { skipped })
      })
      return { page, committed }
    })
    if (committed) keeper.committed(committed)
    return page
  }

  /** All of it in one transaction, the read too, or in none. */
  async #readAndWrite(batch: Try): Promise<Page> {
    const { comparison, definition, keeper, model, options, rows, stop, tables, times, tried } = this.#parts
    const { client, ledger } = options
    const { transaction = true, update } = definition
    tried.page = undefined
    const at = keeper.at
    const table = update ? await tables.of(client, model, times) : NOT_ASKED
    // Asked before the transaction begins.
    if (update) await this.#locked.may()
    const work = async (reader: Client, writer: Client, writes: CheckpointWrites) => {
      const whole: Whole = transaction ? (work) => inOnePiece(client, writer, work) : (work) => work()
      const through = { writer, reader, whole }
      const delegate = delegateOf(reader, model)
      const note = (page: Page, done: Parameters<CheckpointKeeper['write']>[3]) =>
        tried.without(() => keeper.write(writes, at, page, done))
      if (!update) {
        const page = await rows.page(delegate, { at, batch })
        if (page.rows.length === 0) return { page, committed: undefined }
        tried.page = page
        await runOn(page.rows, writer, { ...this.#parts.work, whole })
        return { page, committed: await note(page, { skipped: [] }) }
      }
      const prepared = await rows.prepare(delegate, { at, batch }, (page) => {
        tried.page = page
      })
      const { page } = prepared
      if (page.rows.length === 0) return { page, committed: undefined }
      let { skipped } = prepared
      let changedMeanwhile = 0
      if (transaction) await this.#write(prepared, through, table, { at, batch })
      else {
        const work = { ...this.#parts.work, refused: batch.refused, ...through, comparison }
        const turns = { writer, work, rows, table, place: { at, batch } }
        ;({ skipped, changedMeanwhile } = await writeInTurns(prepared, turns))
      }
      return { page, committed: await note(page, { skipped, changedMeanwhile }) }
    }
    const { page, committed } = transaction
      ? await inTransaction(options, times, { stop, quiet: batch.again }, (tx, writes) => work(tx, tx, writes))
      : await work(primaryOf(client), client, ledger)
    if (committed) keeper.committed(committed)
    return page
  }

  /** Writes what was prepared, or takes all of it back where some of it changed meanwhile. */
  async #write(prepared: Prepared, through: Through, table: RawTable, place: Place): Promise<void> {
    const { comparison, rows } = this.#parts
    const lockFirst = comparison !== undefined && (await this.#locked.may())
    const work = { ...this.#parts.work, refused: place.batch.refused, ...through, comparison, lockFirst }
    const missed = await orConflict(writeChanges(prepared.changes, through.writer, table, work), prepared)
    await rows.demandGone(missed, through.reader, place)
  }

  /** Skips the one row that a batch of one could not change, or that can't be read. */
  async skip(page: Page, error: unknown): Promise<Page> {
    const { keeper, options, tried, walk } = this.#parts
    // The row was at fault; what fails from here on is something else.
    tried.page = undefined
    const skipped = [skippedRow(walk.fields, page, error)]
    keeper.committed(await keeper.write(options.ledger, keeper.at, page, { skipped }))
    return page
  }
}

/** The one row of a page, as it is listed when it is skipped. */
export function skippedRow(fields: readonly string[], { last }: Page, error: unknown): SkippedRow {
  const reason = error instanceof RowFault ? error.reason : messageOf(error)
  return { key: describeKey(fields, last ?? []), error: lastLine(reason) }
}
