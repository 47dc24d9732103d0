import { isDecimal } from '../rows/keys.js'
import type { Column } from '../rows/walked-model.js'
import { isPlainJson, keepsDigits } from './json-value.js'

/** A value that one statement can write, or the reason why it can't. */
export type Written = { value: unknown } | { unwritable: string }

/**
 * What a field's new value is, once Prisma's own ways of saying it are resolved: `{ set: x }` is x, `DbNull` is null.
 * Whatever depends on the row's old value, has no plain counterpart, or is not plainly of the column's type, is left to
 * Prisma's own update, which knows what to make of it: a raw statement would let SQLite keep a text in a number's place.
 * So are numbers and JSON that Prisma would write with other digits, or as something else, than they have here.
 */
export function plainValue(column: Column, given: unknown): Written {
  const json = column.type === 'Json'
  const nullWord = prismaNull(given)
  if (nullWord !== undefined && nullWord !== 'DbNull') return { unwritable: `${nullWord} in ${column.field}` }
  // A plain null in a Json field is one of Prisma's own to judge: it wants `DbNull` or `JsonNull`.
  if (nullWord === 'DbNull' ? json : given === null && !json)
    return column.optional ? { value: null } : { unwritable: `null in ${column.field}` }
  if (!json && isUpdateOperation(given)) {
    const [name, operand] = Object.entries(given)[0] ?? []
    return name === 'set' && operand !== undefined
      ? plainValue({ ...column, unrounded: false }, operand)
      : { unwritable: `${name} of ${column.field}` }
  }
  const values = column.list ? (Array.isArray(given) ? given : undefined) : [given]
  // PostgreSQL would take an array in the first place for another dimension of the list.
  if (json && column.list && Array.isArray(values?.[0])) return { unwritable: `an array in ${column.field}` }
  const each = column.list ? { ...column, unrounded: false } : column
  const plain = values?.map((value) => scalar(each, value))
  if (!plain || plain.includes(undefined)) return { unwritable: `a value of ${column.field}` }
  return { value: column.list ? plain : plain[0] }
}

/** A value as it is written, or undefined when it is not plainly of the column's type. */
function scalar(column: Column, value: unknown): unknown {
  const { type, enumValues } = column
  if (enumValues) return typeof value === 'string' ? enumValues.get(value) : undefined
  return SCALARS[type]?.(value, column)
}

const when = (holds: boolean, value: unknown) => (holds ? value : undefined)

const SCALARS: Record<string, (value: unknown, column: Column) => unknown> = {
  // Half a surrogate pair would fail all of a batch: the one row says so better.
  String: (value) => when(typeof value === 'string' && value.isWellFormed(), value),
  Boolean: (value) => when(typeof value === 'boolean', value),
  Int: (value) => when(typeof value === 'number' && (value | 0) === value, value),
  BigInt: (value) =>
    when(typeof value === 'bigint' ? BigInt.asIntN(64, value) === value : Number.isSafeInteger(value), value),
  Float: (value, { unrounded }) => when(typeof value === 'number' && isKeptFloat(value, unrounded), value),
  Decimal: (value, { floats }) => when(isKeptDecimal(value, floats), value),
  DateTime: date,
  Bytes: (value) => when(value instanceof Uint8Array, value),
  Json: (value, { unrounded }) => when(isPlainJson(value, unrounded ?? false), value),
}

/** Whole numbers pass through Prisma's engine in every version. */
function isKeptFloat(value: number, unrounded = false): boolean {
  if (!Number.isFinite(value)) return false
  return keepsDigits(value) || (unrounded && !Number.isInteger(value))
}

function isKeptDecimal(value: unknown, floats = false): boolean {
  const text = digits(value)
  if (!/^-?\d+(\.\d+)?$/.test(text) || (typeof value === 'number' && !keepsDigits(value))) return false
  // Of more digits, SQLite and JavaScript don't always read the same float.
  return !floats || text.replace(/^-?0*\.?0*|\./g, '').length <= SURE_DIGITS
}

const SURE_DIGITS = 15

function digits(value: unknown): string {
  if (isDecimal(value)) return value.toFixed()
  return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
}

const ISO_DATE = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?(Z|[+-]\d\d:\d\d)$/

function date(value: unknown): Date | undefined {
  const read = typeof value === 'string' && ISO_DATE.test(value) ? new Date(value) : value
  if (!(read instanceof Date) || Number.isNaN(read.getTime())) return undefined
  const year = read.getUTCFullYear()
  return year > 0 && year <= 9999 ? read : undefined
}

const OPERATIONS = new Set(['set', 'unset', 'increment', 'decrement', 'multiply', 'divide', 'push'])

function isUpdateOperation(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const keys = Object.keys(value)
  return keys.length === 1 && OPERATIONS.has(keys[0] ?? '')
}

/** `Prisma.DbNull`, `JsonNull` and `AnyNull` are objects of a class in the user's client that tell their name. */
function prismaNull(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || !('_getName' in value)) return undefined
  return typeof value._getName === 'function' ? String(value._getName()) : undefined
}
