import { writeSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { EXIT } from './exit-codes.js'

/** Thrown at who calls `process.exit`, and told to who listens. */
export class ExitCalled extends Error {
  constructor(code: unknown) {
    super(
      `process.exit(${code ?? ''}) was called during the run. Return from \`run\` when the work is done, and throw to fail the task.`,
    )
  }
}

type Exit = (code?: number | string | null) => never

/** `reallyExit` is what `process.exit` ends in. */
const node = process as unknown as { exit: Exit; reallyExit: Exit }
const real = { exit: node.exit, reallyExit: node.reallyExit }
const listeners = new Set<(call: ExitCalled) => void>()

/**
 * From now on a team's own code can't end the process, with 0 while its work is half done: who calls `process.exit`
 * gets an error instead. What ends the process in spite of that, or because nothing is left that it could wait for, is
 * no success either.
 */
export function guardExit(): void {
  replaceExit((code) => {
    const call = new ExitCalled(code)
    for (const listener of listeners) listener(call)
    throw call
  })
  process.on('exit', onUnexpectedEnd)
}

/** Hears of calls of `process.exit`, until it is told to stop. */
export function onExitCalled(listener: (call: ExitCalled) => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** Ends the process now. */
export function exitNow(code: number): never {
  settleExit(code)
  return node.exit()
}

/** The command is over: whatever ends the process from here on, and with whatever code, it ends with this one. */
export function settleExit(code: number): void {
  process.off('exit', onUnexpectedEnd)
  replaceExit(() => {
    replaceExit(real.exit, real.reallyExit)
    return node.exit(code)
  })
  process.exitCode = code
  process.on('exit', () => {
    process.exitCode = code
  })
}

/** For those who import it by name from `node:process`, too. */
function replaceExit(exit: Exit, reallyExit: Exit = exit): void {
  Object.assign(node, { exit, reallyExit })
  syncBuiltinESMExports()
}

/** What Node ends with when nothing is left to wait for, and the program still waits. */
const UNSETTLED = 13

function onUnexpectedEnd(code: number): void {
  if (code !== EXIT.done && code !== UNSETTLED) return
  process.exitCode = EXIT.failed
  writeSync(
    process.stderr.fd,
    '✖ The process ended before the command finished. Your code ended the process, or it waits for a promise that never settles.\n→ Fix that code. A task that was running runs again when its lease expires.\n',
  )
}
