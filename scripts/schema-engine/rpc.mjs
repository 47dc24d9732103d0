import { createInterface } from 'node:readline'
import { redact } from './datasource.mjs'
import { panicMessage } from './wasm-engine.mjs'

/**
 * @typedef {{ id: number, method: string, params: any }} Request
 * @typedef {{ call(method: string, params: any): Promise<any> }} Engine
 */

/** JSON-RPC's "server error", under which the binary sends every error of its own. */
const serverError = 4466
const panicExitCode = 101

/**
 * Answers JSON-RPC requests, one a line on stdin, one after another, until stdin closes.
 *
 * @param {Engine} engine
 * @param {import('./command-line.mjs').Datasource} datasource What must not appear in messages.
 */
export async function serveRequests(engine, datasource) {
  /** @type {Request | undefined} */
  let current

  /** @param {object} message */
  const send = (message) => process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`)

  /** @param {number} id @param {any} error */
  const sendError = (id, error) => {
    const panic = panicMessage(error)
    const isPanic = panic !== undefined
    const message = redact(panic ?? error?.message ?? String(error), datasource)
    send({
      id,
      error: {
        code: serverError,
        message,
        data: { is_panic: isPanic, message, meta: null, ...(error?.code ? { error_code: error.code } : {}) },
      },
    })
    // An engine that panicked is in no state to go on; the binary ends so too.
    if (isPanic) process.stdout.write('', () => process.exit(panicExitCode))
  }

  // A panic inside a WASM promise rejects nothing: it surfaces here, and the request would wait for
  // ever.
  process.on('uncaughtException', (error) => {
    if (current === undefined) throw error
    sendError(current.id, error)
  })

  for await (const line of createInterface({ input: process.stdin })) {
    if (line.trim() === '') continue
    const message = JSON.parse(line)
    // The CLI's answer to a `print` request of ours: nothing waits for it.
    if (message.method === undefined) continue
    current = message
    try {
      const result = await engine.call(message.method, message.params)
      // The binary lets the CLI print a diff; the WASM engine returns the text instead.
      if (message.method === 'diff' && typeof result?.stdout === 'string') {
        send({ id: message.id, method: 'print', params: { content: result.stdout } })
        result.stdout = null
      }
      send({ id: message.id, result: result ?? null })
    } catch (error) {
      sendError(message.id, error)
    }
    current = undefined
  }
  // Drivers keep idle connections; nothing is left to do for them.
  process.exit(0)
}
