import { EXIT } from './exit-codes.js'
import { exitNow } from './exit-guard.js'

const CODES = { SIGINT: EXIT.sigint, SIGTERM: EXIT.sigterm } as const

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
  // Work may wait for nothing but the signal; with nothing open, Node would end the process in the middle of it.
  const alive = setInterval(() => {}, 2 ** 30)
  try {
    return await work(controller.signal, () => code)
  } finally {
    clearInterval(alive)
    for (const name of Object.keys(CODES)) process.off(name, onSignal)
  }
}
