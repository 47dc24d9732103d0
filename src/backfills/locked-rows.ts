import type { Client } from '../prisma/client.js'
import { withoutExtensions } from '../prisma/extensions.js'
import type { Comparison } from './comparison.js'
import type { Key } from './rows/keys.js'
import { type Change, dialectOf, rowsToFind, statementsOf } from './write/bulk-update.js'
import type { Statement } from './write/dialect.js'
import type { RawTable } from './write/raw-table.js'

/** A table that raw statements can name. */
export type LockableTable = Exclude<RawTable, string>

/** Locks rows until the transaction ends. How many of them are there. */
export async function lockRows(
  transaction: Client,
  table: LockableTable,
  { fields, keys }: { fields: readonly string[]; keys: readonly Key[] },
): Promise<number> {
  const dialect = dialectOf(table.model)
  if (!dialect) return 0
  const rows = keys.map((key) => ({ key }))
  return count(transaction, statementsOf(dialect, rowsToFind(table, fields, rows), dialect.lock))
}

/** The compared fields that differ from what was read of some of these rows. */
export async function strangeColumns(
  transaction: Client,
  table: LockableTable,
  given: { comparison: Comparison; fields: readonly string[]; changes: readonly Change[] },
): Promise<string[]> {
  const { comparison, fields, changes } = given
  const dialect = dialectOf(table.model)
  if (!dialect) return []
  const strange: string[] = []
  for (const column of comparison.columns(changes, (column) => dialect.compares(column, table.types))) {
    const group = rowsToFind(table, fields, changes, [column])
    const statements = statementsOf(dialect, group, dialect.unchanged)
    if ((await count(transaction, statements)) < changes.length) strange.push(column.field)
  }
  return strange
}

async function count(transaction: Client, statements: readonly Statement[]): Promise<number> {
  let rows = 0
  for (const { sql, parameters } of statements) {
    const [{ n } = {}] = await withoutExtensions(transaction).$queryRawUnsafe(sql, ...parameters)
    rows += Number(n)
  }
  return rows
}
