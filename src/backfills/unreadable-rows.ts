import { lastLine, messageOf } from '../define/errors.js'
import { type Client, delegateOf, primaryOf, type ReadDelegate } from '../prisma/client.js'
import { lastKey } from './last-key.js'
import { isFinal, isPassing } from './rows/batch-fault.js'
import { both, describeKey, type Key, keyOf, type Range } from './rows/keys.js'
import { CursorError, nextPage, type Page, type Walk } from './rows/pages.js'
import { RowFault } from './rows/row-fault.js'
import type { Walked } from './rows/target.js'

/** A page could not be read, and would not be a moment later. */
export class Unreadable extends Error {
  constructor(cause: unknown) {
    super(messageOf(cause), { cause })
  }
}

/** The next page; throws `Unreadable` where a row of it may be what keeps it from being read. */
export async function readPage(delegate: ReadDelegate, walk: Walk, range: Range, size: number): Promise<Page> {
  try {
    return await nextPage(delegate, walk, range, size)
  } catch (error) {
    throw isFinal(error) || isPassing(error) ? error : new Unreadable(error)
  }
}

/** What keeps a page from being read. */
export type Obstacle =
  /** One row, the first of the page. */
  | { kind: 'row'; page: Page; error: Error }
  /** A row further on; up to this key, the page can be read. */
  | { kind: 'later'; until: Key }
  /** Each row can be read, so many together can't. */
  | { kind: 'size'; until: Key }
  /** No row: the database refuses to read even none. */
  | { kind: 'query' }

/**
 * Finds out why a page can't be read: a value that the client can't take (a date that is none, an enum value that it
 * does not know) fails the whole page, and the error does not say which row has it. The keys are read alone, then the
 * rows by them, by halves.
 */
export async function findObstacle(delegate: ReadDelegate, walk: Walk, range: Range, size: number): Promise<Obstacle> {
  if (!(await readsNone(delegate, walk))) return { kind: 'query' }
  const keys = await readKeys(delegate, walk, range, size)
  const between = (after: Key | null, upTo: Key) =>
    failure(() => nextPage(delegate, walk, { after, upTo }, keys.length))
  const [first, last] = [keys[0], keys.at(-1)]
  // Deleted meanwhile.
  if (first === undefined || last === undefined) return { kind: 'query' }
  const error = await between(range.after, first)
  if (error) {
    const fault = new RowFault(walk.fields, first, `can't be read: ${lastLine(messageOf(error))}`)
    const page = {
      rows: [Object.fromEntries(walk.fields.map((field, i) => [field, first[i]]))],
      last: first,
      more: true,
    }
    return { kind: 'row', page, error: fault }
  }
  // One row more than the page has is read with it.
  if (!(await between(range.after, last))) return { kind: 'later', until: last }
  let readable = 1
  for (let failing = keys.length; failing - readable > 1; ) {
    const middle = Math.floor((readable + failing) / 2)
    if (await between(range.after, keys[middle - 1] ?? last)) failing = middle
    else readable = middle
  }
  const until = keys[readable - 1] ?? first
  const alone = await between(until, keys[readable] ?? last)
  return { kind: alone ? 'later' : 'size', until }
}

/** The last key of the table as it is now; null when it is empty. */
export async function readLastKey(client: Client, { model, walk }: Walked): Promise<Key | null> {
  let last: Key | null = null
  const error = await failure(async () => {
    last = await lastKey(client, { model, walk })
  })
  if (!error) return last
  if (isFinal(error)) throw error
  // It was read with all its columns for the extension's sake, and one of them may be what can't be read.
  if (walk.hooked) {
    const byKey = await lastKey(client, { model, walk: { ...walk, select: {} } }).catch(() => null)
    if (byKey !== null) return byKey
  }
  const delegate = delegateOf(primaryOf(client), model)
  throw (await readsNone(delegate, { ...walk, select: {} })) ? noKey('the last row', walk.fields, error) : error
}

function noKey(which: string, fields: readonly string[], error: unknown): CursorError {
  return new CursorError(
    `can't read ${fields.join(', ')} of ${which}, so it can't be skipped: ${lastLine(messageOf(error))}`,
  )
}

/** Whether the database reads no rows: where it does not, what fails is no row's fault. */
async function readsNone(delegate: ReadDelegate, walk: Walk): Promise<boolean> {
  const where = both(walk.where, { [walk.fields[0] ?? '']: { in: [] } })
  return !(await failure(() => nextPage(delegate, { ...walk, where }, { after: null, upTo: null }, 1)))
}

/** The keys of the next rows; of fewer, where they can't be read together. */
async function readKeys(delegate: ReadDelegate, walk: Walk, range: Range, size: number): Promise<Key[]> {
  const { fields } = walk
  for (let most = size; ; most = Math.floor(most / 2)) {
    let rows: Page['rows'] = []
    const error = await failure(async () => {
      rows = (await nextPage(delegate, { ...walk, select: {} }, range, most)).rows
    })
    if (!error) return rows.map((row) => keyOf(fields, row))
    if (most > 1) continue
    const which = range.after === null ? 'one of the first rows' : `a row after ${describeKey(fields, range.after)}`
    throw noKey(which, fields, error)
  }
}

/** What a read fails with; undefined when it does not. What passes by itself is thrown, and says nothing of the rows. */
async function failure(read: () => Promise<unknown>): Promise<unknown> {
  try {
    await read()
    return undefined
  } catch (error) {
    if (isFinal(error) || isPassing(error)) throw error
    return error
  }
}
