import { EXIT } from './exit-codes.js'
import { exitNow } from './exit-guard.js'

const CODES = { SIGINT: EXIT.sigint, SIGTERM: EXIT.sigterm } as const

const LOOK_MS = 1_000

/**
 * The npx that started this process. At a signal it ends at once and passes nothing on, and what it started would run
 * on by itself. That it is gone is the signal.
 */
function runnerOf({ npm_command }: NodeJS.ProcessEnv): { pid: number } | undefined {
  return npm_command === 'exec' ? { pid: process.ppid } : undefined
}

/**
 * Runs something that ends itself when the process is told to stop: the first signal aborts, the second ends the
 * process at once. `received` is the exit code of the signal that came.
 */
export async function untilSignal<T>(
  work: (signal: AbortSignal, received: () => number | undefined) => Promise<T>,
): Promise<T> {
  const controller = new AbortController()
  let code: number | undefined
  const onSignal = (name: NodeJS.Signals) => {
    const its = CODES[name as keyof typeof CODES]
    if (code !== undefined) exitNow(its)
    code = its
    controller.abort(new Error(name))
  }
  for (const name of Object.keys(CODES)) process.on(name, onSignal)
  const runner = runnerOf(process.env)
  // Work may wait for nothing but the signal; with nothing open, Node would end the process in the middle of it.
  const alive = setInterval(() => {
    if (runner && code === undefined && process.ppid !== runner.pid) onSignal('SIGTERM')
  }, LOOK_MS)
  try {
    return await work(controller.signal, () => code)
  } finally {
    clearInterval(alive)
    for (const name of Object.keys(CODES)) process.off(name, onSignal)
  }
}
