import { alternate } from '../support/alternate.mjs'
import { farAway } from '../support/far-away.mjs'
import { median, ratio, spread, thousands } from '../support/figures.mjs'
import { table } from '../support/table.mjs'
import { contest } from './contest.mjs'

const MOST_ROWS = 100_000
const DELAYS = [1, 5]
const CONTESTANTS = ['After Party', 'raw keyset loop']

/** @type {import('./measures.mjs').MEASURES['network']} */
export async function measureNetwork(databases, { rows: sizes, batch, rounds }) {
  const size = Math.min(Math.max(...sizes), MOST_ROWS)
  const cells = []
  for (const database of databases.filter(({ provider }) => provider !== 'sqlite')) {
    await database.seed(size)
    for (const ms of DELAYS) {
      process.stderr.write(`› ${ms} ms away, ${thousands(size)} rows on ${database.name}\n`)
      const digests = new Set()
      const results = await farAway(database, ms, (far) =>
        alternate(CONTESTANTS, rounds, (contestant) => contest(far, { contestant, batch, upTo: size }, digests)),
      )
      const ours = median(results['After Party']?.map(({ ms }) => ms) ?? [])
      for (const [name, runs] of Object.entries(results)) {
        const times = runs.map(({ ms }) => ms)
        const takes = name === 'After Party' ? '' : ratio(ours, median(times))
        cells.push([database.name, `${ms} ms`, name, spread(times), takes, String(runs.length)])
      }
    }
  }
  const head = [
    'database',
    'a round trip takes',
    `contestant, ${thousands(size)} rows`,
    'time',
    'After Party takes',
    'runs',
  ]
  return table(head, cells)
}
