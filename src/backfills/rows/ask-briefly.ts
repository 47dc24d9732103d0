import { transact } from '../../attempt/transaction.js'
import { lastLine, messageOf } from '../../define/errors.js'
import type { Log } from '../../define/task.js'
import { answerWithin } from '../../prisma/answer-within.js'
import { type Client, delegateOf, primaryOf } from '../../prisma/client.js'
import { withoutExtensions } from '../../prisma/extensions.js'
import { providerOf } from '../../prisma/internals.js'
import type { Key } from './keys.js'
import { countRows } from './pages.js'
import type { Walked } from './target.js'

const LIMIT_MS = 20_000
const TIMES = { timeout: 2 * LIMIT_MS, maxWait: LIMIT_MS / 2 }

/**
 * Asks for what a backfill can do without: a total, a split into parts. Undefined, and said so, where that fails or
 * takes too long. The database itself ends the query then, where it can be told to: it would go on with it for nobody.
 */
export async function askBriefly<T>(
  { client, log }: { client: Client; log: Log },
  without: string,
  ask: (reader: Client) => Promise<T>,
): Promise<T | undefined> {
  const provider = providerOf(client)
  const limited = async () => {
    if (provider === 'postgresql') return onPostgres(client, ask)
    return provider === 'mysql' ? onMysql(client, ask) : ask(primaryOf(client))
  }
  try {
    return await answerWithin(TIMES.timeout, limited())
  } catch (error) {
    log.warn(`${without}: ${lastLine(messageOf(error))}`)
    return undefined
  }
}

/** How many rows there are to walk, up to a key, after another; null where they can't be counted. */
export async function totalOf(
  asker: { client: Client; log: Log },
  { model, walk }: Walked,
  upTo: Key | null,
  after: Key | null = null,
): Promise<number | null> {
  const count = (reader: Client) => countRows(delegateOf(reader, model), walk, upTo, after)
  return (await askBriefly(asker, 'Could not count the rows, so there is no total', count)) ?? null
}

/** Whatever limit the connection has already stays, where it is the lower one. */
const POSTGRES_LIMIT = `SELECT set_config('statement_timeout', CASE WHEN setting::int BETWEEN 1 AND ${LIMIT_MS} THEN setting ELSE '${LIMIT_MS}' END, true) FROM pg_settings WHERE name = 'statement_timeout'`

function onPostgres<T>(client: Client, ask: (reader: Client) => Promise<T>): Promise<T> {
  return transact(client, TIMES, async (transaction) => {
    await withoutExtensions(transaction).$queryRawUnsafe(POSTGRES_LIMIT)
    return ask(transaction)
  })
}

/** The limit is the session's, and goes back to what it was: the connection is one of a pool. */
function onMysql<T>(client: Client, ask: (reader: Client) => Promise<T>): Promise<T> {
  // Ended by Prisma, it could not put the session's limit back: each query ends at the server's.
  return transact(client, { ...TIMES, timeout: 30 * TIMES.timeout }, async (transaction) => {
    const session = withoutExtensions(transaction)
    const limit =
      (await limitOf(session, 'max_statement_time', 1_000)) ?? (await limitOf(session, 'max_execution_time', 1))
    if (!limit || (limit.before > 0 && limit.before <= limit.most)) return ask(transaction)
    await session.$executeRawUnsafe(`SET SESSION ${limit.name} = ${limit.most}`)
    try {
      return await ask(transaction)
    } finally {
      await session.$executeRawUnsafe(`SET SESSION ${limit.name} = ${limit.before}`)
    }
  })
}

/** MariaDB has one in seconds, MySQL another in milliseconds; a server that has neither ends no query. */
async function limitOf(
  session: Client,
  name: string,
  unitMs: number,
): Promise<{ name: string; before: number; most: number } | undefined> {
  const [row] = await session.$queryRawUnsafe(`SELECT @@SESSION.${name} AS value`).catch((error) => {
    if (/unknown system variable|\b1193\b/i.test(messageOf(error))) return []
    throw error
  })
  return row && { name, before: Number(Object.values(row)[0]), most: LIMIT_MS / unitMs }
}
