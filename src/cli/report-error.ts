import { AfterPartyError, withoutUrls } from '../errors.js'
import { EXIT, exitCodeOfError } from './exit-codes.js'
import { indent, stderr } from './terminal.js'

/** Says what was thrown, on stderr, and gives its exit code: the one door out. */
export function reportError(error: unknown): number {
  const code = exitCodeOfError(error)
  if (error instanceof AfterPartyError) {
    stderr.line(`${stderr.style('red', '✖')} ${error.what}`)
    if (error.why) stderr.line(indent(error.why))
    if (error.next) stderr.line(`→ ${error.next}`)
  } else if (code === EXIT.bug) {
    stderr.line(`${stderr.style('red', '✖')} This is a bug in After Party. Please report it with the lines below.`)
    stderr.line(indent(withoutUrls(error instanceof Error ? (error.stack ?? error.message) : String(error))))
  }
  return code
}
