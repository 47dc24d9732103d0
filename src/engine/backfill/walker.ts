import type { BackfillDefinition } from '../../backfill.js'
import { type Duration, toMs } from '../../duration.js'
import { codeOf, messageOf } from '../../errors.js'
import { orBusy } from '../../ledger/ask.js'
import { monotonicNow } from '../../ledger/clock.js'
import type { TaskRecord } from '../../ledger/contract.js'
import { leaveConnection } from '../../ledger/leave-connection.js'
import type { ExecuteOptions } from '../execute.js'
import { Lost } from '../stop.js'
import { inOnePiece, inTime, inTransaction, transact, transactionTimes } from '../transaction.js'
import { type BatchWork, ColumnTypes, changesOf, type Whole, type Writer, workOn, writeChanges } from './batch.js'
import { Displaced, isFinal, isPassing, lastLine } from './batch-fault.js'
import {
  type Checkpoint,
  type CheckpointWrites,
  readCheckpoint,
  type SkippedRow,
  writeCheckpoint,
} from './checkpoint.js'
import { describeKey } from './keyset.js'
import type { WalkedModel } from './model.js'
import { OneStatement } from './one-statement.js'
import { Pace, waitUntil } from './pace.js'
import { demandGone } from './unmatched.js'
import { CursorError, lastKey, nextPage, type Page, type Walk } from './walk.js'
import { delegateOf, primaryOf, type Walked } from './walked.js'

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

/** Where a walk stands: a batch begins there, whatever has become of an earlier try of it meanwhile. */
interface Standing {
  checkpoint: Checkpoint
  /** The checkpoint as the record has it. */
  cursor: string | null
  /** Rows, of all attempts. */
  processed: number
}

