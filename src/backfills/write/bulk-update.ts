import type { Key } from '../rows/keys.js'
import type { Column, WalkedModel } from '../rows/walked-model.js'
import { plainValue } from './column-value.js'
import type { ChangeGroup, ColumnType, Dialect, Statement } from './dialect.js'
import { isPlainObject } from './json-value.js'
import * as mysql from './mysql.js'
import * as postgresql from './postgresql.js'
import * as sqlite from './sqlite.js'

/** One row's change: which row, and its new values by field. */
export interface Change {
  key: Key
  data: Readonly<Record<string, unknown>>
  /** The row as `update` saw it, where somebody else may change it before it is written. */
  seen?: Readonly<Record<string, unknown>>
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
  compared: readonly Column[] = [],
): ChangeGroup[] | string {
  const keys = cursor.flatMap((field) => model.columns.get(field) ?? [])
  const groups = new Map<string, ChangeGroup & { rows: { key: Key; values: unknown[]; seen: unknown[] }[] }>()
  const stamped = [...model.columns.values()].flatMap(({ field, updatedAt }) => (updatedAt ? field : []))
  const now = new Date()
  for (const { key, data, seen = {} } of changes) {
    if (!isPlainObject(data)) return 'the data is not a plain object'
    const unset = model.strictUndefined && Object.keys(data).find((field) => data[field] === undefined)
    if (unset) return `undefined in ${unset}`
    const set = Object.keys(data).filter((field) => data[field] !== undefined)
    // An update of nothing leaves `@updatedAt` alone too.
    if (set.length === 0) continue
    for (const field of stamped) if (data[field] === undefined) set.push(field)
    // However `update` orders them, rows that set the same fields go into one statement.
    const signature = set.sort().join()
    let group = groups.get(signature)
    if (!group) {
      const columns = columnsOf(model, set)
      if (typeof columns === 'string') return columns
      const reason = leftToPrisma(model, [...keys, ...columns], set, types)
      if (reason !== undefined) return reason
      group = { model, keys, columns, compared, rows: [], types }
      groups.set(signature, group)
    }
    const values: unknown[] = []
    for (const column of group.columns) {
      const written = plainValue(column, data[column.field] === undefined ? now : data[column.field])
      if ('unwritable' in written) return written.unwritable
      values.push(written.value)
    }
    group.rows.push({ key, values, seen: compared.map((column) => seenValue(column, seen[column.field])) })
  }
  return [...groups.values()]
}

/** Rows as a statement finds them that changes nothing. */
export function rowsToFind(
  { model, types }: Pick<ChangeGroup, 'model' | 'types'>,
  cursor: readonly string[],
  rows: readonly Pick<Change, 'key' | 'seen'>[],
  compared: readonly Column[] = [],
): ChangeGroup {
  const keys = cursor.flatMap((field) => model.columns.get(field) ?? [])
  const found = rows.map(({ key, seen = {} }) => {
    return { key, values: [], seen: compared.map((column) => seenValue(column, seen[column.field])) }
  })
  return { model, keys, columns: [], compared, rows: found, types }
}

/** A value that was read, as it would be written. */
function seenValue({ enumValues }: Column, value: unknown): unknown {
  return typeof value === 'string' && enumValues ? (enumValues.get(value) ?? value) : value
}

/** Why columns are left to Prisma, whatever their values. */
function leftToPrisma(
  { referred, dates }: WalkedModel,
  columns: readonly Column[],
  set: readonly string[],
  types: ReadonlyMap<string, ColumnType>,
): string | undefined {
  const cascading = set.find((field) => referred.has(field))
  if (cascading !== undefined) return `other rows refer to ${cascading}, and Prisma changes them too`
  if (dates !== 'unknown') return undefined
  const zoned = columns.find(({ column }) => /with time zone/.test(types.get(column)?.type ?? ''))
  return zoned && `unknown how the adapter sends ${zoned.field}, which has a time zone`
}

function columnsOf(model: WalkedModel, fields: readonly string[]): Column[] | string {
  const columns = fields.flatMap((field) => model.columns.get(field) ?? [])
  return columns.length === fields.length
    ? columns
    : `${fields.find((field) => !model.columns.has(field))} is not a column`
}

/** The statements of a group: one, unless the database can't take so many values at once. */
export function statementsOf(
  dialect: Dialect,
  group: ChangeGroup,
  statement: (group: ChangeGroup) => Statement = dialect.statement,
): Statement[] {
  const limit = dialect.rowLimit(group.keys.length + group.columns.length + group.compared.length)
  const statements: Statement[] = []
  for (let at = 0; at < group.rows.length; at += limit)
    statements.push(statement({ ...group, rows: group.rows.slice(at, at + limit) }))
  return statements
}
