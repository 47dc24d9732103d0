import { messageOf } from '../../define/errors.js'
import { isDecimal } from '../rows/keys.js'
import type { Column, WalkedModel } from '../rows/walked-model.js'
import { sentDate } from './date-text.js'
import type { ChangeGroup, ColumnType, Statement, TogetherRefusal } from './dialect.js'

/**
 * All values travel as one JSON text. The keys are read as their columns' own types, or the join would compare numbers
 * as floats; STRAIGHT_JOIN starts at the values, so that rows are found by the key and no other row is locked.
 */
export function statement(group: ChangeGroup): Statement {
  const { rows, match, same, set, parameters } = partsOf(group)
  return { sql: `UPDATE ${rows} ON ${[match, ...same].join(' AND ')} SET ${set}`, parameters }
}

/**
 * A row that is found is written, whatever else the counts say: without `foundRows`, a connection counts only rows that
 * got other values.
 */
export function landed(group: ChangeGroup): Statement {
  const { rows, match, parameters } = partsOf({ ...group, compared: [] })
  return { sql: `SELECT COUNT(*) AS n FROM ${rows} ON ${match}`, parameters }
}

export function unchanged(group: ChangeGroup): Statement {
  const { rows, match, same, parameters } = partsOf({ ...group, columns: [] })
  return { sql: `SELECT COUNT(*) AS n FROM ${rows} ON ${[match, ...same].join(' AND ')}`, parameters }
}

export function lock(group: ChangeGroup): Statement {
  const { rows, match, parameters } = partsOf({ ...group, columns: [], compared: [] })
  return { sql: `SELECT COUNT(*) AS n FROM ${rows} ON ${match} FOR UPDATE`, parameters }
}

/** Types whose values come back from JavaScript as they were. Texts, dates finer than milliseconds and floats aside. */
const COMPARED = /^(tinyint|smallint|mediumint|int|bigint|decimal|date|datetime(\([1-3]\))?|timestamp(\([1-3]\))?)\b/

export function compares(column: Column, types: ChangeGroup['types']): boolean {
  const { type = '', charset = null } = types.get(column.column) ?? {}
  if (column.list || column.finer || column.type === 'Json') return false
  return charset !== null || column.type === 'Bytes' || COMPARED.test(type.toLowerCase())
}

/** Texts are compared by their bytes: a collation may find texts equal that are not the same. */
function sameAs(column: Column, type: ColumnType | undefined, was: string): string {
  const is = `t.${quote(column.column)}`
  if (column.type === 'Bytes') return `${is} <=> UNHEX(${was})`
  const { charset } = type ?? {}
  return charset ? `CAST(${is} AS BINARY) <=> CAST(CONVERT(${was} USING ${charset}) AS BINARY)` : `${is} <=> ${was}`
}

/** Triggers may change what is written, or throw. */
export const vetoes = false

/**
 * Without the record, no row is joined. Without rows (all of them deleted meanwhile), the record is changed all the
 * same. An answer of 0 rows says that the record is not as its keys say: its checkpoint changes every time.
 */
export const together = {
  statement(group: ChangeGroup): (record: ChangeGroup) => Statement {
    const { rows, match, same, set, parameters } = partsOf(group)
    const found = same.length === 0 ? match : `${match} AND IF(${same.join(' AND ')}, TRUE, ${CHANGED})`
    return ({ model, keys, columns, rows: [record] }) => {
      const recordSet = columns.map((column) => `r.${quote(column.column)} = ?`)
      const isNull = keys.map((_, i) => record?.key[i] === null)
      const recordMatch = keys.map((column, i) => `r.${quote(column.column)} ${isNull[i] ? 'IS NULL' : '= ?'}`)
      return {
        sql: `UPDATE ${tableName(model)} AS r LEFT JOIN (${rows} ON ${found}) ON TRUE SET ${[set, ...recordSet].join(', ')} WHERE ${recordMatch.join(' AND ')}`,
        parameters: [
          ...parameters,
          ...columns.map((column, i) => json(column, record?.values[i])),
          ...keys.flatMap((column, i) => (isNull[i] ? [] : json(column, record?.key[i]))),
        ],
      }
    }
  },
  changedOf: (answer: number) => (answer === 0 ? undefined : answer - 1),
  refusal: (error: unknown): TogetherRefusal | undefined => (OUT_OF_RANGE.test(messageOf(error)) ? 'fewer' : undefined),
  locksRecordFirst: true,
}

