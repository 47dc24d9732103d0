import type { BackfillDefinition } from '../../backfill.js'
import { type Duration, toMs } from '../../duration.js'
import { codeOf, messageOf } from '../../errors.js'
import { orBusy } from '../../ledger/ask.js'
import { monotonicNow } from '../../ledger/clock.js'
import type { TaskRecord } from '../../ledger/contract.js'
import { isBusy, isConnectionLost, isWriteConflict } from '../../ledger/database-errors.js'
import { leaveConnection } from '../../ledger/leave-connection.js'
import type { ExecuteOptions } from '../execute.js'
import { Lost } from '../stop.js'
import { inOnePiece, inTransaction, TransactionEnded, TransactionTimeout, transactionTimes } from '../transaction.js'
import { type BatchWork, ColumnTypes, type Whole, type Writer, workOn } from './batch.js'
import { type Checkpoint, readCheckpoint, type SkippedRow, writeCheckpoint } from './checkpoint.js'
import { describeKey } from './keyset.js'
import type { WalkedModel } from './model.js'
import { Pace, wait } from './pace.js'
import { CursorError, lastKey, nextPage, type Page, type Walk } from './walk.js'
import { delegateOf, type Walked } from './walked.js'

/** What is needed to run a backfill under its claim. */
export interface BackfillOptions extends ExecuteOptions {
  /** The backfill's name, who runs it, and the lease of a claim: what parts are claimed with. */
  name: string
  owner: string
  leaseMs: number
  deployId: string | undefined
  /** On the monotonic clock: no new batch begins after it. */
  stopAt: number
  onProgress(processed: number, total: number | null): void
  /** What was said once already, in all parts together. */
  said?: Set<string>
  /** Rows left out so far, in all parts together. */
  leftOut?: { rows: number }
}

/** A checkpoint that was written, and counts once it is committed. */
interface Written {
  checkpoint: Checkpoint
  cursor: string
  heard(): void
}

/** Where a walk begins. */
export interface Start {
  checkpoint: Checkpoint
  /** Rows. */
  total: number | null
}

const BATCH_TIMEOUT: Duration = '30s'
const BATCH_TRIES = 8
const DEFAULT_MAX_SKIPPED = 100
const NO_TYPES: Awaited<ReturnType<ColumnTypes['of']>> = new Map()

/** One walk over one range of rows, batch by batch, from its checkpoint. */
export class Walker {
  /** Rows, in this attempt. */
  processedNow = 0
  readonly #definition: BackfillDefinition
  readonly #options: BackfillOptions
  readonly #stop: AbortSignal
  readonly #model: WalkedModel
  readonly #walk: Walk
  readonly #work: Omit<BatchWork, 'whole'>
  readonly #pace: Pace
  readonly #types = new ColumnTypes()
  readonly #leftOut: { rows: number }
  #checkpoint: Checkpoint
  /** The checkpoint as the record has it. */
  #cursor: string | null
  /** Rows, of all attempts. */
  #processed: number
  #total: number | null
  /** The rows that the latest batch was about. */
  #tried: Page | undefined

