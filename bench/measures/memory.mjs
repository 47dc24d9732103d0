import { megabytes, thousands } from '../support/figures.mjs'
import { table } from '../support/table.mjs'
import { contest } from './contest.mjs'

/** The generated client and tsx take most of it. */
const OLD_SPACE_MB = 64

/** @type {import('./measures.mjs').MEASURES['memory']} */
export async function measureMemory(databases, { rows: sizes, batch }) {
  const cells = []
  for (const database of databases)
    for (const size of sizes) {
      process.stderr.write(`› memory, ${thousands(size)} rows on ${database.name}\n`)
      await database.seed(size)
      /** @param {string[]} flags */
      const peak = async (...flags) => {
        const job = { contestant: 'After Party', batch, upTo: size }
        const { maxRSS } = await contest(database, job, new Set(), flags)
        return megabytes(maxRSS)
      }
      cells.push([database.name, thousands(size), await peak(), await peak(`--max-old-space-size=${OLD_SPACE_MB}`)])
    }
  return table(['database', 'rows', 'peak', `peak, old space limited to ${OLD_SPACE_MB} MB`], cells)
}
