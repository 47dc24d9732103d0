import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { bench } from './paths.mjs'

/**
 * Measures something on a database that is so many ms away; with 0 on the database itself.
 *
 * @template Result
 * @param {import('../databases/databases.mjs').Database} database
 * @param {number} ms
 * @param {(far: import('../databases/databases.mjs').Database) => Promise<Result>} work
 * @returns {Promise<Result>}
 */
export async function farAway(database, ms, work) {
  if (ms === 0) return work(database)
  const url = new URL(database.url)
  const proxy = spawn(process.execPath, [path.join(bench, 'support/slow-network.mjs'), url.port, String(ms)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  try {
    const [port] = await once(proxy.stdout, 'data')
    url.port = String(port).trim()
    return await work({ ...database, url: url.href })
  } finally {
    proxy.kill()
  }
}
