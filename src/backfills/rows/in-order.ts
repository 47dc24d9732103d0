import { compareKeys, describeKey, isDecimal, type Key, type Range } from './keys.js'
import type { Walk } from './pages.js'

/** Types whose values may come out of the database otherwise than they are in it. */
const INEXACT = new Set(['DateTime', 'Decimal'])

/** Whether a row may not be found again by its key: a date with microseconds, a date that is kept as another text. */
export function isInexact({ types }: Pick<Walk, 'types'>): boolean {
  return types.some((type) => INEXACT.has(type))
}

const IS_OF: Record<string, (value: unknown) => boolean> = {
  Int: (value) => typeof value === 'number',
  BigInt: (value) => typeof value === 'bigint',
  String: (value) => typeof value === 'string',
  DateTime: (value) => value instanceof Date && !Number.isNaN(value.getTime()),
  Decimal: isDecimal,
}

/**
 * What is wrong with a row's key, if anything. What comes before or after a key that has no value is nowhere: the walk
 * would begin again and again.
 */
export function keyFault({ fields, types, hooked }: Walk, key: Key): string | undefined {
  const at = fields.findIndex((_, i) => !IS_OF[types[i] ?? '']?.(key[i]))
  if (at === -1) return undefined
  const missing = key[at] === undefined || key[at] === null
  const how = missing
    ? `without ${fields[at]}`
    : `with a ${fields[at]} that is not of type ${types[at]} (${String(key[at])})`
  const why = hooked ? ` ${because(['an extension of the client changes what findMany returns'])}` : ''
  return `a row was returned ${how}, which is the backfill's cursor${why}`
}

/** Whether rows came in order and from where they were asked for; `unknown` where only the database can tell. */
export type Placement = { fault: string } | 'in order' | 'unknown'

/** A walk passes by what is before a key: rows that come out of order, or twice, are others that are left out. */
export function placementOf(walk: Walk, keys: readonly Key[], { after, upTo }: Range): Placement {
  let placement: Placement = 'in order'
  for (const [i, key] of keys.entries()) {
    const before = keys[i - 1] ?? after
    const order = before === null ? 'before' : compareKeys(before, key)
    if (before !== null && order === 'same') return { fault: twice(walk, key) }
    if (before !== null && order === 'after') return { fault: outOfOrder(walk, key, before) }
    const end = upTo === null ? 'before' : compareKeys(key, upTo)
    if (upTo !== null && end === 'after') return { fault: pastEnd(walk, key, upTo) }
    if (order === 'unknown' || end === 'unknown') placement = 'unknown'
  }
  return placement
}

const BENDS = 'an extension of the client changes the order, the filter or the rows of findMany'

function twice(walk: Walk, key: Key): string {
  const { fields, hooked } = walk
  const own = isInexact(walk)
    ? 'it is stored with more precision than JavaScript has (microseconds?)'
    : 'it is not unique in the database'
  const reasons = hooked ? [own, BENDS] : [own]
  return `two rows have the same ${fields.join(', ')} (${describeKey(fields, key)}): ${because(reasons)}`
}

function outOfOrder(walk: Walk, key: Key, before: Key): string {
  const [came, first] = [key, before].map((one) => describeKey(walk.fields, one))
  return `the row ${came} was returned after ${first}: ${because(misplaced(walk))}`
}

function pastEnd(walk: Walk, key: Key, upTo: Key): string {
  const [came, end] = [key, upTo].map((one) => describeKey(walk.fields, one))
  return `the row ${came} was returned, but the range ends at ${end}: ${because(misplaced(walk))}`
}

/** The fault of rows of which the database says that they are not where they came. */
export function misplacedFault(walk: Walk): string {
  return `rows were returned out of order (by ${walk.fields.join(', ')}), or from outside of the range: ${because(misplaced(walk))}`
}

/** The fault of a last row that is not found again, or is not the last one. */
export function lastRowFault(walk: Walk, key: Key): string {
  const reasons = [
    ...(isInexact(walk) ? ['it is stored in another format than Prisma writes'] : []),
    ...(walk.hooked ? [BENDS] : []),
  ]
  return `the last row by ${walk.fields.join(', ')} (${describeKey(walk.fields, key)}) is not the last one, or can't be found by its ${walk.fields.join(', ')}: ${because(reasons)}`
}

/** The fault of a client that shows rows, and no last one. */
export function noLastRowFault(walk: Walk): string {
  return `the client returned rows, but no last row: ${because(misplaced(walk))}`
}

function misplaced({ hooked }: Walk): string[] {
  return [hooked ? BENDS : 'the database sorts them in another order than their values']
}

const BY_ANOTHER_FIELD = 'set `cursor` to another field'
const WITHOUT_EXTENSION = 'exclude the model from the extension, or give tasks a client without it'

function because(reasons: readonly string[]): string {
  const bent = reasons.some((reason) => reason.startsWith('an extension'))
  const own = reasons.some((reason) => !reason.startsWith('an extension'))
  const next = [...(own ? [BY_ANOTHER_FIELD] : []), ...(bent ? [WITHOUT_EXTENSION] : [])]
  return `${reasons.join(', or ')}; ${next.join(', or ')}`
}
