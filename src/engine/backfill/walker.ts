import type { BackfillDefinition } from '../../backfill.js'
import { type Duration, toMs } from '../../duration.js'
import { messageOf } from '../../errors.js'
import { orBusy } from '../../ledger/ask.js'
import { monotonicNow } from '../../ledger/clock.js'
import { leaveConnection } from '../../ledger/leave-connection.js'
import { inOnePiece, inTime, inTransaction, transact, transactionTimes } from '../transaction.js'
import type { BackfillOptions } from './backfill-options.js'
import { type BatchWork, ColumnTypes, changesOf, type Whole, type Writer, workOn, writeChanges } from './batch.js'
import { Displaced, isFinal, isPassing, lastLine } from './batch-fault.js'
import { type Checkpoint, type CheckpointWrites, readCheckpoint } from './checkpoint.js'
import { CheckpointKeeper, type Standing } from './checkpoint-keeper.js'
import { describeKey, type Range } from './keyset.js'
import { lastKey } from './last-key.js'
import { sayLeftOut } from './left-out.js'
import { OneStatement } from './one-statement.js'
import { Pace, waitUntil } from './pace.js'
import { demandStoredAsWritten } from './stored-keys.js'
import { demandGone } from './unmatched.js'
import { CursorError, nextPage, type Page, type ReadDelegate, shortfall, type Walk } from './walk.js'
import { delegateOf, primaryOf, type Walked } from './walked.js'

/** Where a walk begins. */
export interface Start {
  checkpoint: Checkpoint
  /** Rows. */
  total: number | null
}

const BATCH_TIMEOUT: Duration = '30s'
const BATCH_TRIES = 8
const NO_TYPES: Awaited<ReturnType<ColumnTypes['of']>> = new Map()

/** One walk over one range of rows, batch by batch, from its checkpoint. */
export class Walker {
  readonly #definition: BackfillDefinition
  readonly #options: BackfillOptions
  readonly #stop: AbortSignal
  readonly #walked: Walked
  readonly #work: Omit<BatchWork, 'whole'>
  readonly #pace: Pace
  readonly #types = new ColumnTypes()
  readonly #oneStatement: OneStatement | undefined
  readonly #keeper: CheckpointKeeper
  /** The rows whose change is under way: what fails now may be their fault. */
  #tried: Page | undefined

