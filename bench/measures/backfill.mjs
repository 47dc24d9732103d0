import { alternate } from '../support/alternate.mjs'
import { median, megabytes, ratio, spread, thousands, time } from '../support/figures.mjs'
import { table } from '../support/table.mjs'
import { contest } from './contest.mjs'

/** Those that write row by row are given a slice of a big table, and none of the biggest, or they would take hours. */
const BY_ROW = ['update per row', '$transaction per batch']
const MOST_BY_ROW = 100_000
/** What takes this long says the same the second time. */
const ROUNDS_OF_A_MILLION = 2
const ROUNDS_BY_ROW = 2
const CONTESTANTS = ['After Party', 'raw keyset loop', ...BY_ROW]

/** @type {import('./measures.mjs').MEASURES['backfill']} */
export async function measureBackfill(databases, { rows: sizes, batch, rounds, slice, contestants }) {
  const lines = []
  for (const database of databases) {
    const cells = []
    for (const size of sizes) {
      process.stderr.write(`› backfill of ${thousands(size)} rows on ${database.name}\n`)
      await database.seed(size)
      cells.push(...(await compare(database, { size, batch, rounds, slice, among: contestants })))
    }
    lines.push(`**${database.name}**, ${batch} rows in a batch`, '', ...table(HEAD, cells), '')
  }
  return [
    ...lines,
    `≈ the first ${thousands(slice)} rows only, and multiplied. Row by row is left out above ${thousands(MOST_BY_ROW)} rows.`,
  ]
}

const HEAD = ['contestant', 'rows', 'time', 'After Party takes', 'rows per s', 'whole process', 'peak memory', 'runs']

/**
 * @param {import('../databases/databases.mjs').Database} database
 * @param {{ size: number, batch: number, rounds: number, slice: number, among: string[] }} options
 */
async function compare(database, { size, batch, rounds, slice, among }) {
  /** @type {Record<number, Set<string>>} */
  const digests = {}
  const upToOf = (/** @type {string} */ name) => (BY_ROW.includes(name) ? Math.min(size, slice) : size)
  const asked = among.length > 0 ? among : CONTESTANTS
  const contestants = asked.filter((name) => size <= MOST_BY_ROW || !BY_ROW.includes(name))
  const most = size >= 1_000_000 ? Math.min(rounds, ROUNDS_OF_A_MILLION) : rounds
  const results = await alternate(
    contestants,
    most,
    (contestant) => {
      const upTo = upToOf(contestant)
      digests[upTo] ??= new Set()
      return contest(database, { contestant, batch, upTo }, digests[upTo])
    },
    (name) => (!BY_ROW.includes(name) ? most : upToOf(name) < size ? 1 : Math.min(most, ROUNDS_BY_ROW)),
  )
  const ours = median(results['After Party']?.map(({ ms }) => ms) ?? [])
  return contestants.map((name) => {
    const runs = results[name] ?? []
    const factor = size / upToOf(name)
    const times = runs.map(({ ms }) => ms * factor)
    const about = factor > 1 ? '≈ ' : ''
    return [
      name,
      thousands(size),
      about + spread(times),
      name === 'After Party' ? '' : about + ratio(ours, median(times)),
      about + thousands((size / median(times)) * 1000),
      factor > 1 ? '' : time(median(runs.map(({ wholeMs }) => wholeMs))),
      factor > 1 ? '' : megabytes(median(runs.map(({ maxRSS }) => maxRSS))),
      String(runs.length),
    ]
  })
}
