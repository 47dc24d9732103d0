import { alternate } from '../support/alternate.mjs'
import { median, ratio, spread, thousands } from '../support/figures.mjs'
import { table } from '../support/table.mjs'
import { contest } from './contest.mjs'

const MOST_ROWS = 100_000
const WHOLE = 'one UPDATE'
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
    const results = await alternate([WHOLE, ...ways], rounds, (way) => {
      const [, name = way, batch = size] = /^(.*) (\d+)$/.exec(way) ?? []
      return contest(database, { contestant: name, batch: Number(batch), upTo: size }, digests)
    })
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
        String(runs.length),
      ])
    }
  }
  const head = ['database', `${thousands(size)} rows`, 'rows in a batch', 'time', `of the time of ${WHOLE}`, 'runs']
  return table(head, cells)
}
