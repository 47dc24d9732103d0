import { setTimeout as sleep } from 'node:timers/promises'
import { HANGS_MS } from '../attempt/transaction.js'
import type { ReadDelegate } from '../prisma/client.js'
import type { BatchRows, Place, Prepared } from './batch-rows.js'
import type { WritesTogether } from './one-statement.js'
import type { Page } from './rows/pages.js'

/** A batch that only needs to be written. `together`: by one statement with its checkpoint. */
export type Ready = Prepared & { together: WritesTogether | undefined }

/** Makes the statement of what is prepared. */
export type Writing = (prepared: Prepared) => Promise<WritesTogether | undefined>

/** The batch after one that is under way. */
interface Next {
  place: Place
  reader: ReadDelegate
  page: Promise<Page>
  prepared?: Promise<Ready>
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
  /** Under way, whether somebody wants it still or not. */
  #running: Promise<unknown> | undefined

  constructor(rows: BatchRows) {
    this.#rows = rows
  }

  /** Begins to read what comes after a page. */
  read(reader: ReadDelegate, { last }: Page, { at, batch: { size } }: Place): void {
    const checkpoint = { ...at.checkpoint, after: last }
    const place = { at: { ...at, checkpoint }, batch: { size, again: false, until: undefined, refused: new Map() } }
    this.#next = { place, reader, page: this.#hear(this.#rows.page(reader, place)) }
  }

  /** Lets `update` compute what is being read, and makes the statement of it. */
  compute(writing: Writing): void {
    const next = this.#next
    if (!next) return
    const { place, reader, page } = next
    const onPage = (tried: Page) => {
      next.tried = tried
    }
    const prepare = async () => {
      const prepared = await this.#rows.prepare(reader, place, onPage, page)
      return { ...prepared, together: await writing(prepared) }
    }
    next.prepared = this.#hear(prepare())
  }

  /** What was read for a batch; undefined where that is another one, or is done again. */
  take({ at, batch: { again, until, refused } }: Place): Pick<Next, 'page' | 'prepared' | 'tried'> | undefined {
    const next = this.#next
    this.#next = undefined
    const asPlanned = !again && until === undefined && refused.size === 0
    return asPlanned && next?.place.at.checkpoint.after === at.checkpoint.after ? next : undefined
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

  /** Whoever takes it hears what it fails with; nobody may. */
  #hear<T>(work: Promise<T>): Promise<T> {
    this.#running = work.catch(() => {})
    return work
  }
}
