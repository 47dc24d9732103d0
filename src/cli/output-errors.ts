import { codeOf, messageOf } from '../define/errors.js'
import { EXIT } from './exit-codes.js'
import { stderr } from './terminal.js'

/**
 * Outlives a reader that went away (`after-party run --json | head`): what the command does goes on, and its exit code
 * says how it ended. Output that is lost for another reason, such as a full disk, is told, and is no success.
 */
export function outliveReaders(): void {
  // Told on stderr, so what is wrong with that one can't be told.
  process.stderr.on('error', () => {})
  process.stdout.on('error', (error) => {
    if (codeOf(error) === 'EPIPE') return
    stderr.line(`${stderr.style('red', '✖')} Could not write the output: ${messageOf(error)}`)
    process.once('exit', () => {
      process.exitCode ||= EXIT.invalid
    })
  })
}
