import { messageOf } from '../errors.js'
import { withoutExtensions } from '../prisma/extensions.js'
import { adapterSchemaOf } from './adapter-schema.js'
import { ask } from './ask.js'
import { leaveConnection } from './leave-connection.js'
import { providerOf } from './provider.js'

/** A row of Prisma's own migrations table, as far as it matters here. */
export interface AppliedMigration {
  name: string
  /** `failed`: it began, did not end, and nobody has marked it rolled back. */
  state: 'applied' | 'failed' | 'rolled-back'
}

interface Row {
  migration_name: string
  finished_at: unknown
  rolled_back_at: unknown
}

const TABLE_MISSING =
  /_prisma_migrations.*(does not exist|doesn't exist)|no such table|invalid object name|42P01|\b1146\b/is

/** What Prisma Migrate says it has done in this database; null where it keeps no books (`db push`, MongoDB). */
export async function appliedMigrations(client: object): Promise<AppliedMigration[] | null> {
  const plain = withoutExtensions(client)
  const { $queryRawUnsafe } = plain as { $queryRawUnsafe?(query: string): Promise<Row[]> }
  if (typeof $queryRawUnsafe !== 'function') return null
  const query = `SELECT migration_name, finished_at, rolled_back_at FROM ${tableOf(client)}`
  const rows = await ask(
    () => rowsOf($queryRawUnsafe.call(plain, query)),
    () => leaveConnection(client),
  )
  return (
    rows?.map((row) => ({
      name: row.migration_name,
      state: row.rolled_back_at !== null ? 'rolled-back' : row.finished_at !== null ? 'applied' : 'failed',
    })) ?? null
  )
}

/** Raw SQL finds only what is on the connection's search path, and a schema that the adapter was given is not. */
function tableOf(client: object): string {
  const schema = providerOf(client) === 'postgresql' ? adapterSchemaOf(client) : undefined
  return schema === undefined ? '_prisma_migrations' : `"${schema.replaceAll('"', '""')}"._prisma_migrations`
}

/** What was answered; null where there is no such table. */
function rowsOf(answer: Promise<Row[]>): Promise<Row[] | null> {
  return answer.catch((error) => {
    if (TABLE_MISSING.test(messageOf(error))) return null
    throw error
  })
}
