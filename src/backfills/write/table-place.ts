import { explained, type TransactionTimes, transact } from '../../attempt/transaction.js'
import { lastLine, messageOf } from '../../define/errors.js'
import type { Client } from '../../prisma/client.js'
import { withoutExtensions } from '../../prisma/extensions.js'
import { schemaNamed, sentStatements } from '../../prisma/sent-statements.js'
import { isPassing } from '../rows/batch-fault.js'
import type { WalkedModel } from '../rows/walked-model.js'

/** Where a model's table is: the schema (on MySQL: the database), or null for that of the connection. */
export type Place = { schema: string | null } | { unknown: string }

/**
 * Where a client's own operations find a model's table, as they themselves show it: an adapter may be told of another
 * schema or database than its connection has, in options that nobody else can read, or for each tenant anew.
 */
export async function placeOf(client: Client, model: WalkedModel, times: TransactionTimes): Promise<Place> {
  // Prisma names it so in every statement.
  if (model.provider === 'sqlite') return { schema: 'main' }
  const [field = ''] = [...model.id, ...model.columns.keys()]
  const look = async (on: Client) => {
    // What was sent says it, also where the row can't be read.
    await on[model.key]?.findMany({ take: 1, select: { [field]: true } }).catch((error) => {
      if (isPassing(error)) throw error
    })
  }
  const schema = schemaNamed(await sentStatements(client, () => look(client)), model.table)
  if (schema !== undefined) return { schema }
  if (model.provider === 'postgresql') return lockedPlace(client, model, times, look)
  // Prisma's own engine has the database from the URL, as the connection has.
  return model.adapter === undefined ? { schema: null } : { unknown: UNKNOWN }
}

const UNKNOWN = 'unknown in which database the adapter looks for the table'

const LOCKED =
  "SELECT DISTINCT n.nspname::text AS schema FROM pg_locks l JOIN pg_class c ON c.oid = l.relation JOIN pg_namespace n ON n.oid = c.relnamespace WHERE l.pid = pg_backend_pid() AND l.locktype = 'relation' AND c.relname = $1 AND c.relkind NOT IN ('i', 'I')"

/** On PostgreSQL a transaction has every table locked that it has read: exactly one of this name, if all is well. */
export async function lockedPlace(
  client: Client,
  { table }: WalkedModel,
  times: TransactionTimes,
  look: (on: Client) => Promise<unknown>,
): Promise<Place> {
  const ask = async (transaction: Client): Promise<Place> => {
    await look(transaction)
    const [one, another] = await withoutExtensions(transaction).$queryRawUnsafe(LOCKED, table)
    return one && !another ? { schema: String(one.schema) } : { unknown: 'unknown in which schema the table is' }
  }
  try {
    return '$transaction' in client ? await transact(client, times, ask) : await ask(client)
  } catch (error) {
    const told = explained(error, times)
    if (isPassing(told)) throw told
    return { unknown: `unknown in which schema the table is (${lastLine(messageOf(error))})` }
  }
}
