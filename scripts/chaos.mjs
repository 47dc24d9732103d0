/**
 * The long chaos suite: every write point of every kind of task on every database, and many rounds of processes
 * killed at random. Prints what it found per database; exits 1 when anything was lost, done twice or left running.
 *
 *     npm run chaos
 *     CHAOS_SEED=7 CHAOS_ROUNDS=50 npm run chaos
 *     npm run chaos -- -t postgresql
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, rm } from 'node:fs/promises'
import path from 'node:path'
import Table from 'cli-table3'

const repository = path.join(import.meta.dirname, '..')
const report = path.join(repository, '.generated', 'chaos.jsonl')

await mkdir(path.dirname(report), { recursive: true })
await rm(report, { force: true })
const began = performance.now()
const code = await runSuite()
const rows = await readReport()
printTable(rows)
const broken = rows.some(({ lost, doubles, stuck }) => lost + doubles + stuck > 0)
process.exitCode = broken || rows.length === 0 ? 1 : code

async function runSuite() {
  const jest = path.join(repository, 'node_modules', 'jest', 'bin', 'jest.js')
  const flags = ['--disable-warning=ExperimentalWarning', '--experimental-vm-modules']
  const child = spawn(process.execPath, [...flags, jest, '--runInBand', '__tests__/chaos', ...process.argv.slice(2)], {
    cwd: repository,
    env: { ...process.env, CHAOS: 'long', CHAOS_REPORT: report },
    stdio: 'inherit',
  })
  const [code] = await once(child, 'exit')
  return /** @type {number | null} */ (code) ?? 1
}

/**
 * What the tests wrote down, summed up per database.
 *
 * @typedef {{ variant: string, kills: number, rounds: number, stalls: number, outages: number, lost: number, doubles: number, stuck: number }} Sum
 * @returns {Promise<Sum[]>}
 */
async function readReport() {
  const lines = (await readFile(report, 'utf8').catch(() => '')).split('\n').filter(Boolean)
  const sums = new Map()
  for (const { variant, ...counts } of lines.map((line) => JSON.parse(line))) {
    const sum = sums.get(variant) ?? {
      variant,
      kills: 0,
      rounds: 0,
      stalls: 0,
      outages: 0,
      lost: 0,
      doubles: 0,
      stuck: 0,
    }
    for (const [name, count] of Object.entries(counts)) sum[name] += count
    sums.set(variant, sum)
  }
  return [...sums.values()]
}

/** @param {Sum[]} rows */
function printTable(rows) {
  const table = new Table({
    head: ['database', 'kills', 'rounds', 'stalls', 'outages', 'tasks lost', 'double commits', 'stuck records'],
    style: { head: [], border: [] },
  })
  for (const sum of rows) table.push(Object.values(sum))
  console.log(`${table}\nin ${Math.round((performance.now() - began) / 1_000)} s`)
}
