import type { SkippedRow } from '../define/events.js'
import { type Client, delegateOf, type ReadDelegate, type Row } from '../prisma/client.js'
import type { Standing } from './checkpoint-keeper.js'
import type { Comparison } from './comparison.js'
import { type Key, keyOf, nameOf, type Range } from './rows/keys.js'
import { type Page, readRows, shortfall } from './rows/pages.js'
import type { Walked } from './rows/target.js'
import { readPage } from './unreadable-rows.js'
import type { Change } from './write/bulk-update.js'
import { demandGone } from './write/unmatched-rows.js'
import { type BatchWork, changesOf } from './write-batch.js'

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

/** Where in the walk a batch is. */
export interface Place {
  at: Standing
  batch: Try
}

/** A page, and what is to be made of it. */
export interface Prepared {
  page: Page
  changes: readonly Change[]
  /** Rows that `update` threw for. */
  skipped: readonly SkippedRow[]
  /** `update` gave promises. */
  waited: boolean
}

/** What a batch does with its rows, whatever it is written through. */
export type RowWork = Omit<BatchWork, 'whole' | 'reader' | 'refused' | 'comparison'>

/** Reads the rows of batches, and what is to be made of them. */
export class BatchRows {
  readonly #walked: Walked
  readonly #work: RowWork
  /** Not there where nobody else can change rows between their read and their write. */
  readonly #comparison: Comparison | undefined

  constructor(walked: Walked, work: RowWork, comparison: Comparison | undefined) {
    this.#walked = walked
    this.#work = work
    this.#comparison = comparison
  }

  /** The next page of a walk, with what is compared. */
  async page(
    delegate: ReadDelegate,
    { at, batch }: Place,
    walk = this.#comparison?.walk ?? this.#walked.walk,
  ): Promise<Page> {
    const page = await readPage(delegate, walk, rangeOf({ at, batch }), batch.size)
    const short = shortfall(this.#walked.model.key, walk, page)
    if (short !== undefined) this.#work.sayOnce(short)
    return batch.until === undefined ? page : { ...page, more: true }
  }

  /**
   * The next page, and what `update` makes of it. `onPage` hears of the rows that `update` is about to get. `ahead`: it
   * is being read already.
   */
  async prepare(
    delegate: ReadDelegate,
    place: Place,
    onPage: (page: Page) => void,
    ahead?: Promise<Page>,
  ): Promise<Prepared> {
    for (let read = ahead ?? this.page(delegate, place); ; read = this.page(delegate, place)) {
      const page = await read
      if (page.rows.length === 0) return { page, changes: [], skipped: [], waited: false }
      const seen = this.#comparison?.see(page.rows)
      onPage(page)
      const made = await changesOf(page.rows, { ...this.#work, refused: place.batch.refused, seen })
      if (!this.#comparison?.adopt(made.changes)) return { page, ...made }
    }
  }

  /** Rows by their keys, as far as `where` still finds them, in the order of the keys. */
  async byKeys(reader: Client, keys: readonly Key[], place: Place): Promise<Row[]> {
    const rows = await readRows(this.#delegateOf(reader), this.#comparison?.walk ?? this.#walked.walk, keys)
    const unfound = keys.filter((key) => !rows.has(nameOf(key)))
    await this.demandGone(unfound, reader, place)
    return keys.map((key) => rows.get(nameOf(key))).filter((row) => row !== undefined)
  }

  /** Throws unless rows that were not found by their keys are gone. */
  async demandGone(missed: readonly Key[], reader: Client, place: Place): Promise<void> {
    if (missed.length === 0) return
    const { walk } = this.#walked
    await demandGone(missed, this.#delegateOf(reader), walk, { range: rangeOf(place), size: place.batch.size })
  }

  keyOf(row: Row): Key {
    return keyOf(this.#walked.walk.fields, row)
  }

  #delegateOf(reader: Client): ReadDelegate {
    return delegateOf(reader, this.#walked.model)
  }
}

function rangeOf({ at: { checkpoint }, batch: { until } }: Place): Range {
  return until === undefined ? checkpoint : { after: checkpoint.after, upTo: until }
}