  private constructor(
    definition: BackfillDefinition,
    options: BackfillOptions,
    stop: AbortSignal,
    start: Walked & Standing & { total: number | null },
  ) {
    this.#definition = definition
    this.#options = options
    this.#stop = stop
    this.#walked = { model: start.model, walk: start.walk }
    const { checkpoint, cursor, processed, total } = start
    this.#keeper = new CheckpointKeeper(definition, options, stop, { checkpoint, cursor, processed, total })
    this.#pace = new Pace(definition)
    this.#oneStatement = OneStatement.for(definition, start, options)
    const { progress: _, ...context } = options.context
    const { said = new Set<string>() } = options
    this.#work = {
      definition,
      model: start.model,
      fields: start.walk.fields,
      context,
      stop,
      graceMs: options.graceMs,
      sayOnce: (message) => {
        if (!said.has(message)) context.log.warn(message)
        said.add(message)
      },
    }
  }

  /**
   * Goes on at the record's checkpoint. Where there is none of this walk, `first` says where it begins and ends, and
   * that is noted before the first row is touched.
   */
  static async begin(
    definition: BackfillDefinition,
    options: BackfillOptions,
    stop: AbortSignal,
    { model, walk }: Walked,
    first: () => Promise<Start>,
    isOfThisWalk: (checkpoint: Checkpoint) => boolean = () => true,
  ): Promise<Walker> {
    const { ledger, claim } = options
    const record = await ledger.record(claim.claim.version)
    const cursor = record?.cursor ?? null
    const checkpoint = readCheckpoint(cursor)
    if (checkpoint && isOfThisWalk(checkpoint)) {
      demandSameCursor(checkpoint, walk)
      if (definition.follow) Object.assign(checkpoint, { upTo: null, open: true })
      // `follow` was taken away meanwhile: it ends at what is there now.
      else if (checkpoint.open) {
        checkpoint.upTo = await lastKey(options.client, { model, walk })
        delete checkpoint.open
      }
      const { processed = 0, total = null } = record ?? {}
      sayLeftOut(options.context.log, checkpoint.skipped, { before: true })
      return new Walker(definition, options, stop, { model, walk, checkpoint, cursor, processed, total })
    }
    const start = await first()
    const walker = new Walker(definition, options, stop, { model, walk, ...start, cursor, processed: 0 })
    await walker.#keeper.note(start.checkpoint)
    return walker
  }

  /** Rows, in this attempt. */
  get processedNow(): number {
    return this.#keeper.processedNow
  }

  async walk(): Promise<'done' | 'paused'> {
    const { client, stopAt, onProgress } = this.#options
    const keeper = this.#keeper
    // An empty table has no last row; there is nothing to walk but what `follow` would bring.
    if (keeper.at.checkpoint.upTo === null && !this.#definition.follow) return 'done'
    onProgress(keeper.at.processed, keeper.total)
    keeper.demandFewLeftOut()
    for (;;) {
      await this.#pace.clear(client, this.#stop, stopAt)
      this.#stop.throwIfAborted()
      if (monotonicNow() >= stopAt) return 'paused'
      const more = await this.#nextBatch()
      onProgress(keeper.at.processed, keeper.total)
      // Other parts may have left out rows while this batch was on its way.
      keeper.demandFewLeftOut()
      if (more === 'late') return 'paused'
      if (!more) {
        // What came meanwhile may be kept otherwise than what was there when it began.
        if (this.#definition.follow) await demandStoredAsWritten(primaryOf(client), this.#walked)
        return 'done'
      }
      await this.#pace.rest(this.#stop, stopAt)
    }
  }

  /**
   * One batch, in smaller parts or again where that helps. Whether there are more rows after it; `late`, when it
   * failed, and the run has had its time before the next try.
   */
  async #nextBatch(): Promise<boolean | 'late'> {
    let alone: { page: Page; error: unknown } | undefined
    for (let attempt = 1; ; attempt += 1) {
      const began = monotonicNow()
      if (attempt > 1 && began >= this.#options.stopAt) return 'late'
      try {
        if (alone) return await this.#leaveOut(alone.page, alone.error)
        const { rows, more } = await orBusy(
          () => this.#batch(this.#pace.size, attempt > 1),
          () => leaveConnection(this.#options.client),
        )
        this.#pace.worked(rows.length, monotonicNow() - began)
        return more
      } catch (error) {
        if (isFinal(error) || this.#stop.aborted) throw error
        alone = undefined
        const passing = isPassing(error)
        if (error instanceof Displaced) {
          if (attempt >= BATCH_TRIES) throw error
          await this.#keeper.recall()
        } else if (passing && attempt < BATCH_TRIES) await this.#afterPassing(error, attempt)
        else if (this.#definition.onError === 'skip' && !passing && this.#tried) {
          // Halved until the row that can't be changed stands alone, and is left out.
          if (this.#tried.rows.length === 1) alone = { page: this.#tried, error }
          else this.#pace.halve()
          attempt = 0
          if (monotonicNow() >= this.#options.stopAt) return 'late'
        } else if (this.#definition.retry && attempt < this.#definition.retry.attempts)
          await this.#again(error, attempt)
        else throw error
      }
    }
  }

  /** After a deadlock, a conflict, a time-out or a lost connection: smaller, later, and from what was committed. */
  async #afterPassing(error: unknown, attempt: number): Promise<void> {
    const halved = this.#pace.slowDown()
    const next = halved ? `trying ${this.#pace.size} rows` : 'trying again'
    this.#options.context.log.warn(`A batch was rolled back (${messageOf(error).split('\n').at(-1)}): ${next}.`)
    await this.#rest(Math.min(100 * 2 ** attempt, 5_000) * (0.5 + Math.random()))
    await this.#keeper.recall()
  }

  async #again(error: unknown, attempt: number): Promise<void> {
    this.#options.onRetry(messageOf(error), attempt, this.#definition.retry?.attempts ?? attempt)
    const { delay = '1s' } = this.#definition.retry ?? {}
    await this.#rest(toMs(delay) * 2 ** (attempt - 1))
    await this.#keeper.recall()
  }

  #rest(ms: number): Promise<void> {
    return waitUntil(ms, this.#stop, this.#options.stopAt)
  }

  /** Reads, changes and commits one batch with its checkpoint. */
  #batch(size: number, again: boolean): Promise<Page> {
    const oneStatement = again ? undefined : this.#oneStatement
    return oneStatement ? this.#readThenWrite(oneStatement, size) : this.#readAndWrite(size, again)
  }

  async #nextPage(delegate: ReadDelegate, range: Range, size: number): Promise<Page> {
    const page = await nextPage(delegate, this.#walked.walk, range, size)
    const short = shortfall(this.#walked.model.key, this.#walked.walk, page)
    if (short !== undefined) this.#work.sayOnce(short)
    return page
  }

  /** The write is one statement with the checkpoint; where that can't be, a transaction of its own. */
  async #readThenWrite(oneStatement: OneStatement, size: number): Promise<Page> {
    const { client, ledger, sharedClient } = this.#options
    const times = transactionTimes(this.#definition.transaction, BATCH_TIMEOUT)
    const how = { stop: this.#stop, quiet: sharedClient || oneStatement.beatsWait }
    this.#tried = undefined
    const at = this.#keeper.at
    const primary = primaryOf(client)
    const types = await this.#types.of(primary as Writer, this.#walked.model)
    const { page, committed } = await inTime(this.#options, times, how, async () => {
      const page = await this.#nextPage(delegateOf(primary, this.#walked.model), at.checkpoint, size)
      if (page.rows.length === 0) return { page, committed: undefined }
      this.#tried = page
      const { changes, skipped } = await changesOf(page.rows, this.#work)
      const writes = changes.length > 0 ? await oneStatement.writing(changes, types) : ledger
      if (writes) return { page, committed: await this.#keeper.write(writes, at, page, skipped) }
      const committed = await transact(client, times, async (transaction) => {
        const whole: Whole = (work) => inOnePiece(client, transaction, work)
        await writeChanges(changes, transaction as Writer, types, { ...this.#work, whole })
        return this.#keeper.write(ledger.within(transaction), at, page, skipped)
      })
      return { page, committed }
    })
    if (committed) this.#keeper.committed(committed)
    return page
  }

  /** All of it in one transaction, the read too, or in none. */
  async #readAndWrite(size: number, quiet: boolean): Promise<Page> {
    const { client, ledger } = this.#options
    const { transaction = true, update } = this.#definition
    this.#tried = undefined
    const at = this.#keeper.at
    const types = update ? await this.#types.of(primaryOf(client) as Writer, this.#walked.model) : NO_TYPES
    const work = async (reader: object, writer: object, writes: CheckpointWrites) => {
      const delegate = delegateOf(reader, this.#walked.model)
      const page = await this.#nextPage(delegate, at.checkpoint, size)
      if (page.rows.length === 0) return { page, committed: undefined }
      this.#tried = page
      const whole: Whole = transaction ? (work) => inOnePiece(client, writer, work) : (work) => work()
      const { skipped, missed } = await workOn(page.rows, writer as Writer, types, { ...this.#work, whole })
      if (missed.length > 0) await demandGone(missed, delegate, this.#walked.walk, { range: at.checkpoint, size })
      // What fails here is not the fault of the rows; what fails at the commit may be: a deferred constraint.
      this.#tried = undefined
      const committed = await this.#keeper.write(writes, at, page, skipped)
      this.#tried = page
      return { page, committed }
    }
    const { page, committed } = transaction
      ? await inTransaction(
          this.#options,
          transactionTimes(transaction, BATCH_TIMEOUT),
          { stop: this.#stop, quiet },
          (tx) => work(tx, tx, ledger.within(tx)),
        )
      : await work(primaryOf(client), client, ledger)
    if (committed) this.#keeper.committed(committed)
    return page
  }

  /** Leaves out the one row that a batch of one could not change. */
  async #leaveOut(page: Page, error: unknown): Promise<boolean> {
    // The row was at fault; what fails from here on is something else.
    this.#tried = undefined
    const key = describeKey(this.#walked.walk.fields, page.last ?? [])
    const skipped = [{ key, error: lastLine(messageOf(error)).replace(`row ${key}: `, '') }]
    this.#keeper.committed(await this.#keeper.write(this.#options.ledger, this.#keeper.at, page, skipped))
    this.#pace.worked(1, 0)
    return page.more
  }
}

/** A definition that was changed while its backfill stood at a checkpoint would go on somewhere else. */
export function demandSameCursor(checkpoint: Checkpoint, { fields }: Walk): void {
  if (checkpoint.fields.join() === fields.join()) return
  throw new CursorError(
    `it walked by ${checkpoint.fields.join(', ')} so far, and can't go on by ${fields.join(', ')}: put the cursor back, or begin anew with \`after-party mark --pending\``,
  )
}
