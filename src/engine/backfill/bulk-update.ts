import { plainValue } from './column-value.js'
import type { ChangeGroup, ColumnType, Dialect, Statement } from './dialect.js'
import type { Key } from './keyset.js'
import type { Column, WalkedModel } from './model.js'
import * as mysql from './sql-mysql.js'
import * as postgresql from './sql-postgresql.js'
import * as sqlite from './sql-sqlite.js'

/** One row's change: which row, and its new values by field. */
export interface Change {
  key: Key
  data: Readonly<Record<string, unknown>>
}

const DIALECTS: Record<string, Dialect> = { postgresql, mysql, sqlite }

/** The dialect of a model's database; undefined where rows are updated one by one. */
export function dialectOf({ provider }: WalkedModel): Dialect | undefined {
  return provider === undefined ? undefined : DIALECTS[provider]
}

/**
 * Sorts changes by the columns that they set, so that each group is one statement. Answers with the reason when some
 * change is not for a statement: a relation, an operation on the old value, a field that the model does not have.
 */
export function groupChanges(
  model: WalkedModel,
  cursor: readonly string[],
  changes: readonly Change[],
  types: ReadonlyMap<string, ColumnType>,
): ChangeGroup[] | string {
  const keys = cursor.flatMap((field) => model.columns.get(field) ?? [])
  const groups = new Map<string, ChangeGroup & { rows: { key: Key; values: unknown[] }[] }>()
  const now = new Date()
  for (const { key, data } of changes) {
    const set = Object.entries(data).filter(([, value]) => value !== undefined)
    // An update of nothing leaves `@updatedAt` alone too.
    if (set.length === 0) continue
    for (const { field, updatedAt } of model.columns.values())
      if (updatedAt && data[field] === undefined) set.push([field, now])
    // However `update` orders them, rows that set the same fields go into one statement.
    set.sort(([a], [b]) => (a < b ? -1 : 1))
    const columns: Column[] = []
    const values: unknown[] = []
    for (const [field, given] of set) {
      const column = model.columns.get(field)
      if (!column) return `${field} is not a column`
      const written = plainValue(column, given)
      if ('unwritable' in written) return written.unwritable
      columns.push(column)
      values.push(written.value)
    }
    const signature = columns.map(({ field }) => field).join()
    const group = groups.get(signature) ?? { model, keys, columns, rows: [], types }
    group.rows.push({ key, values })
    groups.set(signature, group)
  }
  return [...groups.values()]
}

/** The statements of a group: one, unless the database can't take so many values at once. */
export function statementsOf(dialect: Dialect, group: ChangeGroup): Statement[] {
  const limit = dialect.rowLimit(group.keys.length + group.columns.length)
  const statements: Statement[] = []
  for (let at = 0; at < group.rows.length; at += limit)
    statements.push(dialect.statement({ ...group, rows: group.rows.slice(at, at + limit) }))
  return statements
}
