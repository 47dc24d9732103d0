import { AfterPartyError, codeOf, messageOf } from '../errors.js'

const TABLE_MISSING = new Set(['P2021', 'P2039'])
const COLUMN_MISSING = new Set(['P2022'])
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

/** Prisma's code for a row that exists already. */
export function isUniqueViolation(error: unknown): boolean {
  return codeOf(error) === 'P2002'
}

/** A lock or a conflict that passes by itself: worth trying the same statement again. */
export function isBusy(error: unknown): boolean {
  return (
    BUSY.has(codeOf(error) ?? '') ||
    /SQLITE_BUSY|database is locked|deadlock|could not serialize/i.test(messageOf(error))
  )
}

/** The connection went away; the database may come back. */
export function isConnectionLost(error: unknown): boolean {
  return (
    CONNECTION_LOST.has(codeOf(error) ?? '') ||
    /connection (was )?(terminated|closed|lost)|terminating connection|server closed|can't reach database|ECONNRE(FUSED|SET)|socket|pool timeout/i.test(
      messageOf(error),
    )
  )
}

/** A write conflict inside a transaction: the transaction was rolled back and may be tried again. */
export function isWriteConflict(error: unknown): boolean {
  if (codeOf(error) === 'P2034') return true
  return /write conflict|deadlock|could not serialize|Record has changed since last read/i.test(messageOf(error))
}

/** Turns what the ledger's queries throw for want of tables or of a database into an error that says what to do. */
export function asLedgerError(error: unknown): unknown {
  const code = codeOf(error) ?? ''
  if (TABLE_MISSING.has(code))
    return new AfterPartyError('tables-missing', {
      what: "After Party's tables are not in this database.",
      why: 'The migration that makes them has not been applied here (or was never made).',
      next: 'Run `npx prisma migrate deploy` first. In development: `npx prisma migrate dev --name add_after_party`.',
      cause: error,
    })
  if (COLUMN_MISSING.has(code))
    return new AfterPartyError('tables-missing', {
      what: "After Party's tables in this database are not the ones of this version.",
      why: messageOf(error),
      next: 'Run `npx after-party init`, make a migration of the change, and apply it.',
      cause: error,
    })
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
