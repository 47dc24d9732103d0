import type { BackfillRange } from '../../define/backfill.js'
import type { Row } from '../../prisma/client.js'
import { isInexact } from '../rows/in-order.js'
import { both, type Key, keyOf, rangesAfter, upTo } from '../rows/keys.js'
import { CursorError } from '../rows/pages.js'
import type { WalkedModel } from '../rows/walked-model.js'
import { dialectOf } from './bulk-update.js'

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
  const dialect = dialectOf(model)
  const columns = fields.flatMap((field) => model.columns.get(field) ?? [])
  const inexact = columns.find(({ type }) => isInexact({ types: [type] }))
  if (!dialect || inexact) {
    const what = inexact ? `${inexact.field} is of type ${inexact.type}` : `the database is ${model.provider}`
    throw new CursorError(
      `\`range.sql\` is not available: ${what}. Use \`range.where\` with \`updateMany\` or \`deleteMany\``,
    )
  }
  const names = asRow(columns.map(({ column }) => dialect.quote(column)))
  const parameters = (from: number) => asRow(columns.map((column, i) => dialect.keyParameter(column, from + i)))
  return `(${names} >= ${parameters(1)} AND ${names} <= ${parameters(columns.length + 1)})`
}

function asRow(parts: readonly string[]): string {
  return parts.length === 1 ? (parts[0] ?? '') : `(${parts.join(', ')})`
}
