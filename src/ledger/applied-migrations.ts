import { codeOf } from '../define/errors.js'
import { ask } from '../prisma/ask.js'
import { classify } from '../prisma/error-class.js'
import { withoutExtensions } from '../prisma/extensions.js'
import { adapterSchemaOf, providerOf, schemaTextOf } from '../prisma/internals.js'
import { leaveConnection } from '../prisma/leave-connection.js'
import { schemaNamed, sentStatements } from '../prisma/sent-statements.js'

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

/** What Prisma Migrate says it has done in this database; null where it keeps no books (`db push`, MongoDB). */
export async function appliedMigrations(client: object): Promise<AppliedMigration[] | null> {
  const raw = withoutExtensions(client as RawClient)
  if (typeof raw.$queryRawUnsafe !== 'function') return null
  const rows = await ask(
    () => firstOf(raw),
    () => leaveConnection(client),
  )
  return (
    rows?.map((row) => ({
      name: row.migration_name,
      state: row.rolled_back_at !== null ? 'rolled-back' : row.finished_at !== null ? 'applied' : 'failed',
    })) ?? null
  )
}

interface RawClient {
  $queryRawUnsafe?(query: string): Promise<Row[]>
  afterPartyTaskRecord?: { count(args: object): Promise<number> }
}

/** What the first of the tables that is there holds; null where none is. */
async function firstOf(client: RawClient): Promise<Row[] | null> {
  for (const table of await tablesOf(client)) {
    const query = `SELECT migration_name, finished_at, rolled_back_at FROM ${table}`
    const rows = await client.$queryRawUnsafe?.(query).catch(nullIfMissing)
    if (rows) return rows
  }
  return null
}

function nullIfMissing(error: unknown): null {
  if (classify(error).class === 'tables-missing') return null
  throw error
}

const TABLE = '_prisma_migrations'

/**
 * Where the table may be: beside those of the client's models, not where the connection happens to look. PostgreSQL's
 * `public` is only where an adapter looks that was told nothing: then the connection's search path counts, too.
 */
async function tablesOf(client: RawClient): Promise<string[]> {
  const provider = providerOf(client)
  if (provider !== 'postgresql' && provider !== 'mysql') return [TABLE]
  const given = provider === 'postgresql' ? adapterSchemaOf(client) : undefined
  const schema = given ?? (await schemaOfModels(client))
  if (schema === undefined) return [TABLE]
  const quote = provider === 'mysql' ? '`' : '"'
  const table = `${quote}${schema.replaceAll(quote, quote + quote)}${quote}.${TABLE}`
  return given === undefined && schema === 'public' ? [table, TABLE] : [table]
}

/**
 * The schema (on MySQL: the database) of the client's models. Undefined where they are where the connection looks, or
 * where each says where it is (`@@schema`).
 */
export async function schemaOfModels(client: object): Promise<string | undefined> {
  const record = (client as RawClient).afterPartyTaskRecord
  if (!record || /^\s*schemas\s*=/m.test(schemaTextOf(client))) return undefined
  // Where the table is not there yet, what was sent still says where it was looked for.
  const look = () => record.count({ take: 1 }).catch(zeroIfMissing)
  return schemaNamed(await sentStatements(client, look)) ?? undefined
}

function zeroIfMissing(error: unknown): number {
  if (codeOf(error) === 'P2021') return 0
  throw error
}
