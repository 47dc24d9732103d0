import { alternate } from '../support/alternate.mjs'
import { median, ratio, spread, thousands } from '../support/figures.mjs'
import { table } from '../support/table.mjs'
import { contest } from './contest.mjs'

const MOST_ROWS = 100_000

/** @type {import('./measures.mjs').MEASURES['concurrency']} */
export async function measureConcurrency(databases, { rows: sizes, batch, rounds }) {
  const size = Math.min(Math.max(...sizes), MOST_ROWS)
  const cells = []
  // SQLite has one writer at a time: there is nothing to compare.
  for (const database of databases.filter(({ provider }) => provider !== 'sqlite')) {
    process.stderr.write(`› concurrency, ${thousands(size)} rows on ${database.name}\n`)
    await database.seed(size)
    const digests = new Set()
    const results = await alternate(['1', '2', '4'], rounds, (concurrency) =>
      contest(database, { contestant: 'After Party', batch, upTo: size, concurrency: Number(concurrency) }, digests),
    )
    const one = median(results['1']?.map(({ ms }) => ms) ?? [])
    for (const [concurrency, runs] of Object.entries(results)) {
      const times = runs.map(({ ms }) => ms)
      cells.push([
        database.name,
        thousands(size),
        concurrency,
        spread(times),
        concurrency === '1' ? '' : ratio(median(times), one),
        String(runs.length),
      ])
    }
  }
  return table(['database', 'rows', 'concurrency', 'time', 'of the time of 1', 'runs'], cells)
}