  private constructor(
    definition: BackfillDefinition,
    options: BackfillOptions,
    stop: AbortSignal,
    start: Walked & { checkpoint: Checkpoint; cursor: string | null; processed: number; total: number | null },
  ) {
    this.#definition = definition
    this.#options = options
    this.#stop = stop
    this.#model = start.model
    this.#walk = start.walk
    this.#checkpoint = start.checkpoint
    this.#cursor = start.cursor
    this.#processed = start.processed
    this.#total = start.total
    this.#pace = new Pace(definition)
    this.#leftOut = options.leftOut ?? { rows: start.checkpoint.skipped.length }
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
      // `follow` was taken away meanwhile: it ends at what is there now.
      if (checkpoint.open && !definition.follow) {
        checkpoint.upTo = await lastKey(delegateOf(options.client, model), walk)
        delete checkpoint.open
      }
      const { processed = 0, total = null } = record ?? {}
      for (const { key, error } of checkpoint.skipped) options.context.log.warn(`left out before: ${key}: ${error}`)
      return new Walker(definition, options, stop, { model, walk, checkpoint, cursor, processed, total })
    }
    const start = await first()
    const walker = new Walker(definition, options, stop, { model, walk, ...start, cursor, processed: 0 })
    await walker.#note(start.checkpoint)
    return walker
  }

  async walk(): Promise<'done' | 'paused'> {
    const { client, stopAt, onProgress } = this.#options
    // An empty table has no last row; there is nothing to walk but what `follow` would bring.
    if (this.#checkpoint.upTo === null && !this.#definition.follow) return 'done'
    onProgress(this.#processed, this.#total)
    this.#demandFewLeftOut(this.#checkpoint.skipped.at(-1))
    for (;;) {
      await this.#pace.clear(client, this.#stop, stopAt)
      this.#stop.throwIfAborted()
      if (monotonicNow() >= stopAt) return 'paused'
      const more = await this.#nextBatch()
      onProgress(this.#processed, this.#total)
      // Other parts may have left out rows while this batch was on its way.
      this.#demandFewLeftOut(this.#checkpoint.skipped.at(-1))
      if (!more) return 'done'
      await this.#pace.rest(this.#stop, stopAt)
    }
  }

  /** One batch, in smaller parts or again where that helps. Whether there are more rows after it. */
  async #nextBatch(): Promise<boolean> {
    let alone: { page: Page; error: unknown } | undefined
    for (let attempt = 1; ; attempt += 1) {
      const began = monotonicNow()
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
          await this.#recall()
        } else if (passing && attempt < BATCH_TRIES) await this.#afterPassing(error, attempt)
        else if (this.#definition.onError === 'skip' && !passing && this.#tried) {
          // Halved until the row that can't be changed stands alone, and is left out.
          if (this.#tried.rows.length === 1) alone = { page: this.#tried, error }
          else this.#pace.halve()
          attempt = 0
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
    await wait(Math.min(100 * 2 ** attempt, 5_000) * (0.5 + Math.random()), this.#stop)
    await this.#recall()
  }

  async #again(error: unknown, attempt: number): Promise<void> {
    this.#options.onRetry(messageOf(error), attempt, this.#definition.retry?.attempts ?? attempt)
    const { delay = '1s' } = this.#definition.retry ?? {}
    await wait(toMs(delay) * 2 ** (attempt - 1), this.#stop)
    await this.#recall()
  }

  /** What the ledger says is committed: the answer to a commit can get lost after the database carried it out. */
  async #recall(): Promise<void> {
    const record = await this.#known()
    if (!record || !this.#holds(record)) throw new Lost()
    if (record.cursor === this.#cursor) return
    const checkpoint = readCheckpoint(record.cursor)
    if (!checkpoint) throw new Lost()
    this.processedNow += record.processed - this.#processed
    this.#processed = record.processed
    this.#cursor = record.cursor
    this.#checkpoint = checkpoint
  }

  /** The record, as soon as the database tells; whoever loses the claim while it does not is told to stop. */
  async #known(): Promise<TaskRecord | null> {
    const { ledger, claim } = this.#options
    for (let ms = 100; ; ms = Math.min(2 * ms, 2_000)) {
      try {
        return await ledger.record(claim.claim.version)
      } catch (error) {
        if (codeOf(error) !== 'database-unreachable') throw error
        await wait(ms, this.#stop)
        this.#stop.throwIfAborted()
      }
    }
  }

  #holds({ fence, owner, status }: TaskRecord): boolean {
    const { claim } = this.#options.claim
    return fence === claim.fence && owner === claim.owner && status === 'running'
  }

  /** Reads, changes and commits one batch with its checkpoint. */
  async #batch(size: number, quiet: boolean): Promise<Page> {
    const { client, ledger } = this.#options
    const { transaction = true, update } = this.#definition
    this.#tried = undefined
    const types = update ? await this.#types.of(client as Writer, this.#model) : NO_TYPES
    const work = async (writer: object, writes: Pick<typeof ledger, 'checkpoint'>) => {
      const page = await nextPage(delegateOf(writer, this.#model), this.#walk, this.#checkpoint, size)
      if (page.rows.length === 0) return { page, committed: undefined }
      this.#tried = page
      const whole: Whole = transaction ? (work) => inOnePiece(client, writer, work) : (work) => work()
      const skipped = await workOn(page.rows, writer as Writer, types, { ...this.#work, whole })
      const checkpoint = this.#past(page, skipped)
      const written = await this.#write(writes, checkpoint, this.#processed + page.rows.length)
      return { page, committed: { ...written, skipped } }
    }
    const { page, committed } = transaction
      ? await inTransaction(
          this.#options,
          transactionTimes(transaction, BATCH_TIMEOUT),
          { stop: this.#stop, quiet },
          (tx) => work(tx, ledger.within(tx)),
        )
      : await work(client, ledger)
    if (committed) this.#committed(committed, page.rows.length, committed.skipped)
    return page
  }

  /** Leaves out the one row that a batch of one could not change. */
  async #leaveOut(page: Page, error: unknown): Promise<boolean> {
    const { ledger } = this.#options
    const key = describeKey(this.#walk.fields, page.last ?? [])
    const skipped = [{ key, error: lastLine(messageOf(error)).replace(`row ${key}: `, '') }]
    const checkpoint = this.#past(page, skipped)
    this.#committed(await this.#write(ledger, checkpoint, this.#processed + 1), 1, skipped)
    this.#pace.worked(1, 0)
    return page.more
  }

  #past(page: Page, skipped: readonly SkippedRow[]): Checkpoint {
    const all = [...this.#checkpoint.skipped, ...skipped]
    if (skipped.length > 0) this.#demandFewLeftOut(all.at(-1), skipped.length)
    return { ...this.#checkpoint, after: page.last ?? this.#checkpoint.after, skipped: all }
  }

  #demandFewLeftOut(latest: SkippedRow | undefined, more = 0): void {
    demandFewLeftOut(this.#definition, this.#leftOut.rows + more, latest)
  }

  async #write(
    writes: Pick<BackfillOptions['ledger'], 'checkpoint'>,
    checkpoint: Checkpoint,
    processed: number,
  ): Promise<Written> {
    const { claim } = this.#options
    const { leaseUntil, heard } = await claim.nextLease()
    const cursor = writeCheckpoint(checkpoint)
    const [from, total] = [this.#cursor, this.#total]
    const held = await writes.checkpoint(claim.claim, { from, cursor, processed, total, leaseUntil })
    if (!held) throw new Displaced()
    return { checkpoint, cursor, heard }
  }

  /** Notes where the walk begins. Where the answer to that was lost, the record says that it is noted. */
  async #note(checkpoint: Checkpoint): Promise<void> {
    try {
      const { cursor, heard } = await this.#write(this.#options.ledger, checkpoint, 0)
      heard()
      this.#cursor = cursor
    } catch (error) {
      if (!(error instanceof Displaced)) throw error
      const before = this.#cursor
      await this.#recall()
      if (this.#cursor === before) throw error
    }
  }

  #committed({ checkpoint, cursor, heard }: Written, rows: number, skipped: readonly SkippedRow[]): void {
    heard()
    this.#checkpoint = checkpoint
    this.#cursor = cursor
    this.#processed += rows
    this.processedNow += rows
    this.#leftOut.rows += skipped.length
    for (const { key, error } of skipped) this.#options.context.log.warn(`left out: ${key}: ${error}`)
  }
}

/** A definition that was changed while its backfill stood at a checkpoint would go on somewhere else. */
export function demandSameCursor(checkpoint: Checkpoint, { fields }: Walk): void {
  if (checkpoint.fields.join() === fields.join()) return
  throw new CursorError(
    `it walked by ${checkpoint.fields.join(', ')} so far, and can't go on by ${fields.join(', ')}: put the cursor back, or begin anew with \`after-party mark --pending\``,
  )
}

/** Ends a backfill though its rows may be left out. */
class TooManySkipped extends CursorError {}

/** Throws when more rows were left out than may be. */
export function demandFewLeftOut(
  { maxSkipped = DEFAULT_MAX_SKIPPED }: BackfillDefinition,
  rows: number,
  latest: SkippedRow | undefined,
): void {
  if (rows <= maxSkipped) return
  const last = latest ? `; the last: ${latest.key}: ${latest.error}` : ''
  throw new TooManySkipped(`more than ${maxSkipped} rows could not be changed${last}`)
}

/** The checkpoint was not written: the claim is lost, or an earlier try was committed after all. Rolls the batch back. */
class Displaced extends Error {
  constructor() {
    super('the checkpoint was not where this batch began')
  }
}

/** What no other batch could get past, nor the same one later. */
function isFinal(error: unknown): boolean {
  return error instanceof Lost || error instanceof CursorError || error instanceof TransactionEnded
}

/** What a smaller batch, or a later one, may get past. */
function isPassing(error: unknown): boolean {
  return (
    error instanceof TransactionTimeout ||
    isWriteConflict(error) ||
    isBusy(error) ||
    isConnectionLost(error) ||
    /lock wait timeout|lock timeout|statement timeout|canceling statement/i.test(messageOf(error))
  )
}

function lastLine(text: string): string {
  return (
    text
      .split('\n')
      .filter((line) => line.trim() !== '')
      .at(-1)
      ?.trim() ?? text
  )
}
