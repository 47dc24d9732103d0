import { setTimeout as sleep } from 'node:timers/promises'
import { AfterPartyError } from '../errors.js'

/**
 * An answer of the database, or, after so many ms, an error that says that there was none. A connection can hang
 * for minutes after its server is gone.
 */
export async function answerWithin<T>(ms: number, answer: Promise<T>): Promise<T> {
  const timer = new AbortController()
  const late = sleep(ms, undefined, { signal: timer.signal }).then(() => Promise.reject(noAnswer(ms)))
  return Promise.race([answer, late]).finally(() => {
    timer.abort()
    late.catch(() => {})
  })
}

function noAnswer(ms: number): AfterPartyError {
  return new AfterPartyError('database-unreachable', {
    what: 'The database does not answer.',
    why: `It was asked ${Math.round(ms / 100) / 10} s ago, on a connection that looks alive.`,
    next: 'Look for what stands between it and here, or for a lock that something holds. Then run the command again.',
  })
}
