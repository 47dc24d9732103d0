import { getEventListeners } from 'node:events'
import { messageOf, read } from '../define/errors.js'
import { describeThrown, plainly } from '../define/thrown.js'
import { isConnectionLost } from '../prisma/database-errors.js'
import { EXIT } from './exit-codes.js'
import { ExitCalled, exitNow, onExitCalled } from './exit-guard.js'
import { stderr } from './terminal.js'

/** How long the ledger may take to hear of an error that ends the process. */
const RECORD_MS = 5_000

/**
 * Runs something that may be told, by a signal, of an error that nobody caught: who listens writes down what it
 * means, and ends soon. Where nobody listens, the process ends at once, as it would without this. Connections whose
 * loss a driver throws at nobody are outlived: Prisma 6 leaves pg's without a listener inside a transaction, and what
 * is asked on such a connection next fails by itself.
 */
export async function handlingUncaught<T>(work: (crashed: AbortSignal) => Promise<T>): Promise<T> {
  const crash = new AbortController()
  let timer: NodeJS.Timeout | undefined
  const isListening = () => crash.signal.aborted || getEventListeners(crash.signal, 'abort').length > 0
  const crashWith = (error: unknown) => {
    // A loop that awaits nothing rejects many times in one go, and none of them should keep the first from the ledger.
    if (crash.signal.aborted) return
    timer = setTimeout(() => exitNow(EXIT.failed), RECORD_MS)
    crash.abort(plainly(error))
  }
  const onUncaught = (error: unknown, origin: NodeJS.UncaughtExceptionOrigin) => {
    if (origin === 'uncaughtException' && !isOpening(error) && isConnectionLost(plainly(error))) {
      stderr.line(`${stderr.style('yellow', '⚠')} A connection was lost: ${messageOf(error)}`)
      return
    }
    // That it was called is told already, by the task that fails with it.
    if (error instanceof ExitCalled && crash.signal.aborted) return
    if (!isListening()) sayWhileNothingRuns(error)
    stderr.line(describeThrown(error).stack)
    if (!isListening()) exitNow(EXIT.failed)
    crashWith(error)
  }
  process.on('uncaughtException', onUncaught)
  // While no task runs, whoever loads or calls the code that ends the process hears of it by what is thrown.
  const off = onExitCalled((call) => isListening() && crashWith(call))
  try {
    const result = await work(crash.signal)
    if (crash.signal.aborted) await exit()
    return result
  } finally {
    clearTimeout(timer)
    process.off('uncaughtException', onUncaught)
    off()
  }
}

/** No task is at work: what threw is code that a module starts as it is imported, or that a task left behind. */
function sayWhileNothingRuns(error: unknown): void {
  stderr.line(
    `${stderr.style('red', '✖')} Your code threw an error that nothing caught: ${messageOf(error).split('\n')[0]}`,
  )
  stderr.line(
    '→ Find the promise in the stack below, and await or catch it. A module that the config or a task imports may start it.',
  )
}

/** At once, because the task that crashed may still be at work; only what was said is waited for. */
async function exit(): Promise<never> {
  for (const stream of [process.stdout, process.stderr]) await new Promise((said) => stream.write('', said))
  exitNow(EXIT.failed)
}

/** A connection that was never open is not lost: whoever asked for it has an error that nobody caught. */
function isOpening(error: unknown): boolean {
  return ['connect', 'getaddrinfo'].includes(String(read(error, 'syscall')))
}