/** A checkpoint that was written, and counts once it is committed. */
interface Written extends Standing {
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
  readonly #oneStatement: OneStatement | undefined
  #at: Standing
  #total: number | null
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
    this.#model = start.model
    this.#walk = start.walk
    this.#at = { checkpoint: start.checkpoint, cursor: start.cursor, processed: start.processed }
    this.#total = start.total
    this.#pace = new Pace(definition)
    this.#oneStatement = OneStatement.for(definition, start, options)
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
      if (definition.follow) Object.assign(checkpoint, { upTo: null, open: true })
      // `follow` was taken away meanwhile: it ends at what is there now.
      else if (checkpoint.open) {
        checkpoint.upTo = await lastKey(delegateOf(primaryOf(options.client), model), walk)
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
    if (this.#at.checkpoint.upTo === null && !this.#definition.follow) return 'done'
    onProgress(this.#at.processed, this.#total)
    this.#demandFewLeftOut()
    for (;;) {
      await this.#pace.clear(client, this.#stop, stopAt)
      this.#stop.throwIfAborted()
      if (monotonicNow() >= stopAt) return 'paused'
      const more = await this.#nextBatch()
      onProgress(this.#at.processed, this.#total)
      // Other parts may have left out rows while this batch was on its way.
      this.#demandFewLeftOut()
      if (more === 'late') return 'paused'
      if (!more) return 'done'
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
          await this.#recall()
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
    await this.#recall()
  }

  async #again(error: unknown, attempt: number): Promise<void> {
    this.#options.onRetry(messageOf(error), attempt, this.#definition.retry?.attempts ?? attempt)
    const { delay = '1s' } = this.#definition.retry ?? {}
    await this.#rest(toMs(delay) * 2 ** (attempt - 1))
    await this.#recall()
  }

  #rest(ms: number): Promise<void> {
    return waitUntil(ms, this.#stop, this.#options.stopAt)
  }

  /** What the ledger says is committed: the answer to a commit can get lost after the database carried it out. */
  async #recall(): Promise<void> {
    const record = await this.#known()
    if (!record || !this.#holds(record)) throw new Lost()
    const { cursor, processed } = record
    if (cursor === this.#at.cursor) return
    const checkpoint = readCheckpoint(cursor)
    if (!checkpoint) throw new Lost()
    this.#moveTo({ checkpoint, cursor, processed })
  }

  /** The record, as soon as the database tells; whoever loses the claim while it does not is told to stop. */
  async #known(): Promise<TaskRecord | null> {
    const { ledger, claim } = this.#options
    for (let ms = 100; ; ms = Math.min(2 * ms, 2_000)) {
      try {
        return await ledger.record(claim.claim.version)
      } catch (error) {
        if (codeOf(error) !== 'database-unreachable') throw error
        await waitUntil(ms, this.#stop, Number.POSITIVE_INFINITY)
        this.#stop.throwIfAborted()
      }
    }
  }

  #holds({ fence, owner, status }: TaskRecord): boolean {
    const { claim } = this.#options.claim
    return fence === claim.fence && owner === claim.owner && status === 'running'
  }

  /** Reads, changes and commits one batch with its checkpoint. */
  #batch(size: number, again: boolean): Promise<Page> {
    const oneStatement = again ? undefined : this.#oneStatement
    return oneStatement ? this.#readThenWrite(oneStatement, size) : this.#readAndWrite(size, again)
  }

  /** The write is one statement with the checkpoint; where that can't be, a transaction of its own. */
  async #readThenWrite(oneStatement: OneStatement, size: number): Promise<Page> {
    const { client, ledger, sharedClient } = this.#options
    const times = transactionTimes(this.#definition.transaction, BATCH_TIMEOUT)
    const how = { stop: this.#stop, quiet: sharedClient || oneStatement.beatsWait }
    this.#tried = undefined
    const at = this.#at
    const primary = primaryOf(client)
    const types = await this.#types.of(primary as Writer, this.#model)
    const { page, committed } = await inTime(this.#options, times, how, async () => {
      const page = await nextPage(delegateOf(primary, this.#model), this.#walk, at.checkpoint, size)
      if (page.rows.length === 0) return { page, committed: undefined }
      this.#tried = page
      const { changes, skipped } = await changesOf(page.rows, this.#work)
      const writes = changes.length > 0 ? await oneStatement.writing(changes, types) : ledger
      if (writes) return { page, committed: await this.#write(writes, at, page, skipped) }
      const committed = await transact(client, times, async (transaction) => {
        const whole: Whole = (work) => inOnePiece(client, transaction, work)
        await writeChanges(changes, transaction as Writer, types, { ...this.#work, whole })
        return this.#write(ledger.within(transaction), at, page, skipped)
      })
      return { page, committed }
    })
    if (committed) this.#committed(committed)
    return page
  }

  /** All of it in one transaction, the read too, or in none. */
  async #readAndWrite(size: number, quiet: boolean): Promise<Page> {
    const { client, ledger } = this.#options
    const { transaction = true, update } = this.#definition
    this.#tried = undefined
    const at = this.#at
    const types = update ? await this.#types.of(primaryOf(client) as Writer, this.#model) : NO_TYPES
    const work = async (writer: object, writes: Pick<typeof ledger, 'checkpoint'>) => {
      const delegate = delegateOf(writer, this.#model)
      const page = await nextPage(delegate, this.#walk, at.checkpoint, size)
      if (page.rows.length === 0) return { page, committed: undefined }
      this.#tried = page
      const whole: Whole = transaction ? (work) => inOnePiece(client, writer, work) : (work) => work()
      const { skipped, missed } = await workOn(page.rows, writer as Writer, types, { ...this.#work, whole })
      if (missed.length > 0) await demandGone(missed, delegate, this.#walk, { range: at.checkpoint, size })
      // What fails here is not the fault of the rows; what fails at the commit may be: a deferred constraint.
      this.#tried = undefined
      const committed = await this.#write(writes, at, page, skipped)
      this.#tried = page
      return { page, committed }
    }
    const { page, committed } = transaction
      ? await inTransaction(
          this.#options,
          transactionTimes(transaction, BATCH_TIMEOUT),
          { stop: this.#stop, quiet },
          (tx) => work(tx, ledger.within(tx)),
        )
      : await work(primaryOf(client), ledger)
    if (committed) this.#committed(committed)
    return page
  }

  /** Leaves out the one row that a batch of one could not change. */
  async #leaveOut(page: Page, error: unknown): Promise<boolean> {
    // The row was at fault; what fails from here on is something else.
    this.#tried = undefined
    const key = describeKey(this.#walk.fields, page.last ?? [])
    const skipped = [{ key, error: lastLine(messageOf(error)).replace(`row ${key}: `, '') }]
    this.#committed(await this.#write(this.#options.ledger, this.#at, page, skipped))
    this.#pace.worked(1, 0)
    return page.more
  }

  #demandFewLeftOut(latest = this.#at.checkpoint.skipped.at(-1), more = 0): void {
    demandFewLeftOut(this.#definition, this.#leftOut.rows + more, latest)
  }

  /** Writes the checkpoint past a page. */
  #write(writes: CheckpointWrites, at: Standing, page: Page, skipped: readonly SkippedRow[]): Promise<Written> {
    const all = [...at.checkpoint.skipped, ...skipped]
    if (skipped.length > 0) this.#demandFewLeftOut(all.at(-1), skipped.length)
    const checkpoint = { ...at.checkpoint, after: page.last ?? at.checkpoint.after, skipped: all }
    return this.#writeOver(at.cursor, writes, checkpoint, at.processed + page.rows.length)
  }

  async #writeOver(
    from: string | null,
    writes: CheckpointWrites,
    checkpoint: Checkpoint,
    processed: number,
  ): Promise<Written> {
    const { claim } = this.#options
    const { leaseUntil, heard } = await claim.nextLease()
    const cursor = writeCheckpoint(checkpoint)
    const total = this.#total
    const held = await writes.checkpoint(claim.claim, { from, cursor, processed, total, leaseUntil })
    if (!held) throw new Displaced()
    return { checkpoint, cursor, processed, heard }
  }

  /** Notes where the walk begins. Where the answer to that was lost, the record says that it is noted. */
  async #note(checkpoint: Checkpoint): Promise<void> {
    const before = this.#at.cursor
    try {
      const { cursor, heard } = await this.#writeOver(before, this.#options.ledger, checkpoint, 0)
      heard()
      this.#at = { checkpoint, cursor, processed: 0 }
    } catch (error) {
      if (!(error instanceof Displaced)) throw error
      await this.#recall()
      if (this.#at.cursor === before) throw error
    }
  }

  #committed({ heard, ...standing }: Written): void {
    heard()
    this.#moveTo(standing)
  }

  #moveTo(next: Standing): void {
    const skipped = next.checkpoint.skipped.slice(this.#at.checkpoint.skipped.length)
    this.processedNow += next.processed - this.#at.processed
    this.#leftOut.rows += skipped.length
    this.#at = next
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
