import type { ReadDelegate, Row } from '../../prisma/client.js'
import { keyFault, misplacedFault, placementOf } from './in-order.js'
import { both, type Key, keyOf, nameOf, oneOf, type Range, rangesAfter, sameKey, upTo } from './keys.js'

/** What is walked. */
export interface Walk {
  fields: readonly string[]
  /** Their types, as the schema has them. */
  types: readonly string[]
  where: object | undefined
  select: Record<string, unknown> | undefined
  /** Fields that are read whatever the client omits, where there is no `select`. */
  beside?: readonly string[]
  /** The client may give other rows than the database does, or in another order: an extension has its hand in reads. */
  hooked: boolean
}

/** The next rows of a range, and whether there are more after them. */
export interface Page {
  rows: Row[]
  last: Key | null
  more: boolean
  /** Where the client gave fewer rows than asked for, and there were more. */
  short?: Short
}

/** How many rows were asked for, and how many came. */
export interface Short {
  asked: number
  came: number
}

/** A cursor that would leave rows out, or come back to the same ones. */
export class CursorError extends Error {}

/**
 * The next rows of a range, in order of their keys. One row more than asked for is read: it tells whether there are
 * more, and that the cursor is unique, for where two rows share a key, one would be left out between two batches.
 * An answer with fewer rows is not the end, for a client may be extended to give no more: the end is where nothing
 * comes after the last key. Only the last page is asked about twice, and not where it ends with the last key there is.
 */
export async function nextPage(delegate: ReadDelegate, walk: Walk, range: Range, size: number): Promise<Page> {
  const rows: Row[] = []
  const keys: Key[] = []
  let known = true
  let before: Answer | undefined
  let short: Short | undefined
  for (let { after } = range; rows.length <= size; after = keys.at(-1) ?? after) {
    if (sameKey(after, range.upTo)) break
    const asked = size + 1 - rows.length
    const answer = await nextRows(delegate, walk, { after, upTo: range.upTo }, asked)
    if (answer.rows.length === 0) break
    if (before && answer.at <= before.at) short ??= { asked: asked + before.rows.length, came: before.rows.length }
    const next = answer.rows.map((row) => wholeKey(walk, row))
    const placement = placementOf(walk, next, { after, upTo: range.upTo })
    if (typeof placement === 'object') throw new CursorError(placement.fault)
    known &&= placement === 'in order'
    rows.push(...answer.rows)
    keys.push(...next)
    before = answer
  }
  const page = rows.slice(0, size)
  const last = keys[page.length - 1] ?? null
  if (!known && last && walk.hooked) await demandPlaced(delegate, walk, range, keys.slice(0, size))
  return { rows: page, last, more: rows.length > size, ...(short && { short }) }
}

/** What to say of a page for which the client had to be asked more than once; undefined where it had not. */
export function shortfall(model: string, { hooked }: Walk, { short }: Page): string | undefined {
  // Without an extension, the others came in between.
  if (!short || !hooked) return undefined
  return `The client returned fewer rows of ${model} than requested (${short.came} of ${short.asked}), and there were more. A client extension may limit or filter findMany. The backfill continues until no rows are left.`
}

/** Rows, and from which of the ranges after a key they came: 0 is the narrowest. */
interface Answer {
  rows: Row[]
  at: number
}

/** The rows of the first range after a key that has some. */
async function nextRows(delegate: ReadDelegate, walk: Walk, { after, upTo }: Range, take: number): Promise<Answer> {
  const ranges = rangesAfter(walk.fields, after)
  for (const [at, range] of ranges.entries()) {
    let rows = await delegate.findMany(pageQuery(walk, range, upTo, take))
    // An extension may take rows out of its answers: all of so many, and there may be more after them.
    if (rows.length === 0 && walk.hooked) rows = await delegate.findMany(pageQuery(walk, range, upTo))
    // What is read from the start is all of the table: as wide as a range can be.
    if (rows.length > 0) return { rows: rows.slice(0, take), at: after === null ? walk.fields.length - 1 : at }
  }
  return { rows: [], at: ranges.length }
}

/** A row's key. Throws when it is not one to walk by. */
export function wholeKey(walk: Walk, row: Row): Key {
  const key = keyOf(walk.fields, row)
  const fault = keyFault(walk, key)
  if (fault !== undefined) throw new CursorError(fault)
  return key
}

/**
 * Rows by their keys, by the names of these, as far as `where` finds them. A client may be extended to give few at a
 * time, so it is asked until no more come.
 */
