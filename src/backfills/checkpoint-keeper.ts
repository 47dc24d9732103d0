import { Lost } from '../attempt/stop.js'
import { type BackfillDefinition, DEFAULT_MAX_SKIPPED } from '../define/backfill.js'
import { codeOf } from '../define/errors.js'
import type { SkippedRow } from '../define/events.js'
import type { Claim, TaskRecord } from '../ledger/contract.js'
import { type Checkpoint, type CheckpointWrites, readCheckpoint, skippedRowsOf, writeCheckpoint } from './checkpoint.js'
import { waitUntil } from './pace.js'
import { Displaced } from './rows/batch-fault.js'
import { CursorError, type Page } from './rows/pages.js'
import type { BackfillOptions } from './walking.js'

/** Where a walk stands: a batch begins there, whatever has become of an earlier try of it meanwhile. */
export interface Standing {
  checkpoint: Checkpoint
  /** The checkpoint as the record has it. */
  stored: string | null
  /** Rows that were skipped so far. */
  skipped: readonly SkippedRow[]
  /** Rows, of all attempts. */
  processed: number
  /** Rows that changed meanwhile, of all attempts. */
  changedMeanwhile: number
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
  readonly #skippedTogether: { rows: number }
  #at: Standing
  /** False where the first release kept the rows that were skipped in its checkpoint, which is written over. */
  #listed: boolean

  constructor(
    definition: BackfillDefinition,
    options: BackfillOptions,
    stop: AbortSignal,
    { total, listed, ...at }: Standing & { total: number | null; listed: boolean },
  ) {
    this.#definition = definition
    this.#options = options
    this.#stop = stop
    this.total = total
    this.#listed = listed
    this.#at = at
    this.#skippedTogether = options.skippedTogether ?? { rows: at.skipped.length }
  }

  get at(): Standing {
    return this.#at
  }

  /** Throws when more rows were skipped than may be, in all parts together. */
  demandFewSkipped(latest = this.#at.skipped.at(-1), more = 0): void {
    demandFewSkipped(this.#definition, this.#skippedTogether.rows + more, latest)
  }

  /** Writes the checkpoint past a page. It counts once `committed` is told. */
  write(
    writes: CheckpointWrites,
    at: Standing,
    page: Page,
    { skipped, changedMeanwhile = 0 }: { skipped: readonly SkippedRow[]; changedMeanwhile?: number },
  ): Promise<Written> {
    if (skipped.length > 0) this.demandFewSkipped(skipped.at(-1), skipped.length)
    const next = {
      checkpoint: { ...at.checkpoint, after: page.last ?? at.checkpoint.after },
      skipped: skipped.length > 0 ? [...at.skipped, ...skipped] : at.skipped,
      processed: at.processed + page.rows.length,
      changedMeanwhile: at.changedMeanwhile + changedMeanwhile,
    }
    return this.#writeOver(at, writes, next)
  }

  committed({ heard, ...standing }: Written): void {
    heard()
    this.#moveTo(standing)
  }

  /** Puts the checkpoint back to where it was before a page whose rows turned out not to be written. */
  async takeBack(written: Written): Promise<void> {
    await this.#writeOver(written, this.#options.ledger, this.#at)
  }

  async #writeOver(
    before: Pick<Standing, 'stored' | 'skipped' | 'changedMeanwhile'>,
    writes: CheckpointWrites,
    { checkpoint, skipped, processed, changedMeanwhile }: Omit<Standing, 'stored'>,
  ): Promise<Written> {
    const { claim } = this.#options
    const { leaseUntil, heard } = await claim.nextLease()
    const stored = writeCheckpoint(checkpoint)
    const { stored: from } = before
    const { total } = this
    const sent = claim.claim
    const write = (as: Claim) =>
      writes.checkpoint(as, {
        ...{ from, checkpoint: stored, processed, total, leaseUntil },
        // Most batches skip nothing, and the list may be long.
        ...((skipped !== before.skipped || !this.#listed) && { skippedRows: skipped }),
        ...(changedMeanwhile !== before.changedMeanwhile && { changedMeanwhile }),
      })
    const { ledger } = this.#options
    // What is done without a transaction is done: its checkpoint must not be lost to a request.
    const written =
      (await write(sent)) || (writes === ledger && (await claim.wasAsked(sent)) && (await write(claim.claim)))
    if (!written) throw new Displaced()
    return { checkpoint, stored, skipped, processed, changedMeanwhile, heard }
  }

  /** Notes where the walk begins. Where the answer to that was lost, the record says that it is noted. */
  async note(checkpoint: Checkpoint): Promise<void> {
    const before = this.#at
    try {
      const { heard, ...at } = await this.#writeOver(before, this.#options.ledger, {
        ...before,
        checkpoint,
        processed: 0,
      })
      heard()
      this.#at = at
    } catch (error) {
      if (!(error instanceof Displaced)) throw error
      await this.recall()
      if (this.#at.stored === before.stored) throw error
    }
  }

  #moveTo(next: Standing): void {
    const skipped = next.skipped.slice(this.#at.skipped.length)
    this.processedNow += next.processed - this.#at.processed
    this.#skippedTogether.rows += skipped.length
    this.#at = next
    this.#listed = true
    for (const row of skipped) this.#options.onSkipped(row)
  }

  /** What the ledger says is committed: the answer to a commit can get lost after the database carried it out. */
  async recall(): Promise<void> {
    const record = await this.#known()
    if (!record || !this.#holds(record)) throw new Lost()
    if (record.request) this.#options.claim.heed(record.request)
    const { checkpoint: stored, processed, changedMeanwhile } = record
    if (stored === this.#at.stored) return this.#stop.throwIfAborted()
    const checkpoint = readCheckpoint(stored)
    if (!checkpoint) throw new Lost()
    this.#moveTo({ checkpoint, stored, skipped: skippedRowsOf(record), processed, changedMeanwhile })
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

/** Ends a backfill that skips rows. */
class TooManySkipped extends CursorError {}

/** Throws when more rows were skipped than may be. */
export function demandFewSkipped(
  { maxSkipped = DEFAULT_MAX_SKIPPED }: BackfillDefinition,
  rows: number,
  latest: SkippedRow | undefined,
): void {
  if (rows <= maxSkipped) return
  const last = latest ? `. The last one: ${latest.key}: ${latest.error}` : ''
  throw new TooManySkipped(`more than ${maxSkipped} rows could not be changed${last}`)
}
