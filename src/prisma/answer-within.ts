import { setTimeout as sleep } from 'node:timers/promises'
import { AfterPartyError } from '../define/errors.js'

/** Waited for in steps, so that a step is all that a paused process loses. */
const STEP_MS = 100

/**
 * An answer of the database, or, after so many ms, an error that says that there was none. A connection can hang
 * for minutes after its server is gone. Only the time that this process is awake counts: one that stood still finds
 * its answer waiting, and must not take it for late.
 */
export async function answerWithin<T>(ms: number, answer: Promise<T>): Promise<T> {
  const asked = new AbortController()
  const late = (async () => {
    // A step more than asked for, because the last one may be the one that was slept through.
    for (let left = ms; left > -STEP_MS; left -= STEP_MS) await sleep(STEP_MS, undefined, { signal: asked.signal })
    throw noAnswer(ms)
  })()
  return Promise.race([answer, late]).finally(() => {
    asked.abort()
    late.catch(() => {})
  })
}

function noAnswer(ms: number): AfterPartyError {
  return new AfterPartyError('database-unreachable', {
    what: 'The database does not respond.',
    why: `A query on an open connection got no response within ${Math.round(ms / 100) / 10}s.`,
    next: 'Check the network, and look for a blocking lock. Then run the command again.',
  })
}
