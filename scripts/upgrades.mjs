/**
 * Takes examples/self-hosted from every release to the last one, by every way of skipping releases, on SQLite and
 * PostgreSQL. Prints the ways with what they took; exits 1 when one ends with another schema or other rows.
 *
 *     npm run upgrades
 *     npm run upgrades -- -t sqlite
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, rm } from 'node:fs/promises'
import path from 'node:path'
import Table from 'cli-table3'

const repository = path.join(import.meta.dirname, '..')
const report = path.join(repository, '.generated', 'upgrades.jsonl')

await mkdir(path.dirname(report), { recursive: true })
await rm(report, { force: true })
const began = performance.now()
const code = await runTests()
const rows = (await readFile(report, 'utf8').catch(() => '')).split('\n').filter(Boolean)
printTable(rows.map((row) => JSON.parse(row)))
process.exitCode = rows.length === 0 ? 1 : code

async function runTests() {
  const child = spawn(
    process.execPath,
    [path.join(import.meta.dirname, 'test.mjs'), '__tests__/cli/upgrades.test.ts', ...process.argv.slice(2)],
    {
      cwd: repository,
      env: { ...process.env, AFTER_PARTY_TEST_UPGRADES: 'all', AFTER_PARTY_UPGRADES_REPORT: report },
      stdio: 'inherit',
    },
  )
  const [code] = await once(child, 'exit')
  return /** @type {number | null} */ (code) ?? 1
}

/**
 * Each row: a way to the last release that ended as it should.
 *
 * @param {{ provider: string, releases: number[], segments: number, ms: number }[]} rows
 */
function printTable(rows) {
  const table = new Table({
    head: ['releases', 'database', 'deploys', 'prisma migrate deploy', 'seconds'],
    colAligns: ['left', 'left', 'right', 'right', 'right'],
    style: { head: [], border: [] },
  })
  for (const { provider, releases, segments, ms } of rows)
    table.push([releases.join(' → '), provider, releases.length, segments, (ms / 1_000).toFixed(1)])
  console.log(`${table}\n${rows.length} ways in ${Math.round((performance.now() - began) / 1_000)} s`)
}