/** Past the largest number there is: nothing else takes a statement back. It depends on a row, or it would fail at once. */
const CHANGED = '~0 + IF(v.k0 IS NULL, 1, 1)'
const OUT_OF_RANGE = /BIGINT UNSIGNED value is out of range/i

function partsOf({ model, keys, columns, compared, rows, types }: ChangeGroup) {
  const records = rows.map(({ key, values, seen }) => [
    ...keys.map((column, i) => json(column, key[i])),
    ...columns.map((column, i) => json(column, values[i])),
    ...compared.map((column, i) => json(column, seen?.[i])),
  ])
  const typeOf = ({ column }: Column) => types.get(column)?.type ?? 'LONGTEXT'
  const wasType = (column: Column) => (COMPARED.test(typeOf(column).toLowerCase()) ? typeOf(column) : 'LONGTEXT')
  const read = [
    ...keys.map((column, i) => `k${i} ${typeOf(column)} PATH '$[${i}]'`),
    ...columns.map((_, i) => `s${i} LONGTEXT PATH '$[${keys.length + i}]'`),
    ...compared.map((column, i) => `w${i} ${wasType(column)} PATH '$[${keys.length + columns.length + i}]'`),
  ]
  const match = keys.map(
    (column, i) => `t.${quote(column.column)} = ${comparable(`v.k${i}`, types.get(column.column))}`,
  )
  const set = columns.map((column, i) => `t.${quote(column.column)} = ${asColumn(column, `v.s${i}`)}`)
  return {
    rows: `JSON_TABLE(?, '$[*]' COLUMNS (${read.join(', ')})) AS v STRAIGHT_JOIN ${tableName(model)} AS t`,
    match: match.join(' AND '),
    same: compared.map((column, i) => sameAs(column, types.get(column.column), `v.w${i}`)),
    set: set.join(', '),
    parameters: [JSON.stringify(records)],
  }
}

export function typesQuery({ schema, table }: WalkedModel): Statement {
  return {
    sql: 'SELECT COLUMN_NAME AS name, COLUMN_TYPE AS type, CHARACTER_SET_NAME AS charset, COLLATION_NAME AS collation FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = COALESCE(?, DATABASE()) AND TABLE_NAME = ?',
    parameters: [schema ?? null, table],
  }
}

/** One parameter holds them all. */
export function rowLimit(): number {
  return Number.POSITIVE_INFINITY
}

/** JSON is utf8mb4; a text compares with a column of another character set only as one of that. */
function comparable(value: string, type: ColumnType | undefined): string {
  const { charset, collation } = type ?? {}
  const text = charset && charset !== 'utf8mb4' ? `CONVERT(${value} USING ${charset})` : value
  return collation ? `${text} COLLATE ${collation}` : text
}

function asColumn({ type }: Column, value: string): string {
  if (type === 'Bytes') return `UNHEX(${value})`
  // Numbers, as the adapter sends them: `BIT(1)` would take the text's own bits, and YEAR '0' for 2000.
  if (type === 'Int') return `CAST(${value} AS SIGNED)`
  return type === 'Boolean' ? `${value} + 0` : value
}

function tableName({ schema, table }: WalkedModel): string {
  return schema === undefined ? quote(table) : `${quote(schema)}.${quote(table)}`
}

/** What stands for a parameter, whatever it is compared with. */
export const keyParameter = () => '?'

export function quote(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``
}

function json(column: Column, value: unknown): unknown {
  if (value === null) return null
  if (column.type === 'Json') return JSON.stringify(value)
  if (value instanceof Date) return sentDate(column, value)
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  if (isDecimal(value)) return value.toFixed()
  if (typeof value === 'boolean') return value ? '1' : '0'
  return String(value)
}
