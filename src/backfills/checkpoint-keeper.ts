import { Lost } from '../attempt/stop.js'
import { type BackfillDefinition, DEFAULT_MAX_SKIPPED } from '../define/backfill.js'
import { codeOf } from '../define/errors.js'
import type { TaskRecord } from '../ledger/contract.js'
import type { BackfillOptions } from './backfill-options.js'
import {
  type Checkpoint,
  type CheckpointWrites,
  readCheckpoint,
  type SkippedRow,
  writeCheckpoint,
} from './checkpoint.js'
import { waitUntil } from './pace.js'
import { Displaced } from './rows/batch-fault.js'
import { CursorError, type Page } from './rows/pages.js'
import { sayLeftOut } from './skipped-rows.js'

/** Where a walk stands: a batch begins there, whatever has become of an earlier try of it meanwhile. */
export interface Standing {
  checkpoint: Checkpoint
  /** The checkpoint as the record has it. */
  cursor: string | null
  /** Rows, of all attempts. */
  processed: number
}

/** A checkpoint that was written, and counts once it is committed. */
export interface Written extends Standing {
  heard(): void
}

/**
 * Keeps the checkpoint of one walk: moves it on, batch by batch, and finds out what became of it when an answer got
 * lost.
 */
export class CheckpointKeeper {
  /** Rows, in this attempt. */
  processedNow = 0
  readonly total: number | null
  readonly #definition: BackfillDefinition
  readonly #options: BackfillOptions
  readonly #stop: AbortSignal
  readonly #leftOut: { rows: number }
  #at: Standing

  constructor(
    definition: BackfillDefinition,
    options: BackfillOptions,
    stop: AbortSignal,
    { total, ...at }: Standing & { total: number | null },
  ) {
    this.#definition = definition
    this.#options = options
    this.#stop = stop
    this.total = total
    this.#at = at
    this.#leftOut = options.leftOut ?? { rows: at.checkpoint.skipped.length }
  }

  get at(): Standing {
    return this.#at
  }

  /** Throws when more rows were left out than may be, in all parts together. */
  demandFewLeftOut(latest = this.#at.checkpoint.skipped.at(-1), more = 0): void {
    demandFewLeftOut(this.#definition, this.#leftOut.rows + more, latest)
  }

  /** Writes the checkpoint past a page. It counts once `committed` is told. */
  write(writes: CheckpointWrites, at: Standing, page: Page, skipped: readonly SkippedRow[]): Promise<Written> {
    const all = [...at.checkpoint.skipped, ...skipped]
    if (skipped.length > 0) this.demandFewLeftOut(all.at(-1), skipped.length)
    const checkpoint = { ...at.checkpoint, after: page.last ?? at.checkpoint.after, skipped: all }
    return this.#writeOver(at.cursor, writes, checkpoint, at.processed + page.rows.length)
  }

  committed({ heard, ...standing }: Written): void {
    heard()
    this.#moveTo(standing)
  }

  /** Puts the checkpoint back to where it was before a page whose rows turned out not to be written. */
  async takeBack({ cursor }: Written): Promise<void> {
    const { checkpoint, processed } = this.#at
    await this.#writeOver(cursor, this.#options.ledger, checkpoint, processed)
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
    const { total } = this
    const held = await writes.checkpoint(claim.claim, { from, cursor, processed, total, leaseUntil })
    if (!held) throw new Displaced()
    return { checkpoint, cursor, processed, heard }
  }

  /** Notes where the walk begins. Where the answer to that was lost, the record says that it is noted. */
  async note(checkpoint: Checkpoint): Promise<void> {
    const before = this.#at.cursor
    try {
      const { cursor, heard } = await this.#writeOver(before, this.#options.ledger, checkpoint, 0)
      heard()
      this.#at = { checkpoint, cursor, processed: 0 }
    } catch (error) {
      if (!(error instanceof Displaced)) throw error
      await this.recall()
      if (this.#at.cursor === before) throw error
    }
  }

  #moveTo(next: Standing): void {
    const skipped = next.checkpoint.skipped.slice(this.#at.checkpoint.skipped.length)
    this.processedNow += next.processed - this.#at.processed
    this.#leftOut.rows += skipped.length
    this.#at = next
    sayLeftOut(this.#options.context.log, skipped)
  }

  /** What the ledger says is committed: the answer to a commit can get lost after the database carried it out. */
  async recall(): Promise<void> {
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
