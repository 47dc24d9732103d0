import type { BackfillDefinition } from '../define/backfill.js'
import { toMs } from '../define/duration.js'
import { lastLine, messageOf } from '../define/errors.js'
import type { SkippedRow } from '../define/events.js'
import { monotonicNow } from '../ledger/clock.js'
import type { TaskRecord } from '../ledger/contract.js'
import { orBusy } from '../prisma/ask.js'
import { delegateOf, primaryOf } from '../prisma/client.js'
import { leaveConnection } from '../prisma/leave-connection.js'
import type { Try } from './batch-rows.js'
import { BatchRunner } from './batch-runner.js'
import { type Checkpoint, readCheckpoint, skippedRowsOf } from './checkpoint.js'
import { CheckpointKeeper, type Standing } from './checkpoint-keeper.js'
import { type Fault, nextTry } from './next-try.js'
import { Pace, waitUntil } from './pace.js'
import { isTooLarge } from './rows/batch-fault.js'
import { type Key, keyOf } from './rows/keys.js'
import { CursorError, type Page, type Walk } from './rows/pages.js'
import { RowFault } from './rows/row-fault.js'
import type { Walked } from './rows/target.js'
import { demandStoredAsWritten } from './stored-keys.js'
import { findObstacle, readLastKey, Unreadable } from './unreadable-rows.js'
import type { BackfillOptions } from './walking.js'
import { RowsRefused } from './write/unmatched-rows.js'

/** Where a walk begins. */
export interface Start {
  checkpoint: Checkpoint
  /** Rows. */
  total: number | null
}

/** What a walk begins from. */
interface Beginning {
  walked: Walked
  /** As it is under the claim. */
  record: TaskRecord | null
  first(): Promise<Start>
  isOfThisWalk?(checkpoint: Checkpoint): boolean
}

/** One walk over one range of rows, batch by batch, from its checkpoint. */
export class Walker {
  readonly #definition: BackfillDefinition
  readonly #options: BackfillOptions
  readonly #stop: AbortSignal
  readonly #walked: Walked
  readonly #pace: Pace
  readonly #keeper: CheckpointKeeper
  readonly #batches: BatchRunner

  private constructor(
    definition: BackfillDefinition,
    options: BackfillOptions,
    stop: AbortSignal,
    start: Walked & Standing & { total: number | null; listed: boolean },
  ) {
    this.#definition = definition
    this.#options = options
    this.#stop = stop
    this.#walked = { model: start.model, walk: start.walk }
    const { checkpoint, stored, skipped, listed, processed, changedMeanwhile, total } = start
    const at = { checkpoint, stored, skipped, processed, changedMeanwhile }
    this.#keeper = new CheckpointKeeper(definition, options, stop, { ...at, listed, total })
    this.#pace = new Pace(definition)
    this.#batches = new BatchRunner(definition, options, stop, { walked: start, keeper: this.#keeper })
  }

  /**
   * Goes on at the record's checkpoint. Where there is none of this walk, `first` says where it begins and ends, and
   * that is noted before the first row is touched.
   */
  static async begin(
    definition: BackfillDefinition,
    options: BackfillOptions,
    stop: AbortSignal,
    { walked: { model, walk }, record, first, isOfThisWalk = () => true }: Beginning,
  ): Promise<Walker> {
    const stored = record?.checkpoint ?? null
    const checkpoint = readCheckpoint(stored)
    if (checkpoint && isOfThisWalk(checkpoint)) {
      demandSameCursor(checkpoint, walk)
      if (definition.follow) Object.assign(checkpoint, { upTo: null, open: true })
      // `follow` was taken away meanwhile: it ends at what is there now.
      else if (checkpoint.open) {
        checkpoint.upTo = await readLastKey(options.client, { model, walk })
        delete checkpoint.open
      }
      const { processed = 0, changedMeanwhile = 0, total = null } = record ?? {}
      const skipped = record ? skippedRowsOf(record) : []
      const listed = skipped.length === record?.skippedRows.length
      const at = { checkpoint, stored, skipped, processed, changedMeanwhile }
      return new Walker(definition, options, stop, { model, walk, ...at, listed, total })
    }
    const start = await first()
    const walker = new Walker(definition, options, stop, {
      ...{ model, walk, ...start, stored },
      // Those of an earlier walk are not of this one.
      ...{ skipped: [], listed: record === null || record.skippedRows.length === 0, processed: 0, changedMeanwhile: 0 },
    })
    await walker.#keeper.note(start.checkpoint)
    return walker
  }

  /** Rows skipped so far, in all attempts. */
  get skipped(): readonly SkippedRow[] {
    return this.#keeper.at.skipped
  }

  /** Rows that changed meanwhile so far, in all attempts. */
  get changedMeanwhile(): number {
    return this.#keeper.at.changedMeanwhile
  }

  /** Rows, in this attempt. */
  get processedNow(): number {
    return this.#keeper.processedNow
  }

  async walk(): Promise<'done' | 'paused'> {
    try {
      return await this.#walk()
    } finally {
      await this.#batches.end()
    }
  }

