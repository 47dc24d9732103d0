import { isDecimal } from '../rows/keys.js'
import type { Column, WalkedModel } from '../rows/walked-model.js'
import { sentDate } from './date-text.js'
import type { ChangeGroup, ColumnType, Statement } from './dialect.js'

/**
 * All values travel as one JSON text. The keys are read as their columns' own types, or the join would compare numbers
 * as floats; STRAIGHT_JOIN starts at the values, so that rows are found by the key and no other row is locked.
 */
export function statement(group: ChangeGroup): Statement {
  const { rows, match, set, parameters } = partsOf(group)
  return { sql: `UPDATE ${rows} ON ${match} SET ${set}`, parameters }
}

/**
 * A row that is found is written, whatever else the counts say: without `foundRows`, a connection counts only rows that
 * got other values.
 */
export function landed(group: ChangeGroup): Statement {
  const { rows, match, parameters } = partsOf(group)
  return { sql: `SELECT COUNT(*) AS n FROM ${rows} ON ${match}`, parameters }
}

/** Triggers may change what is written, or throw. */
export const vetoes = false

/**
 * Without the record, no row is joined. Without rows (all of them deleted meanwhile), the record is changed all the
 * same. An answer of 0 rows says that the record is not as its keys say: its checkpoint changes every time.
 */
export const together = {
  statement(group: ChangeGroup, { model, keys, columns, rows: [record] }: ChangeGroup): Statement {
    const { rows, match, set, parameters } = partsOf(group)
    const recordSet = columns.map((column) => `r.${quote(column.column)} = ?`)
    const recordMatch = keys.map((column) => `r.${quote(column.column)} = ?`)
    return {
      sql: `UPDATE ${tableName(model)} AS r LEFT JOIN (${rows} ON ${match}) ON TRUE SET ${[set, ...recordSet].join(', ')} WHERE ${recordMatch.join(' AND ')}`,
      parameters: [
        ...parameters,
        ...columns.map((column, i) => json(column, record?.values[i])),
        ...keys.map((column, i) => json(column, record?.key[i])),
      ],
    }
  },
  changedOf: (answer: number) => (answer === 0 ? undefined : answer - 1),
  refusal: () => undefined,
  locksRecordFirst: true,
}

function partsOf({ model, keys, columns, rows, types }: ChangeGroup) {
  const records = rows.map(({ key, values }) => [
    ...keys.map((column, i) => json(column, key[i])),
    ...columns.map((column, i) => json(column, values[i])),
  ])
  const read = [
    ...keys.map((column, i) => `k${i} ${types.get(column.column)?.type ?? 'LONGTEXT'} PATH '$[${i}]'`),
    ...columns.map((_, i) => `s${i} LONGTEXT PATH '$[${keys.length + i}]'`),
  ]
  const match = keys.map(
    (column, i) => `t.${quote(column.column)} = ${comparable(`v.k${i}`, types.get(column.column))}`,
  )
  const set = columns.map((column, i) => `t.${quote(column.column)} = ${asColumn(column, `v.s${i}`)}`)
  return {
    rows: `JSON_TABLE(?, '$[*]' COLUMNS (${read.join(', ')})) AS v STRAIGHT_JOIN ${tableName(model)} AS t`,
    match: match.join(' AND '),
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

function quote(name: string): string {
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
