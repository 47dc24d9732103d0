import { alternate } from '../support/alternate.mjs'
import { median, ratio, spread, thousands } from '../support/figures.mjs'
import { table } from '../support/table.mjs'
import { contest } from './contest.mjs'

const SIZES = [250, 500, 1000, 2000, 5000]
const MOST_ROWS = 100_000

/** @type {import('./measures.mjs').MEASURES['batches']} */
export async function measureBatches(databases, { rows: sizes, rounds }) {
  const size = Math.min(Math.max(...sizes), MOST_ROWS)
  const cells = []
  for (const database of databases) {
    await database.seed(size)
    const digests = new Set()
    for (const batch of SIZES) {
      process.stderr.write(`› batches of ${thousands(batch)} of ${thousands(size)} rows on ${database.name}\n`)
      const { ours = [], raw = [] } = await alternate(['ours', 'raw'], rounds, async (name) => {
        const contestant = name === 'ours' ? 'After Party' : 'raw keyset loop'
        const { ms } = await contest(database, { contestant, batch, upTo: size }, digests)
        return ms
      })
      const factor = ratio(median(ours), median(raw))
      const perSecond = thousands((size / median(ours)) * 1000)
      cells.push([database.name, thousands(batch), spread(ours), spread(raw), factor, perSecond, String(rounds)])
    }
  }
  return table(
    ['database', 'rows in a batch', 'After Party', 'raw keyset loop', 'After Party takes', 'rows per s', 'runs'],
    cells,
  )
}
