import pRetry from 'p-retry'
import { codeOf, messageOf } from '../define/errors.js'
import { answerWithin } from './answer-within.js'
import { asLedgerError, isBusy, isConnectionLost } from './database-errors.js'

/** A busy database is asked again for half a minute, though each answer may take seconds: SQLite has one writer at a time. */
const BUSY_RETRIES = {
  retries: 40,
  factor: 1.4,
  minTimeout: 20,
  maxTimeout: 1_000,
  maxRetryTime: 30_000,
  randomize: true,
}

/** A restart or a failover takes some seconds. */
const AWAY_RETRIES = { retries: 10, factor: 1.6, minTimeout: 100, maxTimeout: 2_000, maxRetryTime: 10_000 }

/** A query of the ledger that has no answer by then has a lock before it, or a network that swallows packets. */
const NO_ANSWER_MS = 30_000

/** Asks a busy database again, after `onBusy`, and says what is wrong when it is not there. */
export async function ask<T>(query: () => Promise<T>, onBusy: () => Promise<void>): Promise<T> {
  const asked = () => orBusy(() => answerWithin(NO_ANSWER_MS, query()), onBusy)
  try {
    return await asked()
  } catch (error) {
    if (!isBusy(error)) throw asLedgerError(error)
  }
  return pRetry(asked, { ...BUSY_RETRIES, shouldRetry: ({ error }) => isBusy(error) }).catch((error) => {
    throw asLedgerError(error)
  })
}

/** The same for a write that may be sent twice: it is sent again also when the connection was lost. */
export function insist<T>(write: () => Promise<T>, onBusy: () => Promise<void>): Promise<T> {
  return pRetry(() => ask(write, onBusy), {
    ...AWAY_RETRIES,
    shouldRetry: ({ error }) => isConnectionLost(error.cause),
  })
}

/** Does something first when the database is too busy to answer, then throws all the same. */
export async function orBusy<T>(query: () => Promise<T>, onBusy: () => Promise<void>): Promise<T> {
  try {
    return await query()
  } catch (error) {
    if (!isBusy(error)) throw error
    await onBusy()
    throw asBusy(error)
  }
}

/** Drivers throw a `TypeError` for a closed connection, which the retries take for a bug and for final. */
function asBusy(error: unknown): unknown {
  if (codeOf(error) !== undefined) return error
  return Object.assign(new Error(messageOf(error), { cause: error }), { code: 'P1008' })
}
