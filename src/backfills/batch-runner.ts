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
import type { Duration } from '../define/duration.js'
import { lastLine, messageOf } from '../define/errors.js'
import type { SkippedRow } from '../define/events.js'
import { type Client, delegateOf, primaryOf, type ReadDelegate } from '../prisma/client.js'
import type { CheckpointWrites } from './checkpoint.js'
import type { CheckpointKeeper, Standing } from './checkpoint-keeper.js'
import { NotTogether, OneStatement } from './one-statement.js'
import { describeKey, type Key, type Range } from './rows/keys.js'
import { CursorError, type Page, shortfall, type Walk } from './rows/pages.js'
import { RowFault } from './rows/row-fault.js'
import type { Walked } from './rows/target.js'
import type { WalkedModel } from './rows/walked-model.js'
import { readPage } from './unreadable-rows.js'
import type { BackfillOptions } from './walking.js'
import { NOT_ASKED, RawTables } from './write/raw-table.js'
import { demandGone } from './write/unmatched-rows.js'
import { type BatchWork, changesOf, type Whole, workOn, writeChanges } from './write-batch.js'

const BATCH_TIMEOUT: Duration = '30s'

/** One try of one batch. */
export interface Try {
  /** Rows, at most. */
  size: number
  /** A try before it failed: it goes without heartbeats, which may have been in conflict with it. */
  again: boolean
  /** The last key, at most: the row after it can't be read together with these. */
  until: Key | undefined
  /** Rows that the database did not change, and why: to be skipped. */
  refused: BatchWork['refused']
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
  readonly #work: Omit<BatchWork, 'whole' | 'reader' | 'refused'>
  readonly #keeper: CheckpointKeeper
  readonly #table = new RawTables()
  readonly #times: TransactionTimes
  #oneStatement: OneStatement | undefined

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
  }

  /** Reads, changes and commits one batch with its checkpoint. */
  async run(batch: Try): Promise<Page> {
    const oneStatement = batch.again ? undefined : this.#oneStatement
    if (!oneStatement) return this.#readAndWrite(batch)
    try {
      return await this.#readThenWrite(oneStatement, batch)
    } catch (error) {
      if (!(error instanceof NotTogether)) throw error
      if (error.forGood) this.#oneStatement = undefined
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
    const { page, committed } = await inTime(this.#options, times, how, async () => {
      const page = await this.#read(delegateOf(primary, this.#model), at, batch)
      if (page.rows.length === 0) return { page, committed: undefined }
      this.tried = page
      const { refused } = batch
      const { changes, skipped } = await changesOf(page.rows, { ...this.#work, refused })
      const together = changes.length > 0 ? await oneStatement.writing(changes, table) : undefined
      if (together) {
        const committed = await this.#keeper.write(together, at, page, skipped)
        await together.demandFound().catch(async (error) => {
          // Else it could not be asked, and the batch stays written.
          if (error instanceof CursorError) await this.#keeper.takeBack(committed)
          throw error
        })
        return { page, committed }
      }
      if (changes.length === 0) return { page, committed: await this.#keeper.write(ledger, at, page, skipped) }
      const committed = await transact(client, times, async (transaction) => {
        const whole: Whole = (work) => inOnePiece(client, transaction, work)
        const work = { ...this.#work, refused, reader: transaction, whole }
        const missed = await writeChanges(changes, transaction, table, work)
        await this.#demandGone(missed, delegateOf(transaction, this.#model), at, batch)
        return this.#keeper.write(ledger.within(transaction), at, page, skipped)
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
    const { again, refused } = batch
    this.tried = undefined
    const at = this.#keeper.at
    const table = update ? await this.#table.of(client, this.#model, this.#times) : NOT_ASKED
    const work = async (reader: Client, writer: Client, writes: CheckpointWrites) => {
      const delegate = delegateOf(reader, this.#model)
      const page = await this.#read(delegate, at, batch)
      if (page.rows.length === 0) return { page, committed: undefined }
      this.tried = page
      const whole: Whole = transaction ? (work) => inOnePiece(client, writer, work) : (work) => work()
      const { skipped, missed } = await workOn(page.rows, writer, table, {
        ...this.#work,
        refused,
        reader,
        whole,
      })
      await this.#demandGone(missed, delegate, at, batch)
      // What fails here is not the fault of the rows; what fails at the commit may be: a deferred constraint.
      this.tried = undefined
      const committed = await this.#keeper.write(writes, at, page, skipped)
      this.tried = page
      return { page, committed }
    }
    const { page, committed } = transaction
      ? await inTransaction(this.#options, this.#times, { stop: this.#stop, quiet: again }, (tx, writes) =>
          work(tx, tx, writes),
        )
      : await work(primaryOf(client), client, ledger)
    if (committed) this.#keeper.committed(committed)
    return page
  }

  async #demandGone(missed: readonly Key[], delegate: ReadDelegate, at: Standing, batch: Try): Promise<void> {
    if (missed.length === 0) return
    await demandGone(missed, delegate, this.#walk, { range: rangeOf(at, batch), size: batch.size })
  }

  async #read(delegate: ReadDelegate, at: Standing, batch: Try): Promise<Page> {
    const page = await readPage(delegate, this.#walk, rangeOf(at, batch), batch.size)
    const short = shortfall(this.#model.key, this.#walk, page)
    if (short !== undefined) this.#work.sayOnce(short)
    return batch.until === undefined ? page : { ...page, more: true }
  }

  /** Skips the one row that a batch of one could not change, or that can't be read. */
  async skip(page: Page, error: unknown): Promise<Page> {
    // The row was at fault; what fails from here on is something else.
    this.tried = undefined
    const skipped = [skippedRow(this.#walk.fields, page, error)]
    this.#keeper.committed(await this.#keeper.write(this.#options.ledger, this.#keeper.at, page, skipped))
    return page
  }
}

/** The one row of a page, as it is listed when it is skipped. */
export function skippedRow(fields: readonly string[], { last }: Page, error: unknown): SkippedRow {
  const reason = error instanceof RowFault ? error.reason : messageOf(error)
  return { key: describeKey(fields, last ?? []), error: lastLine(reason) }
}

function rangeOf({ checkpoint }: Standing, { until }: Try): Range {
  return until === undefined ? checkpoint : { after: checkpoint.after, upTo: until }
}
