import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'

const HELP = `npm run matrix -- [options]

  --only pnpm          the kinds whose name has this; may be given several times
  --list               only prints the names
  --directory <path>   works there and keeps everything, outside of any project; the next run reuses installations
  --write              puts the results into docs/compatibility.md

A PostgreSQL server: MATRIX_POSTGRES_URL (postgresql://postgres@127.0.0.1:5432/postgres)
`

/** @param {string[]} args */
export function readOptions(args) {
  const { values } = parseArgs({
    args,
    options: {
      help: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: [] },
      list: { type: 'boolean', default: false },
      directory: { type: 'string' },
      write: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    process.stdout.write(HELP)
    process.exit()
  }
  const directory = values.directory && path.resolve(values.directory)
  if (directory) mkdirSync(directory, { recursive: true })
  return { ...values, directory }
}

/**
 * @param {import('./row.mjs').Row[]} rows
 * @param {string[]} words none: all rows
 */
export function chosenFrom(rows, words) {
  const chosen = rows.filter(
    ({ name }) => words.length === 0 || words.some((word) => name.toLowerCase().includes(word.toLowerCase())),
  )
  if (chosen.length === 0) throw new Error(`No kind of project has a name with ${words.join(' or ')}.`)
  return chosen
}