  async #walk(): Promise<'done' | 'paused'> {
    const { client, stopAt, onProgress, onThrottled } = this.#options
    const keeper = this.#keeper
    // An empty table has no last row; there is nothing to walk but what `follow` would bring.
    if (keeper.at.checkpoint.upTo === null && !this.#definition.follow) return 'done'
    onProgress(keeper.at.processed, keeper.total)
    keeper.demandFewSkipped()
    for (let batch = 1; ; batch += 1) {
      await this.#pace.clear(client, { stop: this.#stop, until: stopAt, onThrottled })
      this.#stop.throwIfAborted()
      if (monotonicNow() >= stopAt) return 'paused'
      const more = await this.#nextBatch()
      onProgress(keeper.at.processed, keeper.total, batch)
      // Other parts may have skipped rows while this batch was on its way.
      keeper.demandFewSkipped()
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
    const { client, stopAt } = this.#options
    let refused: Try['refused'] = new Map()
    let until: Try['until']
    /** The row to skip. */
    let alone: Fault | undefined
    for (let attempt = 1, first = true; ; attempt += 1, first = false) {
      const began = monotonicNow()
      if (!first && began >= stopAt) return 'late'
      try {
        if (alone?.page) return await this.#skip(alone.page, alone.error)
        const { size } = this.#pace
        const { rows, more } = await orBusy(
          () => this.#batches.run({ size, again: attempt > 1, until, refused }),
          () => leaveConnection(client),
        )
        this.#pace.worked(rows.length, monotonicNow() - began)
        return more
      } catch (thrown) {
        if (this.#stop.aborted) throw thrown
        const fault = alone ? { error: thrown, page: undefined } : await this.#faultOf(thrown, until)
        const { error, obstacle } = fault
        alone = until = undefined
        switch (nextTry(fault, { attempt, size: this.#pace.size }, this.#definition)) {
          case 'recall':
            await this.#keeper.recall()
            break
          case 'later':
            await this.#afterPassing(error, attempt)
            break
          case 'part':
            if (obstacle?.kind === 'size') this.#smaller(fault)
            if (obstacle && 'until' in obstacle) until = obstacle.until
            break
          case 'smaller':
            this.#smaller(fault)
            attempt = 0
            break
          case 'without':
            if (error instanceof RowsRefused) refused = new Map([...refused, ...error.rows])
            attempt = 0
            break
          case 'halve':
            this.#pace.halve()
            attempt = 0
            break
          case 'skip':
            alone = fault
            attempt = 0
            break
          case 'retry':
            await this.#again(error, attempt)
            break
          default:
            throw error
        }
      }
    }
  }

  /** What failed, and whose fault it is. */
  async #faultOf(thrown: unknown, until: Key | undefined): Promise<Fault> {
    const { tried } = this.#batches
    const { model, walk } = this.#walked
    if (!(thrown instanceof Unreadable)) {
      const [row] = tried?.rows.length === 1 ? tried.rows : []
      const error = row && isTooLarge(thrown) ? RowFault.of(thrown, walk.fields, keyOf(walk.fields, row)) : thrown
      return { error, page: tried }
    }
    const { after, upTo } = this.#keeper.at.checkpoint
    const delegate = delegateOf(primaryOf(this.#options.client), model)
    try {
      const obstacle = await findObstacle(delegate, walk, { after, upTo: until ?? upTo }, this.#pace.size)
      return obstacle.kind === 'row'
        ? { error: obstacle.error, page: obstacle.page, obstacle }
        : { error: thrown.cause, page: undefined, obstacle }
    } catch (error) {
      return { error, page: undefined }
    }
  }

  /** Skips the one row that a batch of one could not change, or that can't be read. */
  async #skip(page: Page, error: unknown): Promise<boolean> {
    await this.#batches.skip(page, error)
    this.#pace.worked(1, 0)
    return page.more
  }

  /** After a batch that was too large to be read or written. */
  #smaller({ error, page }: Fault): void {
    this.#pace.slowDown(page?.rows.length)
    const { size } = this.#pace
    this.#options.context.log.warn(`A batch was too large (${lastLine(messageOf(error))}). Retrying with ${size} rows.`)
  }

  /** After a deadlock, a conflict, a time-out or a lost connection: smaller, later, and from what was committed. */
  async #afterPassing(error: unknown, attempt: number): Promise<void> {
    const halved = this.#pace.slowDown()
    const next = halved ? `Retrying with ${this.#pace.size} rows` : 'Retrying'
    this.#options.context.log.warn(`A batch was rolled back (${lastLine(messageOf(error))}). ${next}.`)
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
}

/** A definition that was changed while its backfill stood at a checkpoint would go on somewhere else. */
export function demandSameCursor(checkpoint: Checkpoint, { fields }: Walk): void {
  if (checkpoint.fields.join() === fields.join()) return
  throw new CursorError(
    `the cursor changed from ${checkpoint.fields.join(', ')} to ${fields.join(', ')}, so the backfill can't resume: restore the cursor, or start over with \`npx after-party mark <name> --pending\``,
  )
}
