import pRetry from 'p-retry'
import { asLedgerError, isBusy } from './database-errors.js'

/** A busy database is asked again for half a minute, though each answer may take seconds: SQLite has one writer at a time. */
const BUSY_RETRIES = {
  retries: 40,
  factor: 1.4,
  minTimeout: 20,
  maxTimeout: 1_000,
  maxRetryTime: 30_000,
  randomize: true,
}

/** Asks a busy database again, and says what is wrong when it is not there. */
export async function ask<T>(query: () => Promise<T>): Promise<T> {
  try {
    return await query()
  } catch (error) {
    if (!isBusy(error)) throw asLedgerError(error)
  }
  return pRetry(query, { ...BUSY_RETRIES, shouldRetry: ({ error }) => isBusy(error) }).catch((error) => {
    throw asLedgerError(error)
  })
}
