import { runNode } from '../support/child.mjs'
import { median, spread, thousands } from '../support/figures.mjs'
import { table } from '../support/table.mjs'

const ROWS = 100_000
const TIMES = 20

/** @type {import('./measures.mjs').MEASURES['pause']} */
export async function measurePause(databases, { batch }) {
  const cells = []
  for (const database of databases) {
    process.stderr.write(`› from pause to paused, ${thousands(ROWS)} rows on ${database.name}\n`)
    await database.seed(ROWS)
    await database.reset()
    const { project: cwd = '', url } = database
    const args = ['--import', 'tsx', 'contestants/pause.ts', JSON.stringify({ batch, times: TIMES })]
    const { stdout } = await runNode(args, { cwd, env: { DATABASE_URL: url } })
    /** @type {{ ms: number, batches: number }[]} */
    const took = JSON.parse(stdout)
    const batches = took.map((one) => one.batches)
    cells.push([
      database.name,
      spread(took.map(({ ms }) => ms)),
      `${median(batches)} (${Math.min(...batches)}–${Math.max(...batches)})`,
      String(took.length),
    ])
    await database.forget?.()
  }
  return table(['database', 'from `pause` to paused', 'batches that ended meanwhile', 'times'], cells)
}
