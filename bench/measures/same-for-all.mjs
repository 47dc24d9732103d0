import { setTimeout as sleep } from 'node:timers/promises'
import { alternate } from '../support/alternate.mjs'
import { runNode } from '../support/child.mjs'
import { median, ratio, spread, thousands } from '../support/figures.mjs'
import { table } from '../support/table.mjs'
import { contest, enter } from './contest.mjs'

const MOST_ROWS = 100_000
const WHOLE = 'one UPDATE'
const NOTHING = 'nothing'
/** What an application takes to be at work. */
const STARTS_MS = 2_000
const BATCHES = [500, 5_000]

/** @type {import('./measures.mjs').MEASURES['same-for-all']} */
export async function measureSameForAll(databases, { rows: sizes, rounds }) {
  const size = Math.min(Math.max(...sizes), MOST_ROWS)
  const cells = []
  for (const database of databases) {
    process.stderr.write(`› the same for all of ${thousands(size)} rows on ${database.name}\n`)
    await database.seed(size)
    const ways = BATCHES.flatMap((batch) => [`update: {…} ${batch}`, `execute ${batch}`])
    const digests = new Set()
    const results = await alternate([WHOLE, ...ways], rounds, (way) => contest(database, jobOf(way, size), digests))
    const wholeMs = Math.max(...Object.values(results).flatMap((runs) => runs.map(({ wholeMs }) => wholeMs)))
    const writes = await longestWrites(database, [WHOLE, ...ways], { size, rounds, wholeMs })
    const beside = (/** @type {string} */ way) => (writes[way] ? spread(writes[way]) : '')
    const whole = median(results[WHOLE]?.map(({ ms }) => ms) ?? [])
    for (const [way, runs] of Object.entries(results)) {
      const [, name = way, batch = 0] = /^(.*) (\d+)$/.exec(way) ?? []
      const times = runs.map(({ ms }) => ms)
      const of = way === WHOLE ? '' : ratio(median(times), whole)
      cells.push([
        database.name,
        name,
        batch ? thousands(Number(batch)) : 'all',
        spread(times),
        of,
        beside(way),
        String(runs.length),
      ])
    }
    if (writes[NOTHING]) cells.push([database.name, NOTHING, '', '', '', beside(NOTHING), String(rounds)])
  }
  const head = [
    'database',
    `${thousands(size)} rows`,
    'rows in a batch',
    'time',
    `of the time of ${WHOLE}`,
    'longest write beside it',
    'runs',
  ]
  return table(head, cells)
}

/** @param {string} way @param {number} size */
function jobOf(way, size) {
  const [, contestant = way, batch = size] = /^(.*) (\d+)$/.exec(way) ?? []
  return { contestant, batch: Number(batch), upTo: size }
}

/**
 * How long the slowest write of an application took beside each, and beside nothing: what waits for a lock waits until
 * its batch is over. Ms.
 *
 * @param {import('../databases/databases.mjs').Database} database
 * @param {readonly string[]} ways
 * @param {{ size: number, rounds: number, wholeMs: number }} given `wholeMs`: how long the longest process takes alone.
 * @returns {Promise<Record<string, number[]>>}
 */
async function longestWrites(database, ways, { size, rounds, wholeMs }) {
  // SQLite has one writer: who writes beside a batch waits for it.
  if (database.provider === 'sqlite') return {}
  const env = { DATABASE_URL: database.url }
  return alternate([...ways, NOTHING], rounds, async (way) => {
    await database.reset()
    const job = JSON.stringify({ rows: size, ms: 2 * wholeMs + STARTS_MS })
    const args = ['--import', 'tsx', 'contestants/application.ts', job]
    const application = runNode(args, { cwd: database.project ?? '', env })
    await sleep(STARTS_MS)
    if (way !== NOTHING) await enter(database, jobOf(way, size))
    return Math.max(...JSON.parse((await application).stdout))
  })
}
