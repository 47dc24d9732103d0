import { providerOf } from './provider.js'

/**
 * Has a client of SQLite go on with a new connection, as it must after the database was busy: libsql keeps the
 * refused statement open, and what the same connection writes afterwards looks done, locks the database, and is
 * never committed. Does nothing elsewhere, nor in Prisma 6, whose client never answers the queries that are on their
 * way when it disconnects.
 */
export async function leaveConnection(client: object): Promise<void> {
  if (providerOf(client) !== 'sqlite' || isPrisma6(client)) return
  await (client as { $disconnect?(): Promise<void> }).$disconnect?.().catch(() => {})
}

function isPrisma6(client: object): boolean {
  return '_clientVersion' in client && String(client._clientVersion).startsWith('6.')
}
