import { createHash } from 'node:crypto'
import { runNode } from '../support/child.mjs'

/**
 * One contestant's result. Ms; kilobytes.
 *
 * @typedef {{ ms: number, cpuMs: number, maxRSS: number, wholeMs: number }} Result
 */

/**
 * Lets a contestant fill a fresh table in a fresh process, and checks what it wrote.
 *
 * @param {import('../databases/databases.mjs').Database} database
 * @param {{ contestant: string, batch: number, upTo: number, concurrency?: number }} job
 * @param {Set<string>} digests What the others wrote: it must be the same.
 * @param {string[]} flags Of Node.
 * @returns {Promise<Result>}
 */
export async function contest(database, job, digests, flags = []) {
  await database.reset()
  const { ms: wholeMs, stdout } = await enter(database, job, flags)
  digests.add(`${job.upTo} ${await digest(database, job.upTo)}`)
  if (digests.size > 1) throw new Error(`${job.contestant} wrote something else than the others`)
  return { ...JSON.parse(stdout), wholeMs }
}

/**
 * Lets a contestant work on the table as it is.
 *
 * @param {import('../databases/databases.mjs').Database} database
 * @param {{ contestant: string, batch: number, upTo: number, concurrency?: number }} job
 * @param {string[]} flags Of Node.
 */
export function enter({ project = '', provider, url }, job, flags = []) {
  const args = [...flags, '--import', 'tsx', 'contestants/backfill.ts', JSON.stringify({ ...job, provider })]
  return runNode(args, { cwd: project, env: { DATABASE_URL: url } })
}

/** @param {import('../databases/databases.mjs').Database} database @param {number} upTo */
export async function digest(database, upTo) {
  const sum = createHash('sha256')
  const rows = await database.slugs(upTo)
  if (rows.length !== upTo) throw new Error(`${rows.length} rows instead of ${upTo}`)
  for (const { id, slug } of rows) {
    if (slug === null) throw new Error(`row ${id} has no slug`)
    sum.update(`${id} ${slug}\n`)
  }
  return sum.digest('hex')
}
