import type { Key } from './keyset.js'
import type { Column, WalkedModel } from './model.js'

/** A statement with its parameters. */
export interface Statement {
  sql: string
  parameters: unknown[]
}

/** Changes of the same columns: what one statement writes. */
export interface ChangeGroup {
  model: WalkedModel
  keys: readonly Column[]
  columns: readonly Column[]
  rows: readonly { key: Key; values: readonly unknown[] }[]
  /** The columns' types in the database, by column name; where the dialect asked for them. */
  types: ReadonlyMap<string, ColumnType>
}

/** A column's type as the database writes it, and its collation. */
export interface ColumnType {
  type: string
  collation: string | null
}

/** How one kind of database is told to change many rows at once. */
export interface Dialect {
  /** The query that tells the table's column types, as `name`, `type` and `collation`; none where they don't matter. */
  typesQuery?(model: WalkedModel): Statement
  /** How many rows one statement can take. */
  rowLimit(columns: number): number
  statement(group: ChangeGroup): Statement
}
