import { Lost } from '../../attempt/stop.js'
import { TransactionEnded, TransactionTimeout } from '../../attempt/transaction.js'
import { Unawaited } from '../../attempt/unawaited.js'
import { codeOf, messageOf } from '../../define/errors.js'
import { isBusy, isConnectionLost, isWriteConflict } from '../../prisma/database-errors.js'
import { CursorError } from './pages.js'

/** The checkpoint was not written: the claim is lost, or an earlier try was committed after all. Rolls the batch back. */
export class Displaced extends Error {
  constructor() {
    super('the checkpoint moved while this batch ran')
  }
}

/** Some rows were no longer as `update` saw them when they were to be written. */
export class ChangedMeanwhile extends Error {
  constructor() {
    super('rows changed while they were being updated')
  }
}

/** What no other batch could get past, nor the same one later. */
export function isFinal(error: unknown): boolean {
  return (
    error instanceof Lost ||
    error instanceof CursorError ||
    error instanceof TransactionEnded ||
    error instanceof Unawaited
  )
}

/** What a smaller batch, or a later one, may get past. */
export function isPassing(error: unknown): boolean {
  return (
    error instanceof TransactionTimeout ||
    isWriteConflict(error) ||
    isBusy(error) ||
    isConnectionLost(error) ||
    error instanceof ChangedMeanwhile ||
    TIMEOUT_WORDS.test(messageOf(error))
  )
}

/** Of PostgreSQL, of MySQL (`max_execution_time`) and MariaDB (`max_statement_time`), and of the driver pg. */
const TIMEOUT_WORDS =
  /lock wait timeout|lock timeout|statement timeout|canceling statement|query execution was interrupted|query read timeout/i

/** A limit of the database, of a pooler, of Prisma or of JavaScript, that so many rows together pass. */
export function isTooLarge(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined
  return TOO_LARGE_CODES.has(codeOf(error) ?? '') || TOO_LARGE_WORDS.test(`${messageOf(error)}\n${messageOf(cause)}`)
}

/** Prisma's: too many parameters of a query, too large a response (Accelerate). */
const TOO_LARGE_CODES = new Set(['P2029', 'P6009', 'ERR_STRING_TOO_LONG'])

const TOO_LARGE_WORDS = new RegExp(
  [
    // MySQL and MariaDB, their driver, Galera, Vitess, TiDB.
    'max_allowed_packet',
    'packet (for query is )?too large',
    'too many placeholders',
    'total number of locks exceeds',
    'maximum writeset size',
    'larger than max',
    'transaction is too large',
    // PostgreSQL, PgBouncer, CockroachDB.
    'invalid memory alloc request size',
    'out of memory',
    'cannot enlarge string buffer',
    'bind message has',
    'exceeds temp_file_limit',
    'command is too large',
    // SQLite and D1, SQL Server.
    'too many SQL variables',
    'expression tree is too large',
    'string or blob too big',
    'too many parameters',
    // JavaScript.
    'invalid string length',
    'cannot create a string longer',
    'array buffer allocation failed',
  ].join('|'),
  'i',
)
