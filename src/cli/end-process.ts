import { EXIT } from './exit-codes.js'
import { exitNow, settleExit } from './exit-guard.js'
import { stderr } from './terminal.js'

/** How long what is still open may take to close by itself. */
const PATIENCE_MS = 2_000

/** Ends the process though something is still open: a deploy must not hang on a forgotten handle. */
export function endProcess(): void {
  const code = Number(process.exitCode ?? EXIT.done)
  settleExit(code)
  const timer = setTimeout(() => {
    stderr.line(`${stderr.style('yellow', '⚠')} Exiting with open handles (a timer, server or connection).`)
    exitNow(code)
  }, PATIENCE_MS)
  // Unless something is open, nothing waits for this timer.
  timer.unref()
}
