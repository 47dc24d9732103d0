import type { ChangeGroup, Statement } from './dialect.js'
import { isDecimal } from './keyset.js'
import type { Column, WalkedModel } from './model.js'

/** SQLite takes 32,766 parameters; some of them stay free. */
const PARAMETER_LIMIT = 32_000

/** Texts, whole numbers and nulls travel as one JSON text, in half the time; the rest as parameters. */
export function statement(group: ChangeGroup): Statement {
  const { model, keys, columns } = group
  const source = sourceOf(group)
  const set = columns.map((column, i) => `${quote(column.column)} = ${source.value(keys.length + i)}`)
  const match = keys.map((column, i) => `t.${quote(column.column)} = ${source.value(i)}`)
  return {
    sql: `${source.before}UPDATE ${tableName(model)} AS t SET ${set.join(', ')} FROM ${source.from} WHERE ${match.join(' AND ')}`,
    parameters: source.parameters,
  }
}

/** Changes through a view are counted nowhere, and its trigger may make them all the same. */
export function landed(group: ChangeGroup): Statement {
  const { model, keys, columns } = group
  const source = sourceOf(group)
  const match = keys.map((column, i) => `t.${quote(column.column)} = ${source.value(i)}`)
  const same = columns.map((column, i) => `t.${quote(column.column)} IS ${source.value(keys.length + i)}`)
  return {
    sql: `${source.before}SELECT count(*) AS n FROM ${quote(model.table)} AS t, ${source.from} WHERE ${[...match, ...same].join(' AND ')}`,
    parameters: source.parameters,
  }
}

/** `RAISE(IGNORE)` in a trigger. */
export const vetoes = true

function sourceOf({ keys, columns, rows }: ChangeGroup): Source {
  const values = rows.map((row) => [
    ...keys.map((column, i) => parameter(column, row.key[i])),
    ...columns.map((column, i) => parameter(column, row.values[i])),
  ])
  return fromJson(values) ?? fromValues(values)
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
