import { describeKey, type Key, keyOf, nameOf, oneOf, type Range } from './keyset.js'
import { CursorError, keyColumns, nextPage, type ReadDelegate, type Walk } from './walk.js'

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
  const found = await foundOf(keys, delegate, walk)
  const { rows } = await nextPage(delegate, walk, range, size)
  const given = new Set(keys.map(nameOf))
  const unfound = rows.map((row) => keyOf(fields, row)).find((key) => given.has(nameOf(key)) && !found.has(nameOf(key)))
  if (unfound !== undefined)
    throw new CursorError(
      `a row is not found by its own ${fields.join(', ')} (${describeKey(fields, unfound)}): it is stored otherwise than Prisma writes it; walk by another field, with \`cursor\``,
    )
}

/** More at once are more values than some databases take. */
const KEYS_AT_ONCE = 500

/** Those that the database finds by their keys: asked for until none more comes, for a client may give a few at a time. */
async function foundOf(keys: readonly Key[], delegate: ReadDelegate, walk: Walk): Promise<Set<string>> {
  const { fields } = walk
  const found = new Set<string>()
  for (let at = 0; at < keys.length; at += KEYS_AT_ONCE) {
    let missing = keys.slice(at, at + KEYS_AT_ONCE)
    for (let before = missing.length + 1; missing.length > 0 && missing.length < before; ) {
      before = missing.length
      const rows = await delegate.findMany({ where: oneOf(fields, missing), ...keyColumns(walk) })
      for (const row of rows) found.add(nameOf(keyOf(fields, row)))
      missing = missing.filter((key) => !found.has(nameOf(key)))
    }
  }
  return found
}
