import { mkdtemp, realpath } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { attempt } from './matrix/attempt.mjs'
import { writeResults } from './matrix/document.mjs'
import { chosenFrom, readOptions } from './matrix/options.mjs'
import { say, sayResult, saySummary } from './matrix/report.mjs'
import { ROWS } from './matrix/rows.mjs'
import { Workshop } from './matrix/workshop.mjs'

// Tries the packed package in every kind of Prisma project, as a new user would: npm run matrix -- --help

const options = readOptions(process.argv.slice(2))
const rows = chosenFrom(ROWS, options.only)

if (options.list) for (const { name } of rows) say(name)
else {
  const directory = options.directory ?? (await mkdtemp(path.join(await realpath(tmpdir()), 'after-party-matrix-')))
  const workshop = new Workshop(directory)
  await workshop.pack()
  const results = []
  for (const row of rows) {
    const result = await attempt(row, workshop)
    sayResult(result)
    // At once, so that a run that is stopped has not been for nothing.
    if (options.write) await writeResults([result], ROWS)
    results.push(result)
  }
  saySummary(results)
  if (options.directory === undefined) await workshop.remove()
  if (results.some(({ outcome }) => outcome === 'failed')) process.exitCode = 1
}
