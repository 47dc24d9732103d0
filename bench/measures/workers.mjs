import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { alternate } from '../support/alternate.mjs'
import { runNode } from '../support/child.mjs'
import { farAway } from '../support/far-away.mjs'
import { median, ratio, spread, thousands } from '../support/figures.mjs'
import { table } from '../support/table.mjs'
import { digest } from './contest.mjs'

/** Ms that a round trip takes more: where the server has cores of its own, workers wait rather than compute. */
const DELAYS = [0, 20]

/** Parts of the backfill: more than workers, so that none of them is idle at the end for long. */
const PARTS = 8

/** @type {import('./measures.mjs').MEASURES['workers']} */
export async function measureWorkers(databases, { rows: sizes, batch, rounds }) {
  const size = Math.max(...sizes)
  const cells = []
  // SQLite has one writer at a time: there is nothing to compare.
  for (const database of databases.filter(({ provider }) => provider !== 'sqlite')) {
    process.stderr.write(`› workers, ${thousands(size)} rows on ${database.name}\n`)
    await database.seed(size)
    const digests = new Set()
    for (const ms of DELAYS) {
      const results = await farAway(database, ms, (far) =>
        alternate(['1', '2', '4'], rounds, (workers) => work(far, { batch, size, workers: Number(workers) }, digests)),
      )
      const one = median(results['1'] ?? [])
      for (const [workers, times] of Object.entries(results))
        cells.push([
          database.name,
          ms === 0 ? 'on the same machine' : `${ms} ms away`,
          workers,
          spread(times),
          workers === '1' ? '' : ratio(median(times), one),
          String(times.length),
        ])
    }
  }
  return table(['database', `${thousands(size)} rows`, 'worker processes', 'time', 'of the time of 1', 'runs'], cells)
}

/**
 * Ms from the hand-over of a backfill until workers, each a process of its own, have done it.
 *
 * @param {import('../databases/databases.mjs').Database} database
 * @param {{ batch: number, size: number, workers: number }} job
 * @param {Set<string>} digests What the others wrote: it must be the same.
 * @returns {Promise<number>}
 */
async function work(database, { batch, size, workers }, digests) {
  await database.reset()
  const { project: cwd = '', url } = database
  const env = { DATABASE_URL: url }
  const args = (/** @type {object} */ given) => [
    '--import',
    'tsx',
    'contestants/worker.ts',
    JSON.stringify({ batch, parts: PARTS, ...given }),
  ]
  const children = Array.from({ length: workers }, () =>
    spawn(process.execPath, args({}), {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    }),
  )
  try {
    await Promise.all(children.map(({ stdout }) => once(stdout, 'data')))
    const { stdout } = await runNode(args({ handOver: true }), { cwd, env })
    digests.add(await digest(database, size))
    if (digests.size > 1) throw new Error('several workers wrote something else than one')
    return JSON.parse(stdout).ms
  } finally {
    await Promise.all(
      children.map((child) => {
        child.kill('SIGTERM')
        return child.exitCode ?? once(child, 'exit')
      }),
    )
    await database.forget?.()
  }
}
