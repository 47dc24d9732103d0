import { existsSync } from 'node:fs'
import path from 'node:path'
import { AfterPartyError } from '../define/errors.js'
import type { RunDatabase } from '../define/events.js'
import { databaseName } from '../ledger/database-name.js'
import { adapterHostOf, providerOf } from '../prisma/internals.js'
import { shownPath } from '../project/shown-path.js'

/** The database that a client works in, as people call it. */
export async function runDatabaseOf(client: object): Promise<RunDatabase> {
  const provider = providerOf(client) ?? 'unknown'
  const told = await databaseName(client)
  if (provider === 'sqlite') return { provider, name: fileHere(told.name) }
  // What a team wrote into its URL says more than the name of a container or an address.
  const host = adapterHostOf(client) ?? told.host
  return { provider, name: told.name ?? null, ...(host !== undefined && { host }) }
}

/** A file that a remote server has is not one of this machine, and its path means nothing here. */
function fileHere(file: string | undefined): string | null {
  return file !== undefined && existsSync(file) ? shownPath(file) : null
}

/**
 * Throws `wrong-database` unless the database has this name. A file of SQLite may be called by its name, with or
 * without its extension, or by its path. Pure.
 */
export function demandDatabase(database: RunDatabase, expected: string): void {
  const { name, host, provider } = database
  if (name === null)
    throw new AfterPartyError('wrong-database', {
      what: "Can't find out the name of this database.",
      why: `The run expects the database ${JSON.stringify(expected)}, so nothing was run.`,
      next: 'Check the connection URL of your config, and run the command without `--expect-database`.',
    })
  if (namesOf(name, provider).includes(provider === 'sqlite' ? path.normalize(expected) : expected)) return
  throw new AfterPartyError('wrong-database', {
    what: `Wrong database: this is ${name}${host === undefined ? '' : ` on ${host}`}.`,
    why: `The run expects the database ${JSON.stringify(expected)}, so nothing was run.`,
    next: `Check the connection URL of your config. If this is the right database, pass \`--expect-database ${name}\`.`,
  })
}

function namesOf(name: string, provider: string): string[] {
  if (provider !== 'sqlite') return [name]
  const { base, name: bare } = path.parse(name)
  return [base, bare, path.normalize(name), path.resolve(name)]
}
