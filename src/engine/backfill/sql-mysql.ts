import type { ChangeGroup, Statement } from './dialect.js'
import { isDecimal } from './keyset.js'
import type { Column, WalkedModel } from './model.js'

/**
 * All values travel as one JSON text. The keys are read as their columns' own types, or the join would compare numbers
 * as floats; STRAIGHT_JOIN starts at the values, so that rows are found by the key and no other row is locked.
 */
export function statement({ model, keys, columns, rows, types }: ChangeGroup): Statement {
  const records = rows.map(({ key, values }) => [
    ...keys.map((column, i) => json(column, key[i])),
    ...columns.map((column, i) => json(column, values[i])),
  ])
  const read = [
    ...keys.map((column, i) => `k${i} ${types.get(column.column)?.type ?? 'LONGTEXT'} PATH '$[${i}]'`),
    ...columns.map((_, i) => `s${i} LONGTEXT PATH '$[${keys.length + i}]'`),
  ]
  const match = keys.map((column, i) => {
    const collation = types.get(column.column)?.collation
    return `t.${quote(column.column)} = v.k${i}${collation ? ` COLLATE ${collation}` : ''}`
  })
  const set = columns.map((column, i) => `t.${quote(column.column)} = ${asColumn(column, `v.s${i}`)}`)
  return {
    sql: `UPDATE JSON_TABLE(?, '$[*]' COLUMNS (${read.join(', ')})) AS v STRAIGHT_JOIN ${tableName(model)} AS t ON ${match.join(' AND ')} SET ${set.join(', ')}`,
    parameters: [JSON.stringify(records)],
  }
}

export function typesQuery({ schema, table }: WalkedModel): Statement {
  return {
    sql: 'SELECT COLUMN_NAME AS name, COLUMN_TYPE AS type, COLLATION_NAME AS collation FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = COALESCE(?, DATABASE()) AND TABLE_NAME = ?',
    parameters: [schema ?? null, table],
  }
}

/** One parameter holds them all. */
export function rowLimit(): number {
  return Number.POSITIVE_INFINITY
}

function asColumn({ type }: Column, value: string): string {
  if (type === 'Bytes') return `UNHEX(${value})`
  // A number, for `BIT(1)` would take the text's own bits.
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
  if (value instanceof Date) return value.toISOString().slice(0, 23).replace('T', ' ')
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  if (isDecimal(value)) return value.toFixed()
  if (typeof value === 'boolean') return value ? '1' : '0'
  return String(value)
}
