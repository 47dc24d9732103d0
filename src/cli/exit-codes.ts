import { AfterPartyError } from '../define/errors.js'
import type { Outcome } from '../define/events.js'
import { asFileError } from '../project/file-error.js'

/** What the process tells its caller; docs/errors.md has the same table. */
export const EXIT = {
  done: 0,
  failed: 1,
  invalid: 2,
  held: 3,
  pending: 4,
  bug: 70,
  sigint: 130,
  sigterm: 143,
} as const

/** The exit code of a run's outcome; a signal's own code is for the caller to know. */
export function exitCodeOf(outcome: Exclude<Outcome, 'interrupted'>): number {
  return { done: EXIT.done, paused: EXIT.done, failed: EXIT.failed, locked: EXIT.held }[outcome]
}

/** The exit code of something thrown. */
export function exitCodeOfError(error: unknown): number {
  const explained = asFileError(error)
  if (!(explained instanceof AfterPartyError)) return EXIT.bug
  return explained.code === 'held' ? EXIT.held : EXIT.invalid
}
