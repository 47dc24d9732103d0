import { majorOf, providerOf } from './internals.js'

/**
 * Has a client of SQLite go on with a new connection, as it must after the database was busy: libsql keeps the
 * refused statement open, and what the same connection writes afterwards looks done, locks the database, and is
 * never committed. Does nothing elsewhere.
 */
export async function leaveConnection(client: object): Promise<void> {
  if (providerOf(client) !== 'sqlite') return
  await (client as { $disconnect?(): Promise<void> }).$disconnect?.().catch(() => {})
}

/** Whether a client that disconnects never answers the queries that are on their way: Prisma 6 on SQLite. */
export function mustTakeTurns(client: object): boolean {
  return majorOf(client) === 6 && providerOf(client) === 'sqlite'
}
