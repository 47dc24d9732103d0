import type { ChangeGroup, Statement } from './dialect.js'
import { isDecimal } from './keyset.js'
import type { Column } from './model.js'

/** SQLite takes 32,766 parameters; some of them stay free. */
const PARAMETER_LIMIT = 32_000

/**
 * Every value is a parameter of its own: how a date or a decimal is stored is the adapter's choice, and so it writes
 * them as it always does.
 */
export function statement({ model, keys, columns, rows }: ChangeGroup): Statement {
  const names = [...keys.map((_, i) => `k${i}`), ...columns.map((_, i) => `s${i}`)]
  const row = `(${names.map(() => '?').join(', ')})`
  const set = columns.map((column, i) => `${quote(column.column)} = v.s${i}`)
  const match = keys.map((column, i) => `t.${quote(column.column)} = v.k${i}`)
  return {
    sql: `WITH v(${names.join(', ')}) AS (VALUES ${rows.map(() => row).join(', ')}) UPDATE ${quote(model.table)} AS t SET ${set.join(', ')} FROM v WHERE ${match.join(' AND ')}`,
    parameters: rows.flatMap(({ key, values }) => [
      ...keys.map((column, i) => parameter(column, key[i])),
      ...columns.map((column, i) => parameter(column, values[i])),
    ]),
  }
}

export function rowLimit(columns: number): number {
  return Math.max(1, Math.floor(PARAMETER_LIMIT / columns))
}

function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

function parameter(column: Column, value: unknown): unknown {
  if (value === null) return null
  if (column.type === 'Json') return JSON.stringify(value)
  return isDecimal(value) ? value.toFixed() : value
}
