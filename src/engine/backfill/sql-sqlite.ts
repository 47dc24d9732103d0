import type { ChangeGroup, Statement } from './dialect.js'
import { isDecimal } from './keyset.js'
import type { Column, WalkedModel } from './model.js'

/** SQLite takes 32,766 parameters; some of them stay free. */
const PARAMETER_LIMIT = 32_000

/** Texts, whole numbers and nulls travel as one JSON text, in half the time; the rest as parameters. */
export function statement(group: ChangeGroup): Statement {
  const { model, keys, columns, rows } = group
  const values = rows.map((row) => [
    ...keys.map((column, i) => parameter(column, row.key[i])),
    ...columns.map((column, i) => parameter(column, row.values[i])),
  ])
  const source = fromJson(values) ?? fromValues(values)
  const set = columns.map((column, i) => `${quote(column.column)} = ${source.value(keys.length + i)}`)
  const match = keys.map((column, i) => `t.${quote(column.column)} = ${source.value(i)}`)
  return {
    sql: `${source.before}UPDATE ${tableName(model)} AS t SET ${set.join(', ')} FROM ${source.from} WHERE ${match.join(' AND ')}`,
    parameters: source.parameters,
  }
}

/** Where a statement finds the values of its rows: as SQL, with the parameters. */
interface Source {
  before: string
  from: string
  value(at: number): string
  parameters: unknown[]
}

/** Undefined where SQLite's JSON would not give back every value as it was. */
function fromJson(values: readonly unknown[][]): Source | undefined {
  if (!values.every((row) => row.every(isPlain))) return undefined
  const text = JSON.stringify(values)
  if (UNSAFE_TEXT.test(text)) return undefined
  return {
    before: '',
    from: 'json_each(?) AS v',
    value: (at) => `json_extract(v.value, '$[${at}]')`,
    parameters: [text],
  }
}

/**
 * Every value is a parameter of its own: how a date or a boolean is stored is the adapter's choice, and so it writes
 * them as it always does.
 */
function fromValues(values: readonly unknown[][]): Source {
  const names = values[0]?.map((_, at) => `c${at}`) ?? []
  const row = `(${names.map(() => '?').join(', ')})`
  return {
    before: `WITH v(${names.join(', ')}) AS (VALUES ${values.map(() => row).join(', ')}) `,
    from: 'v',
    value: (at) => `v.c${at}`,
    parameters: values.flat(),
  }
}

function isPlain(value: unknown): boolean {
  return value === null || typeof value === 'string' || Number.isSafeInteger(value)
}

/** NUL and half a surrogate pair, as JSON writes them. */
const UNSAFE_TEXT = /\\u(?:0000|d[89a-f])/

export function rowLimit(columns: number): number {
  return Math.max(1, Math.floor(PARAMETER_LIMIT / columns))
}

function tableName({ schema, table }: WalkedModel): string {
  return schema === undefined ? quote(table) : `${quote(schema)}.${quote(table)}`
}

function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

function parameter(column: Column, value: unknown): unknown {
  if (value === null) return null
  if (column.type === 'Json') return JSON.stringify(value)
  // Prisma 6 refuses a whole Float of this size in a raw statement; the column makes a Float of it again.
  if (typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value) && Math.abs(value) < 2 ** 63)
    return BigInt(value)
  return isDecimal(value) ? value.toFixed() : value
}
