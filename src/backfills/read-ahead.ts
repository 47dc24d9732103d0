import { setTimeout as sleep } from 'node:timers/promises'
import { HANGS_MS } from '../attempt/transaction.js'
import type { ReadDelegate } from '../prisma/client.js'
import type { WritesTogether } from './at-once.js'
import type { BatchRows, Place, Prepared } from './batch-rows.js'
import type { Page, Walk } from './rows/pages.js'

/** A batch that only needs to be written. `together`: by one statement with its checkpoint. */
export type Ready = Prepared & { together: WritesTogether | undefined }

/** Makes the statement of what is prepared. */
export type Writing = (prepared: Prepared) => Promise<WritesTogether | undefined>

/** The batch after one that is under way. */
interface Next {
  place: Place
  reader: ReadDelegate
  page: Promise<Page>
  ready?: Promise<Ready>
  /** The rows that `update` got, also where it threw. */
  tried?: Page
}

/**
 * Reads the next batch while one is computed, and computes it while that one is written: never more than one, and only
 * for the batch that comes next as it was planned. Whoever changes its rows before they are written is noticed as
 * always, so this is only for rows of which everything that counts is compared.
 */
export class ReadAhead {
  readonly #rows: BatchRows
  #next: Next | undefined
  /** Under way, whether somebody needs it still or not. */
  #running: Promise<unknown> | undefined
  /** `update` gave promises, maybe of what it asks the database, and that of what the batches before have written. */
  #waits = false

  constructor(rows: BatchRows) {
    this.#rows = rows
  }

  /** A batch, from what is read ahead if it is that one. Where it may, the one after it begins to be read. */
  async ready(
    reader: ReadDelegate,
    place: Place,
    given: { may: boolean; writing: Writing; onTried(page: Page | undefined): void },
  ): Promise<Ready> {
    const { may, writing, onTried } = given
    const begun = this.#take(place)
    const onPage = (page: Page) => {
      onTried(page)
      if (may && page.more && !this.#waits) this.#read(reader, page, place)
    }
    if (!begun?.ready) {
      const prepared = await this.#rows.prepare(reader, place, onPage, begun?.page)
      this.#waits ||= prepared.waited
      return { ...prepared, together: await writing(prepared) }
    }
    try {
      const ready = await begun.ready
      this.#waits ||= ready.waited
      onPage(ready.page)
      return ready
    } catch (error) {
      onTried(begun.tried)
      throw error
    }
  }

  /** The keys of a batch, where its rows are not needed. They are a range: what happens in it before it is written counts. */
  async keys(reader: ReadDelegate, place: Place, { may, walk }: { may: boolean; walk: Walk }): Promise<Page> {
    const page = await (this.#take(place)?.page ?? this.#rows.page(reader, place, walk))
    if (may && page.more) this.#read(reader, page, place, walk)
    return page
  }

  /** Lets `update` compute what is being read, and makes the statement of it. */
  compute(writing: Writing): void {
    const next = this.#next
    if (!next || this.#waits) return
    const { place, reader, page } = next
    const onPage = (tried: Page) => {
      next.tried = tried
    }
    const ready = async () => {
      const prepared = await this.#rows.prepare(reader, place, onPage, page)
      return { ...prepared, together: await writing(prepared) }
    }
    next.ready = this.#hear(ready())
  }

  /** Forgets what is read ahead. */
  drop(): void {
    this.#next = undefined
  }

  /** Waits until nothing is being read any more; not for a connection that hangs. */
  async end(): Promise<void> {
    this.drop()
    const waiting = new AbortController()
    await Promise.race([this.#running, sleep(HANGS_MS, undefined, waiting).catch(() => {})])
    waiting.abort()
  }

  #read(reader: ReadDelegate, { last }: Page, { at, batch: { size } }: Place, walk?: Walk): void {
    const checkpoint = { ...at.checkpoint, after: last }
    const place = { at: { ...at, checkpoint }, batch: { size, again: false, until: undefined, refused: new Map() } }
    this.#next = { place, reader, page: this.#hear(this.#rows.page(reader, place, walk)) }
  }

  /** What was read for a batch; undefined where that is another one, or is done again. */
  #take({ at, batch: { again, until, refused } }: Place): Next | undefined {
    const next = this.#next
    this.drop()
    const asPlanned = !again && until === undefined && refused.size === 0
    return asPlanned && next?.place.at.checkpoint.after === at.checkpoint.after ? next : undefined
  }

  /** Whoever takes it hears what it fails with; nobody may. */
  #hear<T>(work: Promise<T>): Promise<T> {
    this.#running = Promise.allSettled([this.#running, work]).then(() => {})
    return work
  }
}
