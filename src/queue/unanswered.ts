import { AfterPartyError, messageOf } from '../define/errors.js'

/** How long a queue may take to send messages, in ms: who rings has records to write and a deploy to end. */
export const RING_MS = 5_000

/** How long goodbyes may take, in ms. */
export const GOODBYE_MS = 5_000

/** The error for messages that a queue didn't take. */
export function unanswered(engine: string, cause: unknown): AfterPartyError {
  // It says better what to do: a package is missing.
  if (cause instanceof AfterPartyError) return cause
  return new AfterPartyError('database-unreachable', {
    what: `Can't send messages to ${engine}.`,
    why: messageOf(cause),
    next: 'Check the connection of the queue in your config, and that its server is running.',
    cause,
  })
}

/** The cause where there is no answer at all. */
export function noAnswer(): Error {
  return new Error(`no answer within ${RING_MS / 1000}s`)
}
