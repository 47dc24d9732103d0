import { SuperJSON } from 'superjson'

/** The values of the cursor's fields in one row, in their order. */
export type Key = readonly unknown[]

/** The part of a table that is walked: after one key, up to another. Null: from the start, or to the end. */
export interface Range {
  after: Key | null
  upTo: Key | null
}

type Where = Record<string, unknown>

/**
 * The conditions that give the rows after a key in order, one index range each. Rows after (x, y) are first those
 * with a = x and b > y, then those with a > x: read one after the other, each is a plain index scan, where
 * `a > x OR (a = x AND b > y)` makes PostgreSQL read the index from its start.
 *
 * @example rangesAfter(['a', 'b'], [1, 2]) // [{ a: 1, b: { gt: 2 } }, { a: { gt: 1 } }]
 */
export function rangesAfter(fields: readonly string[], after: Key | null): Where[] {
  if (after === null) return [{}]
  return fields
    .map((field, at) => ({
      ...Object.fromEntries(fields.slice(0, at).map((same, i) => [same, after[i]])),
      [field]: { gt: after[at] },
    }))
    .reverse()
}

/** The condition that a row is not past a key. The first part bounds the index scan, the rest is a filter. */
export function upTo(fields: readonly string[], key: Key | null): Where {
  const [first] = fields
  if (key === null || first === undefined) return {}
  if (fields.length === 1) return { [first]: { lte: key[0] } }
  const earlier = fields.map((field, at) => ({
    ...Object.fromEntries(fields.slice(0, at).map((same, i) => [same, key[i]])),
    [field]: at === fields.length - 1 ? { lte: key[at] } : { lt: key[at] },
  }))
  return { AND: [{ [first]: { lte: key[0] } }, { OR: earlier }] }
}

/**
 * A team's condition together with ours. Theirs stays where it is: `OR: []` finds nothing at the top of a `where`, and
 * inside of `AND`, beside another condition, Prisma takes it for none at all.
 *
 * @example both({ OR: [], AND: { a: 1 } }, { id: { gt: 7 } }) // { OR: [], AND: [{ a: 1 }, { id: { gt: 7 } }] }
 */
export function both(where: object | undefined, ...conditions: readonly object[]): Where {
  const { AND = [], ...others } = (where ?? {}) as Where
  return { ...others, AND: [...[AND].flat(), ...conditions] }
}

/** The key of a row. */
export function keyOf(fields: readonly string[], row: Record<string, unknown>): Key {
  return fields.map((field) => row[field])
}

/** Whether two keys are the same, as far as JavaScript can tell. */
export function sameKey(a: Key | null, b: Key | null): boolean {
  return a !== null && b !== null && a.length === b.length && a.every((value, i) => sameValue(value, b[i]))
}

/** The condition that a row has one of some keys. */
export function oneOf(fields: readonly string[], keys: readonly Key[]): Where {
  const [first] = fields
  if (first !== undefined && fields.length === 1) return { [first]: { in: keys.map(([value]) => value) } }
  return { OR: keys.map((key) => ({ AND: fields.map((field, i) => ({ [field]: key[i] })) })) }
}

/** How one key stands to another. `unknown`: texts that only the database knows how to order. */
export type Order = 'before' | 'same' | 'after' | 'unknown'

/** Texts count as ordered when they are so by their characters: that is no accident in a whole page of them. */
export function compareKeys(a: Key, b: Key): Order {
  const at = a.findIndex((value, i) => !sameValue(value, b[i]))
  return at === -1 ? 'same' : compareValues(a[at], b[at])
}

function compareValues(a: unknown, b: unknown): Order {
  if (isDecimal(a)) return orderOf(a.comparedTo(b))
  if (isDecimal(b)) return orderOf(-b.comparedTo(a))
  if (typeof a === 'string' && typeof b === 'string') return a < b ? 'before' : 'unknown'
  const [left, right] = [a, b] as [number, number]
  return left < right ? 'before' : left > right ? 'after' : 'unknown'
}

function orderOf(difference: number): Order {
  return difference < 0 ? 'before' : difference > 0 ? 'after' : 'unknown'
}

/** Texts and numbers are most keys, and this is asked for every row. */
function sameValue(a: unknown, b: unknown): boolean {
  return typeof a === typeof b && typeof a !== 'object' ? a === b : text(a) === text(b)
}

/** A Decimal that was decoded is a text. */
function text(value: unknown): string {
  if (value instanceof Date) return value.toISOString()
  return isDecimal(value) ? value.toFixed() : String(value)
}

/** A key for people: `42`, or `a=1, b=2`. */
export function describeKey(fields: readonly string[], key: Key): string {
  const values = key.map(text)
  return values.length === 1 ? (values[0] ?? '') : fields.map((field, at) => `${field}=${values[at]}`).join(', ')
}

/** A key as a text that no other key has. */
export function nameOf(key: Key): string {
  return JSON.stringify(key.map(text))
}

// One of our own: the team's code may have the default one, with a Decimal of its own.
const superjson = new SuperJSON()

// Prisma takes a Decimal's text wherever it takes a Decimal; the class itself lives in the user's client.
superjson.registerCustom<Decimal, string>(
  {
    isApplicable: (value): value is Decimal => isDecimal(value),
    serialize: (value) => value.toFixed(),
    deserialize: (text) => text as never,
  },
  'Decimal',
)

/** As far as it is needed of a Decimal. */
interface Decimal {
  toFixed(): string
  /** Of a Decimal, or the text of one. Negative: this one comes first. */
  comparedTo(other: unknown): number
}

/** Whether a value is a Decimal of some copy of decimal.js. */
export function isDecimal(value: unknown): value is Decimal {
  return (
    typeof value === 'object' && value !== null && 'toFixed' in value && 's' in value && 'e' in value && 'd' in value
  )
}

/** Texts of values that come back exactly: BigInt, Date, Decimal (as its text) and bytes included. */
export function encode(value: unknown): string {
  return superjson.stringify(value)
}

/** What `encode` made a text of. */
export function decode<T>(text: string): T {
  return superjson.parse<T>(text)
}
