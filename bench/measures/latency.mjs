import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { runNode } from '../support/child.mjs'
import { median, ratio, thousands, time } from '../support/figures.mjs'
import { table } from '../support/table.mjs'

const MOST_ROWS = 100_000
const MS = 6_000

/** @type {import('./measures.mjs').MEASURES['latency']} */
export async function measureLatency(databases, { rows: sizes, rounds }) {
  const rows = Math.min(Math.max(...sizes), MOST_ROWS)
  const cells = []
  // SQLite has one writer: who writes beside a batch waits for it.
  for (const database of databases.filter(({ provider }) => provider !== 'sqlite')) {
    process.stderr.write(`› an application's writes, ${thousands(rows)} rows on ${database.name}\n`)
    await database.seed(rows)
    await database.reset()
    const { project: cwd = '', url } = database
    const env = { DATABASE_URL: url }
    const half = Math.floor(rows / 2)
    const application = async (first = 1) => {
      const job = JSON.stringify({ first, rows: half, ms: MS })
      return JSON.parse((await runNode(['--import', 'tsx', 'contestants/application.ts', job], { cwd, env })).stdout)
    }
    /** @type {Record<'alone' | 'beside' | 'elsewhere', number[][]>} */
    const took = { alone: [], beside: [], elsewhere: [] }
    for (let round = 0; round < rounds; round += 1) {
      took.alone.push(await application())
      const backfill = spawn(process.execPath, ['--import', 'tsx', 'contestants/gentle.ts', String(half)], {
        cwd,
        env: { ...process.env, ...env },
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      const ended = once(backfill, 'exit')
      await once(backfill.stdout, 'data')
      took.beside.push(await application())
      took.elsewhere.push(await application(half + 1))
      backfill.kill('SIGTERM')
      await ended
    }
    const at = (/** @type {number[][]} */ runs, /** @type {number} */ share) =>
      median(runs.map((run) => [...run].sort((a, b) => a - b)[Math.floor(run.length * share)] ?? 0))
    for (const [name, share] of /** @type {[string, number][]} */ ([
      ['p50', 0.5],
      ['p99', 0.99],
    ])) {
      const [alone, beside, elsewhere] = [took.alone, took.beside, took.elsewhere].map((runs) => at(runs, share))
      const compared = [beside, elsewhere].map((ms) => `${time(ms)} (${ratio(ms, alone)})`)
      cells.push([database.name, name, time(alone), ...compared, String(rounds)])
    }
  }
  return table(['database', 'single-row writes', 'alone', 'to rows of a backfill', 'to other rows', 'runs'], cells)
}
