import {
  beatsFitStatement,
  inOnePiece,
  inTime,
  inTransaction,
  type TransactionTimes,
  transact,
  transactionTimes,
} from '../attempt/transaction.js'
import type { BackfillDefinition } from '../define/backfill.js'
import { type Duration, toMs } from '../define/duration.js'
import { lastLine, messageOf } from '../define/errors.js'
import type { SkippedRow } from '../define/events.js'
import { type Client, delegateOf, primaryOf } from '../prisma/client.js'
import { isHooked, isReplaced } from '../prisma/extensions.js'
import { BatchRows, type Place, type Prepared, type RowWork, type Try } from './batch-rows.js'
import type { CheckpointWrites } from './checkpoint.js'
import type { CheckpointKeeper, Written } from './checkpoint-keeper.js'
import { Comparison, isAsSeen } from './comparison.js'
import { type LockableTable, lockRows, strangeColumns } from './locked-rows.js'
import { OneStatement, Unsupported } from './one-statement.js'
import { ReadAhead, type Ready, type Writing } from './read-ahead.js'
import { ChangedMeanwhile, Displaced, isFinal, isPassing } from './rows/batch-fault.js'
import { both, describeKey, nameOf, rangesAfter, upTo } from './rows/keys.js'
import { CursorError, type Page, type Walk } from './rows/pages.js'
import { RowFault } from './rows/row-fault.js'
import type { Walked } from './rows/target.js'
import type { WalkedModel } from './rows/walked-model.js'
import { writeInTurns } from './unlocked-turns.js'
import type { BackfillOptions } from './walking.js'
import type { Change } from './write/bulk-update.js'
import { NOT_ASKED, type RawTable, RawTables } from './write/raw-table.js'
import { changesOf, RowByRow, runOn, type Whole, writeChanges } from './write-batch.js'

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
  /** The rows whose change is under way: what fails now may be their fault. */
  tried: Page | undefined
  readonly #definition: BackfillDefinition
  readonly #options: BackfillOptions
  readonly #stop: AbortSignal
  readonly #model: WalkedModel
  readonly #walk: Walk
  readonly #work: RowWork
  readonly #rows: BatchRows
  /** Not there where nobody else can change rows between their read and their write. */
  readonly #comparison: Comparison | undefined
  /** Not there where a batch is to be read after the one before it is written. */
  readonly #ahead: ReadAhead | undefined
  /** `update` gave promises, maybe of what it asks the database, and that of what the batches before have written. */
  #waits = false
  readonly #keeper: CheckpointKeeper
  readonly #table = new RawTables()
  /** Rows are updated one by one, by Prisma: locked first, for it does not say which of them have changed. */
  #rowByRow = false
  readonly #times: TransactionTimes
  #oneStatement: OneStatement | undefined
  /** The change to every row, where it is the same, and nothing looks at single ones. */
  #all: object | undefined

  constructor(
    definition: BackfillDefinition,
    options: BackfillOptions,
    stop: AbortSignal,
    { walked, keeper }: { walked: Walked; keeper: CheckpointKeeper },
  ) {
    this.#definition = definition
    this.#options = options
    this.#stop = stop
    this.#model = walked.model
    this.#walk = walked.walk
    this.#keeper = keeper
    this.#times = transactionTimes(definition.transaction, BATCH_TIMEOUT)
    const { client, ledger } = options
    this.#oneStatement = OneStatement.for(definition, walked, { client, ledger, times: this.#times })
    const { transaction = true, update, updateAll, lock } = definition
    const { key, name } = walked.model
    // It may write through another client, which would wait for the locks of this one.
    const replaced = isReplaced(client, name, 'update')
    const hooked = walked.walk.hooked || isHooked(client, key, 'update') || replaced
    this.#all = transaction === false || lock || hooked ? undefined : updateAll
    // SQLite's transactions have the whole database.
    const alone = walked.model.provider === 'sqlite' && transaction !== false
    this.#comparison = update && !alone && !replaced ? new Comparison(walked, client) : undefined
    const { progress: _, ...context } = options.context
    const { said = new Set<string>() } = options
    this.#work = {
      definition,
      model: walked.model,
      fields: walked.walk.fields,
      context,
      stop,
      graceMs: options.graceMs,
      sayOnce: (message) => {
        if (!said.has(message)) context.log.warn(message)
        said.add(message)
      },
    }
    this.#rows = new BatchRows(walked, this.#work, this.#comparison)
    const { pause, throttle } = definition
    // Whoever wants rests between batches wants none of it read meanwhile.
    if (this.#oneStatement && this.#comparison && toMs(pause ?? 0) === 0 && !throttle)
      this.#ahead = new ReadAhead(this.#rows)
  }

  /** Once there is no more to be done: nothing is read any more after it. */
  async end(): Promise<void> {
    await this.#ahead?.end()
  }

  /** Reads, changes and commits one batch with its checkpoint. */
  async run(batch: Try): Promise<Page> {
    try {
      return await this.#run(batch)
    } catch (error) {
      if (!(error instanceof Conflict)) throw error
      // Where rows are changed meanwhile, the next ones are read again, too.
      this.#ahead?.drop()
      this.#rowByRow ||= error.rowByRow
      return this.#writeLocked(error.prepared, batch)
    }
  }

  async #run(batch: Try): Promise<Page> {
    if (!this.#all) return this.#byRows(batch)
    try {
      return await this.#updateAll(this.#all, batch)
    } catch (error) {
      if (this.#stop.aborted || isFinal(error) || isPassing(error) || error instanceof Displaced) throw error
      // A change of relations, say, which `updateMany` does not take.
      if (error instanceof Error && error.name === 'PrismaClientValidationError') this.#all = undefined
      // A row may be at fault, and has a name there.
      return this.#byRows(batch)
    }
  }

  /** The same change to all rows up to a key: none of them leaves the database. */
  async #updateAll(data: object, batch: Try): Promise<Page> {
    const { client } = this.#options
    const { fields, where } = this.#walk
    this.tried = undefined
    const at = this.#keeper.at
    const reader = delegateOf(primaryOf(client), this.#model)
    const page = await this.#rows.page(reader, { at, batch }, { ...this.#walk, select: {} })
    if (page.rows.length === 0) return page
    const committed = await this.#inLocks(batch, async (transaction, writes) => {
      for (const range of rangesAfter(fields, at.checkpoint.after))
        await transaction[this.#model.key]?.updateMany({ where: both(where, range, upTo(fields, page.last)), data })
      return this.#keeper.write(writes, at, page, { skipped: [] })
    })
    this.#keeper.committed(committed)
    return page
  }

  async #byRows(batch: Try): Promise<Page> {
    if (this.#definition.lock || this.#rowByRow) return this.#readAndLock(batch)
    const oneStatement = batch.again ? undefined : this.#oneStatement
    if (!oneStatement) return this.#readAndWrite(batch)
    try {
      return await this.#readThenWrite(oneStatement, batch)
    } catch (error) {
      if (!(error instanceof Unsupported)) throw error
      this.#oneStatement = undefined
      return this.#readAndWrite(batch)
    }
  }

  /** The write is one statement with the checkpoint; where that can't be, a transaction of its own. */
  async #readThenWrite(oneStatement: OneStatement, batch: Try): Promise<Page> {
    const { client, ledger } = this.#options
    const times = this.#times
    const quiet = oneStatement.beatsWait || !(await beatsFitStatement(this.#options))
    const how = { stop: this.#stop, quiet }
    this.tried = undefined
    const at = this.#keeper.at
    const primary = primaryOf(client)
    const table = await this.#table.of(client, this.#model, times)
    await this.#mayLock()
    const { page, committed } = await inTime(this.#options, times, how, async () => {
      const ahead = !this.#waits && oneStatement.noticesAll(table, this.#comparison) ? this.#ahead : undefined
      const writing = async ({ changes }: Prepared) =>
        changes.length > 0 ? oneStatement.writing(changes, table, this.#comparison) : undefined
      const prepared = await this.#prepareAhead(primary, { at, batch }, { ahead, writing })
      const { page, changes, skipped } = prepared
      if (page.rows.length === 0) return { page, committed: undefined }
      const { together } = prepared
      if (together) {
        const written = this.#keeper.write(together, at, page, { skipped })
        this.#waits ||= prepared.waited
        if (!this.#waits) ahead?.compute(writing)
        const committed = await orConflict(written, prepared)
        await together.demandFound().catch(async (error) => {
          // Else it could not be asked, and the batch stays written.
          if (error instanceof CursorError) await this.#keeper.takeBack(committed)
          throw error
        })
        return { page, committed }
      }
      if (changes.length === 0) return { page, committed: await this.#keeper.write(ledger, at, page, { skipped }) }
      const committed = await transact(client, times, async (transaction) => {
        const whole: Whole = (work) => inOnePiece(client, transaction, work)
        const writer = { writer: transaction, reader: transaction, whole }
        await this.#write(prepared, writer, table, { at, batch })
        return this.#keeper.write(ledger.within(transaction), at, page, { skipped })
      })
      return { page, committed }
    })
    if (committed) this.#keeper.committed(committed)
    return page
  }

  /** All of it in one transaction, the read too, or in none. */
  async #readAndWrite(batch: Try): Promise<Page> {
    const { client, ledger } = this.#options
    const { transaction = true, update } = this.#definition
    this.tried = undefined
    const at = this.#keeper.at
    const table = update ? await this.#table.of(client, this.#model, this.#times) : NOT_ASKED
    // Asked before the transaction begins.
    if (update) await this.#mayLock()
    const work = async (reader: Client, writer: Client, writes: CheckpointWrites) => {
      const whole: Whole = transaction ? (work) => inOnePiece(client, writer, work) : (work) => work()
      const through = { writer, reader, whole }
      if (!update) {
        const page = await this.#rows.page(delegateOf(reader, this.#model), { at, batch })
        if (page.rows.length === 0) return { page, committed: undefined }
        this.tried = page
        await runOn(page.rows, writer, { ...this.#work, whole })
        return { page, committed: await this.#note(writes, at, page, { skipped: [] }) }
      }
      const prepared = await this.#prepare(reader, { at, batch })
      const { page } = prepared
      if (page.rows.length === 0) return { page, committed: undefined }
      let { skipped } = prepared
      let changedMeanwhile = 0
      if (transaction) await this.#write(prepared, through, table, { at, batch })
      else {
        const work = { ...this.#work, refused: batch.refused, ...through, comparison: this.#comparison }
        const turns = { writer, work, rows: this.#rows, table, place: { at, batch } }
        ;({ skipped, changedMeanwhile } = await writeInTurns(prepared, turns))
      }
      return { page, committed: await this.#note(writes, at, page, { skipped, changedMeanwhile }) }
    }
    const { page, committed } = transaction
      ? await inTransaction(this.#options, this.#times, { stop: this.#stop, quiet: batch.again }, (tx, writes) =>
          work(tx, tx, writes),
        )
      : await work(primaryOf(client), client, ledger)
    if (committed) this.#keeper.committed(committed)
    return page
  }

  /** The rows of a batch as they are once nobody else can change them: `lock` of the team's own. */
  async #readAndLock(batch: Try): Promise<Page> {
    const { client } = this.#options
    this.tried = undefined
    const at = this.#keeper.at
    const page = await this.#rows.page(delegateOf(primaryOf(client), this.#model), { at, batch })
    if (page.rows.length === 0) return page
    const keys = page.rows.map((row) => this.#rows.keyOf(row))
    if (this.#definition.update) {
      const changes = keys.map((key): Change => ({ key, data: {} }))
      return this.#writeLocked({ page, changes, skipped: [], waited: false }, batch)
    }
    const table = await this.#lockable()
    const committed = await this.#inLocks(batch, async (transaction, writes) => {
      await lockRows(transaction, table, { fields: this.#walk.fields, keys })
      const rows = await this.#rows.byKeys(transaction, keys, { at, batch })
      const whole: Whole = (work) => inOnePiece(client, transaction, work)
      this.tried = page
      if (rows.length > 0) await runOn(rows, transaction, { ...this.#work, whole })
      return this.#note(writes, at, page, { skipped: [] })
    })
    this.#keeper.committed(committed)
    return page
  }

  /**
   * What was changed meanwhile is done again from what it is now, and so is the rest of the batch, while nobody else
   * can change it.
   */
  async #writeLocked({ page, changes, skipped }: Prepared, batch: Try): Promise<Page> {
    this.tried = page
    const at = this.#keeper.at
    const { fields } = this.#walk
    const table = await this.#lockable()
    const writable = await this.#table.of(this.#options.client, this.#model, this.#times)
    const keys = changes.map(({ key }) => key)
    const committed = await this.#inLocks(batch, async (transaction, writes) => {
      this.tried = page
      const locked = await lockRows(transaction, table, { fields, keys })
      const rows = await this.#rows.byKeys(transaction, keys, { at, batch })
      const now = this.#comparison?.see(rows) ?? rows
      const before = new Map(changes.map(({ key, seen }) => [nameOf(key), seen]))
      const compared = this.#comparison?.columns(changes, () => true) ?? []
      const differing = now.filter((row) => {
        const seen = before.get(nameOf(this.#rows.keyOf(row)))
        return seen !== undefined && !isAsSeen(seen, row, compared)
      })
      // Those that are there, and that `where` does not find any more.
      const changedMeanwhile = differing.length + Math.max(0, locked - rows.length)
      if (changedMeanwhile === 0 && locked === keys.length) await this.#leaveStrange(transaction, table, changes)
      const work = { ...this.#work, refused: batch.refused }
      const again = await changesOf(rows, work)
      const whole: Whole = (work) => inOnePiece(this.#options.client, transaction, work)
      const through = { writer: transaction, reader: transaction, whole }
      const missed = await writeChanges(again.changes, transaction, writable, { ...work, ...through })
      await this.#rows.demandGone(missed, transaction, { at, batch })
      return this.#note(writes, at, page, { skipped: [...skipped, ...again.skipped], changedMeanwhile })
    })
    this.#keeper.committed(committed)
    return page
  }

  /** A column that differs from what was read of it although nobody changed the row would make every batch wait. */
  async #leaveStrange(transaction: Client, table: LockableTable, changes: readonly Change[]): Promise<void> {
    const comparison = this.#comparison
    if (!comparison) return
    const strange = await strangeColumns(transaction, table, { comparison, fields: this.#walk.fields, changes })
    for (const field of strange) {
      comparison.leave(field)
      this.#work.sayOnce(
        `${field} can't be compared with what was read of it, so a change to it while a batch runs is not noticed.`,
      )
    }
  }

  #inLocks(
    { again }: Try,
    work: (transaction: Client, writes: CheckpointWrites) => Promise<Written>,
  ): Promise<Written> {
    return inTransaction(this.#options, this.#times, { stop: this.#stop, quiet: again }, work)
  }

  /** The table, where its rows can be locked; else the batch is read again. */
  async #lockable(): Promise<LockableTable> {
    const table = await this.#table.located(this.#options.client, this.#model, this.#times)
    if (typeof table !== 'string') return table
    if (this.#definition.lock) throw new CursorError(`the rows can't be locked: ${table}`)
    throw new ChangedMeanwhile()
  }

  /** Whether the rows of a batch can be locked. */
  async #mayLock(): Promise<boolean> {
    const table = await this.#table.located(this.#options.client, this.#model, this.#times)
    return typeof table !== 'string' && this.#definition.transaction !== false
  }

  #prepare(reader: Client, place: Place): Promise<Prepared> {
    return this.#rows.prepare(delegateOf(reader, this.#model), place, (page) => {
      this.tried = page
    })
  }

  /** What is read ahead already, and else what is not; then the batch after it begins to be read. */
  async #prepareAhead(
    reader: Client,
    place: Place,
    { ahead, writing }: { ahead: ReadAhead | undefined; writing: Writing },
  ): Promise<Ready> {
    const delegate = delegateOf(reader, this.#model)
    const onPage = (page: Page) => {
      this.tried = page
      if (page.more) ahead?.read(delegate, page, place)
    }
    const begun = ahead?.take(place)
    if (!begun?.prepared) {
      const prepared = await this.#rows.prepare(delegate, place, onPage, begun?.page)
      return { ...prepared, together: await writing(prepared) }
    }
    try {
      const prepared = await begun.prepared
      onPage(prepared.page)
      return prepared
    } finally {
      this.tried = begun.tried
    }
  }

  /** Writes what was prepared, or takes all of it back where some of it changed meanwhile. */
  async #write(prepared: Prepared, through: Through, table: RawTable, place: Place): Promise<void> {
    const lockFirst = this.#comparison !== undefined && (await this.#mayLock())
    const { refused } = place.batch
    const work = { ...this.#work, refused, ...through, comparison: this.#comparison, lockFirst }
    const missed = await orConflict(writeChanges(prepared.changes, through.writer, table, work), prepared)
    await this.#rows.demandGone(missed, through.reader, place)
  }

  /** What fails here is not the fault of the rows; what fails at the commit may be: a deferred constraint. */
  async #note(...given: Parameters<CheckpointKeeper['write']>): Promise<Written> {
    const { tried } = this
    this.tried = undefined
    const committed = await this.#keeper.write(...given)
    this.tried = tried
    return committed
  }

  /** Skips the one row that a batch of one could not change, or that can't be read. */
  async skip(page: Page, error: unknown): Promise<Page> {
    // The row was at fault; what fails from here on is something else.
    this.tried = undefined
    const skipped = [skippedRow(this.#walk.fields, page, error)]
    this.#keeper.committed(await this.#keeper.write(this.#options.ledger, this.#keeper.at, page, { skipped }))
    return page
  }
}

/** The one row of a page, as it is listed when it is skipped. */
export function skippedRow(fields: readonly string[], { last }: Page, error: unknown): SkippedRow {
  const reason = error instanceof RowFault ? error.reason : messageOf(error)
  return { key: describeKey(fields, last ?? []), error: lastLine(reason) }
}