export async function readRows(delegate: ReadDelegate, walk: Walk, keys: readonly Key[]): Promise<Map<string, Row>> {
  const found = new Map<string, Row>()
  for (let at = 0; at < keys.length; at += KEYS_AT_ONCE) {
    let missing = keys.slice(at, at + KEYS_AT_ONCE)
    for (let before = missing.length + 1; missing.length > 0 && missing.length < before; ) {
      before = missing.length
      const where = both(walk.where, oneOf(walk.fields, missing))
      for (const row of await delegate.findMany({ where, ...columnsOf(walk) }))
        found.set(nameOf(keyOf(walk.fields, row)), row)
      missing = missing.filter((key) => !found.has(nameOf(key)))
      if (!walk.hooked) break
    }
  }
  return found
}

const KEYS_AT_ONCE = 500

/** Throws unless the database finds all keys of a page in its range, and none of them after the last one. */
async function demandPlaced(delegate: ReadDelegate, walk: Walk, range: Range, keys: readonly Key[]): Promise<void> {
  const { fields } = walk
  const elsewhere = [
    ...rangesAfter(fields, keys.at(-1) ?? null),
    ...(range.after ? [{ NOT: { OR: rangesAfter(fields, range.after) } }] : []),
    ...(range.upTo ? [{ NOT: upTo(fields, range.upTo) }] : []),
  ]
  const unique = new Set(keys.map(nameOf))
  if (unique.size < keys.length) throw new CursorError(misplacedFault(walk))
  for (let at = 0; at < keys.length; at += KEYS_AT_ONCE) {
    const where = { AND: [oneOf(fields, keys.slice(at, at + KEYS_AT_ONCE)), { OR: elsewhere }] }
    const misplaced = await delegate.findMany({ where, ...keyColumns(walk), take: 1 })
    if (misplaced.length > 0) throw new CursorError(misplacedFault(walk))
  }
}

/** How many rows there are to walk, up to a key, after another. */
export async function countRows(
  delegate: ReadDelegate,
  { fields, where }: Walk,
  bound: Key | null,
  behind: Key | null = null,
): Promise<number> {
  let rows = 0
  for (const after of rangesAfter(fields, behind))
    rows += await delegate.count({ where: both(where, after, upTo(fields, bound)) })
  return rows
}

/** The keys that split the rows into parts of about the same size: the last key of every part but the last. */
export async function splitKeys(
  delegate: ReadDelegate,
  walk: Walk,
  bound: Key | null,
  { total, parts }: { total: number; parts: number },
): Promise<Key[]> {
  const { fields, where } = walk
  const keys: Key[] = []
  let behind = 0
  for (let part = 1; part < parts; part += 1) {
    const before = Math.floor((total * part) / parts)
    if (before === behind) continue
    // Counted from the last key on, not from the start: a row that comes in meanwhile must not let parts overlap.
    const after = keys.at(-1)
    const [row] = await delegate.findMany({
      where: both(where, upTo(fields, bound), ...(after ? [{ OR: rangesAfter(fields, after) }] : [])),
      ...keyColumns(walk),
      orderBy: orderBy(fields, 'asc'),
      skip: before - behind - 1,
      take: 1,
    })
    if (!row) break
    const key = wholeKey(walk, row)
    const placement = placementOf(walk, [key], { after: after ?? null, upTo: bound })
    if (typeof placement === 'object') throw new CursorError(placement.fault)
    keys.push(key)
    behind = before
  }
  return keys
}

function pageQuery(walk: Walk, after: object, bound: Key | null, take?: number): object {
  const { fields, where } = walk
  return {
    where: both(where, after, upTo(fields, bound)),
    orderBy: orderBy(fields, 'asc'),
    ...(take !== undefined && { take }),
    ...columnsOf(walk),
  }
}

/** The fields that a row is read with. A client may omit the key from every row. */
function columnsOf({ fields, select, beside = [] }: Walk): object {
  return select ? { select: { ...select, ...flags(fields) } } : { omit: flags([...fields, ...beside], false) }
}

/** Those that only its key is read with: an extension that takes rows out of answers may look at any field. */
export function keyColumns(walk: Walk): object {
  return walk.hooked ? columnsOf(walk) : { select: flags(walk.fields) }
}

function flags(fields: readonly string[], on = true): Record<string, boolean> {
  return Object.fromEntries(fields.map((field) => [field, on]))
}

export function orderBy(fields: readonly string[], direction: 'asc' | 'desc'): object[] {
  return fields.map((field) => ({ [field]: direction }))
}
