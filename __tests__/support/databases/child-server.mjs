import { spawn } from 'node:child_process'
import { createServer } from 'node:net'

/**
 * Starts a server of our own that ends when its stdin does, so that it can't outlive us, however we end.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {RegExp} ready What it says when it takes connections.
 * @returns {Promise<() => Promise<void>>} Stops it.
 */
export function startServer(command, args, ready) {
  // A process group of its own: whoever kills ours must not kill its shell and leave the server.
  const child = spawn(command, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, NODE_OPTIONS: '' },
    detached: process.platform !== 'win32',
  })
  const ended = new Promise((resolve) => child.once('close', resolve))
  const stop = async () => {
    child.stdin.end()
    await ended
  }
  return new Promise((resolve, reject) => {
    let said = ''
    const hear = (/** @type {Buffer} */ data) => {
      said += data
      if (ready.test(said)) resolve(stop)
    }
    child.stdout.on('data', hear)
    child.stderr.on('data', hear)
    child.once('error', reject)
    child.once('close', () => reject(new Error(`${command} ended: ${said.trim().split('\n').at(-1)}`)))
  })
}

/** @returns {Promise<number>} */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}
