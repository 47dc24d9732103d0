import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { availableParallelism, loadavg, totalmem } from 'node:os'
import path from 'node:path'
import { repository } from './paths.mjs'

/**
 * Where and with what the figures were made, in one paragraph.
 *
 * @param {readonly import('../databases/databases.mjs').Database[]} databases
 * @param {{ minutes: string, command: string }} run
 */
export async function machine(databases, { minutes, command }) {
  const versions = await Promise.all(databases.map(({ name, version }) => version().then((it) => `${name} ${it}`)))
  const prisma = await versionOf('@prisma/client')
  const umzug = createRequire(path.join(repository, 'bench/package.json'))('umzug/package.json').version
  const memory = (totalmem() / 2 ** 30).toFixed(0)
  return [
    `Measured on ${new Date().toISOString().slice(0, 10)} by \`${command}\`, in ${minutes} minutes.`,
    `${availableParallelism()} cores, ${memory} GB, servers on the same machine; load at the end ${loadavg()[0]?.toFixed(1)}.`,
    `Node ${process.versions.node}, Prisma ${prisma}, umzug ${umzug}, ${versions.join(', ')}.`,
  ].join(' ')
}

/** @param {string} name */
async function versionOf(name) {
  return JSON.parse(await readFile(path.join(repository, 'node_modules', name, 'package.json'), 'utf8')).version
}
