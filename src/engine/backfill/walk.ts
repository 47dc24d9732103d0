import { type Key, keyOf, type Range, rangesAfter, sameKey, upTo } from './keyset.js'

/** A row, as the client gives it. */
export type Row = Record<string, unknown>

/** The reads that a walk needs of a model. */
export interface ReadDelegate {
  findMany(args: object): Promise<Row[]>
  count(args: object): Promise<number>
}

/** What is walked. */
export interface Walk {
  fields: readonly string[]
  where: object | undefined
  select: Record<string, unknown> | undefined
}

/** The next rows of a range, and whether there are more after them. */
export interface Page {
  rows: Row[]
  last: Key | null
  more: boolean
}

/** A cursor that would leave rows out, or come back to the same ones. */
export class CursorError extends Error {}

/**
 * The next rows of a range, in order of their keys. One row more than asked for is read: it tells whether there are
 * more, and that the cursor is unique, for where two rows share a key, one would be left out between two batches.
 */
export async function nextPage(delegate: ReadDelegate, walk: Walk, range: Range, size: number): Promise<Page> {
  const rows: Row[] = []
  for (const after of rangesAfter(walk.fields, range.after)) {
    const missing = size + 1 - rows.length
    if (missing <= 0) break
    rows.push(...(await delegate.findMany(pageQuery(walk, after, range.upTo, missing))))
  }
  const keys = rows.map((row) => wholeKey(walk.fields, row))
  if (keys.some((key, i) => i > 0 && sameKey(keys[i - 1] ?? null, key))) throw notUnique(walk.fields)
  if (sameKey(range.after, keys[0] ?? null)) throw tooFine(walk.fields)
  const page = rows.slice(0, size)
  return { rows: page, last: keys[page.length - 1] ?? null, more: rows.length > size }
}

/** What comes before or after a key that has no value is nowhere: the walk would begin again and again. */
function wholeKey(fields: readonly string[], row: Row): Key {
  const key = keyOf(fields, row)
  const missing = fields.find((_, i) => key[i] === undefined || key[i] === null)
  if (missing !== undefined) throw new CursorError(`a row came without ${missing}, which the backfill walks by`)
  return key
}

function notUnique(fields: readonly string[]): CursorError {
  return new CursorError(`the cursor ${fields.join(', ')} is not unique: walk by a unique field, or by more fields`)
}

function tooFine(fields: readonly string[]): CursorError {
  return new CursorError(
    `the cursor ${fields.join(', ')} is stored finer than JavaScript can hold (microseconds?): walk by another field`,
  )
}

/** The last key of the table as it is now; null when it is empty. */
export async function lastKey(delegate: ReadDelegate, { fields }: Walk): Promise<Key | null> {
  const [row] = await delegate.findMany({ select: flags(fields), orderBy: order(fields, 'desc'), take: 1 })
  return row ? keyOf(fields, row) : null
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
    rows += await delegate.count({ where: { AND: [where ?? {}, after, upTo(fields, bound)] } })
  return rows
}

/** The keys that split the rows into parts of about the same size: the last key of every part but the last. */
export async function splitKeys(
  delegate: ReadDelegate,
  { fields, where }: Walk,
  bound: Key | null,
  { total, parts }: { total: number; parts: number },
): Promise<Key[]> {
  const keys: Key[] = []
  let behind = 0
  for (let part = 1; part < parts; part += 1) {
    const before = Math.floor((total * part) / parts)
    if (before === behind) continue
    // Counted from the last key on, not from the start: a row that comes in meanwhile must not let parts overlap.
    const after = keys.at(-1)
    const [row] = await delegate.findMany({
      where: { AND: [where ?? {}, upTo(fields, bound), ...(after ? [{ OR: rangesAfter(fields, after) }] : [])] },
      select: flags(fields),
      orderBy: order(fields, 'asc'),
      skip: before - behind - 1,
      take: 1,
    })
    if (!row) break
    keys.push(keyOf(fields, row))
    behind = before
  }
  return keys
}

function pageQuery({ fields, where, select }: Walk, after: object, bound: Key | null, take: number): object {
  return {
    where: { AND: [where ?? {}, after, upTo(fields, bound)] },
    orderBy: order(fields, 'asc'),
    take,
    // A client may omit the key from every row.
    ...(select ? { select: { ...select, ...flags(fields) } } : { omit: flags(fields, false) }),
  }
}

function flags(fields: readonly string[], on = true): Record<string, boolean> {
  return Object.fromEntries(fields.map((field) => [field, on]))
}

function order(fields: readonly string[], direction: 'asc' | 'desc'): object[] {
  return fields.map((field) => ({ [field]: direction }))
}
