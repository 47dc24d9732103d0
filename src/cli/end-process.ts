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
    stderr.line(
      `${stderr.style('yellow', '⚠')} Something is still open (a timer, a server, a connection that a task or the config made): ended anyway.`,
    )
    exitNow(code)
  }, PATIENCE_MS)
  // Unless something is open, nothing waits for this timer.
  timer.unref()
}
