import { isDecimal } from '../rows/keys.js'
import type { Column, WalkedModel } from '../rows/walked-model.js'
import type { ChangeGroup, Statement } from './dialect.js'

/** SQLite takes 32,766 parameters; some of them stay free. */
const PARAMETER_LIMIT = 32_000

/** Texts, whole numbers and nulls travel as one JSON text, in half the time; the rest as parameters. */
export function statement(group: ChangeGroup): Statement {
  const { model, keys, columns } = group
  const source = sourceOf(group)
  const set = columns.map((column, i) => `${quote(column.column)} = ${source.value(keys.length + i)}`)
  const match = [...keys.map((column, i) => `t.${quote(column.column)} = ${source.value(i)}`), ...sameOf(group, source)]
  return {
    sql: `${source.before}UPDATE ${tableName(model)} AS t SET ${set.join(', ')} FROM ${source.from} WHERE ${match.join(' AND ')}`,
    parameters: source.parameters,
  }
}

/** Changes through a view are counted nowhere, and its trigger may make them all the same. */
export function landed(group: ChangeGroup): Statement {
  const { model, keys, columns } = group
  const source = sourceOf({ ...group, compared: [] })
  const match = keys.map((column, i) => `t.${quote(column.column)} = ${source.value(i)}`)
  const same = columns.map((column, i) => `t.${quote(column.column)} IS ${source.value(keys.length + i)}`)
  return {
    sql: `${source.before}SELECT count(*) AS n FROM ${tableName(model)} AS t, ${source.from} WHERE ${[...match, ...same].join(' AND ')}`,
    parameters: source.parameters,
  }
}

export function unchanged(given: ChangeGroup): Statement {
  const group = { ...given, columns: [] }
  const source = sourceOf(group)
  const match = group.keys.map((column, i) => `t.${quote(column.column)} = ${source.value(i)}`)
  return {
    sql: `${source.before}SELECT count(*) AS n FROM ${tableName(group.model)} AS t, ${source.from} WHERE ${[...match, ...sameOf(group, source)].join(' AND ')}`,
    parameters: source.parameters,
  }
}

/** A transaction that has written has the whole database: its rows need no locks, and are only counted. */
export const lock = (group: ChangeGroup) => unchanged({ ...group, compared: [] })

/** What is stored in one way only. */
const COMPARED = new Set(['String', 'Int', 'BigInt', 'Boolean', 'Bytes'])

export function compares({ type, enumValues, list }: Column): boolean {
  return !list && (enumValues !== undefined || COMPARED.has(type))
}

function sameOf({ keys, columns, compared }: ChangeGroup, source: Source): string[] {
  const before = keys.length + columns.length
  return compared.map((column, i) => `t.${quote(column.column)} IS ${source.value(before + i)}`)
}

/** `RAISE(IGNORE)` in a trigger. */
export const vetoes = true

function sourceOf({ keys, columns, compared, rows }: ChangeGroup): Source {
  const values = rows.map((row) => [
    ...keys.map((column, i) => parameter(column, row.key[i])),
    ...columns.map((column, i) => parameter(column, row.values[i])),
    ...compared.map((column, i) => parameter(column, row.seen?.[i])),
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

/** Prisma names it so in every statement: a table of the session alone may have the same name. */
function tableName({ schema = 'main', table }: WalkedModel): string {
  return `${quote(schema)}.${quote(table)}`
}

/** What stands for a parameter, whatever it is compared with. */
export const keyParameter = () => '?'

export function quote(name: string): string {
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

/** The column that is the number of the row itself, if the table has one: it holds whole numbers and nothing else. */
export function rowNumberQuery({ table }: WalkedModel): Statement {
  return {
    sql: "SELECT c.name AS name FROM pragma_table_info(?, 'main') AS c JOIN main.sqlite_master AS m ON m.type = 'table' AND m.name = ? WHERE c.pk = 1 AND upper(c.type) = 'INTEGER' AND upper(m.sql) NOT LIKE '%WITHOUT%ROWID%' AND (SELECT count(*) FROM pragma_table_info(?, 'main') WHERE pk > 0) = 1",
    parameters: [table, table, table],
  }
}

/** How the client's adapter has dates stored: as a text with this ending, or as a number of ms. */
export type DateFormat = { ending: string } | 'ms'

const PROBE = new Date('2001-02-03T04:05:06.789Z')

/** Asks for a date as the adapter stores it. */
export const DATE_PROBE: Statement = {
  sql: 'SELECT typeof(?) AS type, CAST(? AS TEXT) AS value',
  parameters: [PROBE, PROBE],
}

export function dateFormatOf({ type, value }: Record<string, unknown>): DateFormat | undefined {
  const text = String(value)
  // A driver gives every number as a float; the column makes a whole one of it.
  if (type !== 'text') return Number(text) === PROBE.getTime() ? 'ms' : undefined
  const start = PROBE.toISOString().slice(0, -1)
  return text.startsWith(start) ? { ending: text.slice(start.length) } : undefined
}

/** A value of a key that is not as Prisma writes one. */
export function strangeQuery(model: WalkedModel, column: Column, date: DateFormat | undefined): Statement {
  const name = quote(column.column)
  return {
    sql: `SELECT typeof(${name}) AS type, CAST(${name} AS TEXT) AS value FROM ${tableName(model)} WHERE ${strange(column, name, date)} LIMIT 1`,
    parameters: [],
  }
}

function strange({ type }: Column, name: string, date: DateFormat | undefined): string {
  if (type === 'String') return `typeof(${name}) <> 'text'`
  // Past that, its digits are lost on the way.
  if (type === 'Decimal')
    return `typeof(${name}) NOT IN ('integer', 'real') OR (typeof(${name}) = 'integer' AND abs(${name}) > ${Number.MAX_SAFE_INTEGER})`
  if (type !== 'DateTime' || date === 'ms') return `typeof(${name}) <> 'integer'`
  if (date === undefined) return 'TRUE'
  return `typeof(${name}) <> 'text' OR ${name} IS NOT strftime('%Y-%m-%dT%H:%M:%f', ${name}) || '${date.ending.replaceAll("'", "''")}'`
}

/** A key that two rows have, as the columns' collations compare. */
export function twiceQuery(model: WalkedModel, columns: readonly Column[]): Statement {
  const names = columns.map(({ column }) => quote(column)).join(', ')
  const sql = `SELECT ${names} FROM ${tableName(model)} GROUP BY ${names} HAVING count(*) > 1 LIMIT 1`
  return { sql, parameters: [] }
}
