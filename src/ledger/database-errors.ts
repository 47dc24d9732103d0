import { AfterPartyError, codeOf, messageOf } from '../errors.js'
import { outdated } from './ledger-columns.js'

const UNREACHABLE = new Set([
  'P1000',
  'P1001',
  'P1002',
  'P1003',
  'P1010',
  'P1011',
  'P1017',
  'ECONNREFUSED',
  'ENOTFOUND',
])
const BUSY = new Set(['P1008', 'P2024', 'P2034'])
const CONNECTION_LOST = new Set([
  'P1001',
  'P1002',
  'P1017',
  'P2037',
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
])

// Not every adapter gives its errors a code of Prisma's, and none does at a commit. The words are those of the
// drivers: pg, mariadb, libsql, better-sqlite3, and of PgBouncer. `kind` is the adapters' name for what happened.
const TABLE_WORDS = /no such table/i
const COLUMN_WORDS = /no such column|has no column named/i
// A closed client, an unknown status: the connection was left by another query of ours while this one was on its way.
const LOCKED_WORDS =
  /SQLITE_BUSY|database (table )?is locked|\bSocketTimeout\b|CLIENT_CLOSED|connection is not open|Unknown transaction status/i
const CONFLICT_WORDS =
  /write ?conflict|deadlock|could not serialize access|lock wait timeout|record has changed since last read|restart transaction/i
const CONNECTION_WORDS = new RegExp(
  [
    'connection (was |has been |is )?(terminated|closed|lost|reset|killed)',
    'terminating connection',
    'connection error',
    'client was closed',
    'server closed',
    'server login',
    'server conn crashed',
    'server shutdown',
    'query_wait_timeout',
    'not (currently |yet )?accepting connections',
    'database system is (starting up|shutting down|in recovery)',
    'too many (clients|connections)',
    'connection slots are reserved',
    'timeout exceeded when trying to connect',
    "can't reach database",
    'ECONNRE(FUSED|SET)',
    'EPIPE',
    'socket has unexpectedly been closed',
    'pool timeout',
    // A failover: the server that we are connected to is no longer the one that writes.
    'read-only transaction',
    '--(super-)?read-only',
    'read only mode',
  ].join('|'),
  'i',
)

/** Prisma's code for a row that exists already. */
export function isUniqueViolation(error: unknown): boolean {
  return codeOf(error) === 'P2002'
}

/** A lock or a conflict that passes by itself: worth trying the same statement again. */
export function isBusy(error: unknown): boolean {
  return BUSY.has(codeOf(error) ?? '') || LOCKED_WORDS.test(wordsOf(error)) || CONFLICT_WORDS.test(wordsOf(error))
}

/** The connection went away; the database may come back. */
export function isConnectionLost(error: unknown): boolean {
  return CONNECTION_LOST.has(codeOf(error) ?? '') || CONNECTION_WORDS.test(wordsOf(error))
}

/** A conflict with another transaction, or a lock not got: this one was rolled back, and may be tried again. */
export function isWriteConflict(error: unknown): boolean {
  const code = codeOf(error)
  if (code === 'P2034' || code === 'P1008') return true
  return CONFLICT_WORDS.test(wordsOf(error)) || LOCKED_WORDS.test(wordsOf(error))
}

/** All that an error says: adapters keep the driver's own words in the cause. */
function wordsOf(error: unknown): string {
  const cause = typeof error === 'object' && error !== null && 'cause' in error ? error.cause : undefined
  const { kind = '', originalMessage = '' } = (cause ?? {}) as { kind?: unknown; originalMessage?: unknown }
  return `${messageOf(error)}\n${kind}\n${originalMessage}`
}

/** Turns what the ledger's queries throw for want of tables or of a database into an error that says what to do. */
export function asLedgerError(error: unknown): unknown {
  const code = codeOf(error) ?? ''
  const words = wordsOf(error)
  if (code === 'P2021' || TABLE_WORDS.test(words))
    return new AfterPartyError('tables-missing', {
      what: "After Party's tables are not in this database.",
      why: 'The migration that makes them has not been applied here (or was never made).',
      next: 'Run `npx prisma migrate deploy` first. In development: `npx prisma migrate dev --name add_after_party`.',
      cause: error,
    })
  if (code === 'P2022' || COLUMN_WORDS.test(words)) return outdated(lastLine(messageOf(error)), error)
  if (UNREACHABLE.has(code) || isConnectionLost(error))
    return new AfterPartyError('database-unreachable', {
      what: 'The database can’t be reached.',
      why: lastLine(messageOf(error)),
      next: 'Check that it runs and that the connection URL of your config is right for here.',
      cause: error,
    })
  if (isBusy(error))
    return new AfterPartyError('database-unreachable', {
      what: 'The database was too busy to answer, again and again.',
      why: lastLine(messageOf(error)),
      next: 'Look for what holds it: a long transaction, a lock, a full connection pool. Then run the command again.',
      cause: error,
    })
  if (isOfDriver(error))
    return new AfterPartyError('database-unreachable', {
      what: 'The database can’t be asked.',
      why: lastLine(messageOf(error)),
      next: 'Check the connection URL and the adapter of your config.',
      cause: error,
    })
  return error
}

/** What Prisma threw about a query of ours may be a bug of ours; what came from below it is not. */
function isOfDriver(error: unknown): boolean {
  if (error instanceof AfterPartyError) return false
  const name = error instanceof Error ? error.name : ''
  return (
    name === 'PrismaClientInitializationError' ||
    (!/^P2\d{3}$/.test(codeOf(error) ?? '') && !/^PrismaClient/.test(name))
  )
}

/** Prisma's messages open with a code frame; what happened stands in the last line. */
function lastLine(message: string): string {
  const lines = message.split('\n').map((line) => line.trim())
  return lines.filter(Boolean).at(-1) ?? message
}
