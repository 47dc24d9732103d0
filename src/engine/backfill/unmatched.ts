import { type Key, keyOf, type Range } from './keyset.js'
import { CursorError, nextPage, type ReadDelegate, type Walk } from './walk.js'

/**
 * Throws unless the rows that a statement did not find are gone. A key that comes back from the database other than it
 * is there (a date in another text, a time with microseconds) finds no row, and the checkpoint would pass it.
 */
export async function demandGone(
  keys: readonly Key[],
  delegate: ReadDelegate,
  walk: Walk,
  { range, size }: { range: Range; size: number },
): Promise<void> {
  const { fields } = walk
  const equal = keys.map((key) => ({ AND: fields.map((field, i) => ({ [field]: key[i] })) }))
  const select = Object.fromEntries(fields.map((field) => [field, true]))
  const found = new Set((await delegate.findMany({ where: { OR: equal }, select })).map((row) => nameOf(fields, row)))
  const { rows } = await nextPage(delegate, walk, range, size)
  const given = new Set(keys.map((key) => key.map(String).join()))
  const unfound = rows.find((row) => given.has(nameOf(fields, row)) && !found.has(nameOf(fields, row)))
  if (unfound)
    throw new CursorError(
      `a row is not found by its own ${fields.join(', ')} (${nameOf(fields, unfound)}): it is stored otherwise than Prisma writes it; walk by another field, with \`cursor\``,
    )
}

function nameOf(fields: readonly string[], row: Record<string, unknown>): string {
  return keyOf(fields, row).map(String).join()
}
