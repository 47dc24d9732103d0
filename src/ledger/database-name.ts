import { ask } from '../prisma/ask.js'
import { isConnectionLost } from '../prisma/database-errors.js'
import { withoutExtensions } from '../prisma/extensions.js'
import { providerOf } from '../prisma/internals.js'
import { leaveConnection } from '../prisma/leave-connection.js'
import { schemaOfModels } from './applied-migrations.js'

/** What a database says that it is called, and its server; for SQLite, the path of its file. */
export interface DatabaseName {
  name?: string | undefined
  host?: string | undefined
}

const NAME_QUERIES: Record<string, string> = {
  // As texts: adapters don't know the types of the catalogue.
  postgresql: 'SELECT current_database()::text AS name, host(inet_server_addr()) AS host',
  cockroachdb: 'SELECT current_database()::text AS name',
  mysql: 'SELECT DATABASE() AS name, @@hostname AS host',
  sqlite: "SELECT file AS name FROM pragma_database_list WHERE name = 'main'",
  sqlserver: "SELECT DB_NAME() AS name, CAST(SERVERPROPERTY('MachineName') AS NVARCHAR(128)) AS host",
}

interface RawClient {
  $queryRawUnsafe?(query: string): Promise<Record<string, unknown>[]>
}

/**
 * Asks a database for its name. Empty where it does not tell: MongoDB, and remote kinds of SQLite. Throws only that the
 * connection is lost, which the next query would wait for once more.
 */
export async function databaseName(client: object): Promise<DatabaseName> {
  const provider = providerOf(client)
  const raw = withoutExtensions(client) as RawClient
  const query = NAME_QUERIES[provider ?? '']
  if (query === undefined || !raw.$queryRawUnsafe) return {}
  const rows = await orNothing(client, async () => raw.$queryRawUnsafe?.(query))
  // An adapter of MySQL can be told of another database than its connection has.
  const ofModels = provider === 'mysql' ? await orNothing(client, () => schemaOfModels(raw)) : undefined
  return { name: ofModels ?? textOf(rows?.[0]?.name), host: textOf(rows?.[0]?.host) }
}

/** A name is a nicety: where it can't be asked for, the run goes on without it. */
async function orNothing<T>(client: object, query: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask(query, () => leaveConnection(client))
  } catch (error) {
    if (isConnectionLost(error)) throw error
    return undefined
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}
