import { type Client, delegateOf, primaryOf, type ReadDelegate } from '../prisma/client.js'
import { isInexact, lastRowFault, noLastRowFault } from './rows/in-order.js'
import { type Key, keyOf, oneOf, sameKey } from './rows/keys.js'
import { CursorError, keyColumns, nextPage, orderBy, type Walk, wholeKey } from './rows/pages.js'
import type { Walked } from './rows/target.js'
import { demandStoredAsWritten } from './stored-keys.js'

const TRIES = 5

/**
 * The last key of the table as it is now; null when it is empty. Where a row may not be found by its own key, or an
 * extension may show another row as the last one, the walk would end too early and say done: that is looked into here,
 * before the first write.
 */
export async function lastKey(client: Client, { model, walk }: Walked): Promise<Key | null> {
  const primary = primaryOf(client)
  await demandStoredAsWritten(primary, { model, walk })
  const delegate = delegateOf(primary, model)
  let last = await lastOf(delegate, walk)
  if (!walk.hooked && !isInexact(walk)) return last
  for (let tries = 1; last !== null && !(await isLast(delegate, walk, last)); tries += 1) {
    // It was deleted, or others came after it, meanwhile: then the last one is another now.
    const now = await lastOf(delegate, walk)
    if (sameKey(last, now)) throw new CursorError(lastRowFault(walk, last))
    last = now
    if (tries === TRIES) break
  }
  return last
}

/** As many rows as an extension may take out of an answer, until one is left. */
const LOOKS = [1, 100, 10_000]

async function lastOf(delegate: ReadDelegate, walk: Walk): Promise<Key | null> {
  const [take, ...more] = LOOKS
  const look = async (take: number | undefined) => {
    const [row] = await delegate.findMany({ ...keyColumns(walk), orderBy: orderBy(walk.fields, 'desc'), take })
    return row ? wholeKey(walk, row) : null
  }
  const last = await look(take)
  if (last !== null || !walk.hooked) return last
  const { rows } = await nextPage(delegate, { ...walk, where: undefined }, { after: null, upTo: null }, 1)
  if (rows.length === 0) return null
  for (const take of more) {
    const key = await look(take)
    if (key !== null) return key
  }
  throw new CursorError(noLastRowFault(walk))
}

/** Whether a row is found by its key, and none after it. */
async function isLast(delegate: ReadDelegate, walk: Walk, key: Key): Promise<boolean> {
  const [row] = await delegate.findMany({ where: oneOf(walk.fields, [key]), ...keyColumns(walk), take: 1 })
  if (!row || !sameKey(keyOf(walk.fields, row), key)) return false
  // Throws where the same key comes again: a row that is stored finer than its key.
  const { rows } = await nextPage(delegate, { ...walk, where: undefined }, { after: key, upTo: null }, 1)
  return rows.length === 0 || !walk.hooked
}
