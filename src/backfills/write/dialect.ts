import type { Key } from '../rows/keys.js'
import type { Column, WalkedModel } from '../rows/walked-model.js'

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
  /** Columns that must still be as `update` saw them, or a row is left alone. */
  compared: readonly Column[]
  /** `seen`: the values of the compared columns. */
  rows: readonly { key: Key; values: readonly unknown[]; seen?: readonly unknown[] }[]
  /** The columns' types in the database, by column name; where the dialect asked for them. */
  types: ReadonlyMap<string, ColumnType>
}

/** A column's type as the database writes it, and, of a text where it matters, its character set and collation. */
export interface ColumnType {
  type: string
  charset?: string | null
  collation?: string | null
}

/**
 * Nothing was written: the record is not as its keys say; or fewer rows would have been than the group has, because
 * some are gone or not as they were seen; or the database has no such statement for this table.
 */
export type TogetherRefusal = 'displaced' | 'fewer' | 'unsupported'

/** How one kind of database is told to change many rows at once. */
export interface Dialect {
  quote(name: string): string
  /** A parameter of a statement, counted from 1, that is compared with a column of a key. */
  keyParameter(column: Column, at: number): string
  /** The query that tells the table's column types, as `name` and what a `ColumnType` has; none where they don't matter. */
  typesQuery?(model: WalkedModel): Statement
  /** How many rows one statement can take. */
  rowLimit(columns: number): number
  statement(group: ChangeGroup): Statement
  /** The query that counts, as `n`, the rows of a group that are there as a statement for it leaves them. */
  landed(group: ChangeGroup): Statement
  /** Whether a column can be compared with a value that was read from it: exactly, with no row that always differs. */
  compares(column: Column, types: ChangeGroup['types']): boolean
  /** The query that counts, as `n`, the rows of a group that are there as `update` saw them. */
  unchanged(group: ChangeGroup): Statement
  /** The query that locks the rows of a group until the transaction ends, and counts them as `n`. */
  lock(group: ChangeGroup): Statement
  /** A trigger, a rule or a policy may keep a row as it is, and no error says so. */
  vetoes: boolean
  /**
   * One statement that changes the rows of a group, and one record, both or neither: neither, when the record is not
   * as its keys say. Not there where the database has no such statement.
   */
  together?: {
    /** The rows' part is made at once; the record's when it is known. */
    statement(group: ChangeGroup): (record: ChangeGroup) => Statement
    /** How many rows of the group it changed, by its answer; undefined: the record is not as its keys say. */
    changedOf(answer: number, group: ChangeGroup): number | undefined
    /** What an error of it says; undefined, when it says something else. */
    refusal(error: unknown): TogetherRefusal | undefined
    /** It has the record locked while it may wait for the locks of rows: no heartbeat gets through. */
    locksRecordFirst: boolean
  }
}
