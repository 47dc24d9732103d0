import type { BackfillRange } from '../../define/backfill.js'
import type { Row } from '../../prisma/client.js'
import { both, type Key, keyOf, rangesAfter, upTo } from '../rows/keys.js'
import { CursorError } from '../rows/pages.js'
import type { Column, WalkedModel } from '../rows/walked-model.js'

/** How one kind of database is told about a range. */
interface RangeDialect {
  name(column: string): string
  /** A statement's so-manieth parameter, as a value of a column. */
  parameter(column: Column, at: number): string
}

const DIALECTS: Record<string, RangeDialect> = {
  postgresql: {
    name: (column) => `"${column.replaceAll('"', '""')}"`,
    parameter: ({ type, native = '' }, at) => `$${at}::${TYPES[native] ?? (type === 'String' ? 'text' : 'bigint')}`,
  },
  mysql: { name: (column) => `\`${column.replaceAll('`', '``')}\``, parameter: () => '?' },
  sqlite: { name: (column) => `"${column.replaceAll('"', '""')}"`, parameter: () => '?' },
}

/** Types of PostgreSQL that a text is not compared with as it is. */
const TYPES: Record<string, string> = { Uuid: 'uuid', Citext: 'citext', Char: 'bpchar', Inet: 'inet' }

/** Keys that come back to the database as JavaScript has them, in every session. */
const EXACT = new Set(['Int', 'BigInt', 'String'])

/** The rows of a batch, in order, as the range of their keys: for statements that need no rows. */
export function rangeOfRows(
  rows: readonly Row[],
  { model, fields, where }: { model: WalkedModel; fields: readonly string[]; where: object | undefined },
): BackfillRange {
  const keys = rows.map((row) => keyOf(fields, row))
  const [first, last] = [keys[0] ?? [], keys.at(-1) ?? []]
  const named = (key: Key) => Object.fromEntries(fields.map((field, i) => [field, key[i]]))
  const from = { OR: [...rangesAfter(fields, first), named(first)] }
  return {
    first: named(first),
    last: named(last),
    rows: rows.length,
    where: both(where, from, upTo(fields, last)),
    get sql() {
      return sqlOf(model, fields)
    },
    values: [...first, ...last],
  }
}

function sqlOf(model: WalkedModel, fields: readonly string[]): string {
  const dialect = DIALECTS[model.provider ?? '']
  const columns = fields.flatMap((field) => model.columns.get(field) ?? [])
  const inexact = columns.find(({ type }) => !EXACT.has(type))
  if (!dialect || inexact) {
    const what = inexact ? `${inexact.field} is of type ${inexact.type}` : `the database is ${model.provider}`
    throw new CursorError(
      `\`range.sql\` is not available: ${what}. Use \`range.where\` with \`updateMany\` or \`deleteMany\``,
    )
  }
  const names = columns.map(({ column }) => dialect.name(column))
  const parameters = (from: number) => columns.map((column, i) => dialect.parameter(column, from + i))
  const [first, last] = [parameters(1), parameters(columns.length + 1)]
  return `(${asRow(names)} >= ${asRow(first)} AND ${asRow(names)} <= ${asRow(last)})`
}

function asRow(parts: readonly string[]): string {
  return parts.length === 1 ? (parts[0] ?? '') : `(${parts.join(', ')})`
}
