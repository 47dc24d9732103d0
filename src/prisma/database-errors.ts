import { AfterPartyError, codeOf, type ErrorCode, type ErrorParts } from '../define/errors.js'
import type { DriverError } from './driver-error.js'
import { classify, type ErrorClass } from './error-class.js'
import { schemaInUrl } from './schema-in-url.js'

/** Prisma's code for a row that exists already. */
export function isUniqueViolation(error: unknown): boolean {
  return codeOf(underneath(error)) === 'P2002'
}

/** A lock or a conflict that passes by itself: worth trying the same statement again. */
export function isBusy(error: unknown): boolean {
  const { class: found } = classify(underneath(error))
  return found === 'busy' || found === 'conflict'
}

/** The connection went away; the database may come back. */
export function isConnectionLost(error: unknown): boolean {
  const { class: found, said } = classify(underneath(error))
  // A failover: the server that we are connected to is no longer the one that writes. A file stays as it is.
  if (found === 'read-only') return !/sqlite|readonly database/i.test(`${said.kind} ${said.code} ${said.words}`)
  return found === 'unreachable' || found === 'too-many-connections'
}

/** A conflict with another transaction, or a lock not got: this one was rolled back, and may be tried again. */
export function isWriteConflict(error: unknown): boolean {
  // No connection of the pool became free: nothing had begun.
  return isBusy(error) && codeOf(underneath(error)) !== 'P2024'
}

/** What was explained already is what it was before. */
function underneath(error: unknown): unknown {
  return error instanceof AfterPartyError ? error.cause : error
}

/** Turns what a query of the ledger threw into an error that says what to do; gives back what is a bug, or explained. */
export function asLedgerError(error: unknown): unknown {
  if (error instanceof AfterPartyError) return error
  const { class: found, said } = classify(error)
  if (found === 'bug') return error
  const [code, explain] = EXPLAINED[found]
  return new AfterPartyError(code, { why: said.reason, ...explain(said), cause: error })
}

/** Prisma's command line finds the schema in the URL; the adapters of Prisma 7 don't. */
function ignoredSchemas(env: NodeJS.ProcessEnv): string[] {
  return Object.entries(env).flatMap(([name, url]) => {
    const schema = schemaInUrl(url)
    return schema === undefined
      ? []
      : `${name} contains schema=${schema}. \`prisma migrate\` uses that schema, but a driver adapter ignores it. Pass it: \`new PrismaPg({ connectionString }, { schema: '${schema}' })\`.`
  })
}

type Explain = (said: DriverError) => Pick<ErrorParts, 'what' | 'next'> & Partial<ErrorParts>

const AGAIN = 'Then run the command again.'

const EXPLAINED: Record<Exclude<ErrorClass, 'bug'>, [ErrorCode, Explain]> = {
  unreachable: [
    'database-unreachable',
    () => ({
      what: "Can't reach the database.",
      next: 'Check that the database is running, and that the connection URL of your config is right for this machine.',
    }),
  ],
  authentication: [
    'database-unreachable',
    () => ({
      what: 'The database refused the connection.',
      next: 'Check the user, password and database name in the connection URL of your config, and that the server accepts this user from this machine.',
    }),
  ],
  'database-missing': [
    'database-unreachable',
    () => ({
      what: 'The database does not exist on this server.',
      next: 'Fix the database name in the connection URL of your config, or create the database with `npx prisma migrate deploy`.',
    }),
  ],
  'file-unusable': [
    'database-unreachable',
    () => ({
      what: "Can't use the database file.",
      next: 'Check the path in the connection URL of your config. It must be a SQLite file in an existing, writable folder. A relative path is relative to the folder of the config.',
    }),
  ],
  'url-invalid': [
    'database-unreachable',
    () => ({
      what: "Can't use the connection URL.",
      next: 'Check that the URL of your config is set and matches the adapter: `file:` for SQLite, `postgresql://` for PostgreSQL, `mysql://` for MySQL and MariaDB.',
    }),
  ],
  ssl: [
    'database-unreachable',
    () => ({
      what: "Can't open a secure connection to the database.",
      next: 'Check the SSL options and certificates of the connection URL and the adapter in your config (`sslmode`, `ssl`).',
    }),
  ],
  'too-many-connections': [
    'database-unreachable',
    () => ({
      what: 'The database has no free connection.',
      next: `Close connections, use smaller pools, or increase the limit. ${AGAIN}`,
    }),
  ],
  permission: [
    'database-refused',
    () => ({
      what: 'The database user is missing a permission that After Party needs.',
      next: `Grant it SELECT, INSERT and UPDATE on after_party_task_records and after_party_task_runs, and SELECT on _prisma_migrations. ${AGAIN}`,
    }),
  ],
  'tables-missing': [
    'tables-missing',
    ({ reason }) => ({
      what: "After Party's tables are not in this database.",
      why: `The migration that creates them does not exist or is not applied, or the tables are in a database schema that this connection does not search.\n${reason}`,
      next: [
        'Run `npx prisma migrate deploy` first. In development: `npx prisma migrate dev --name add_after_party`.',
        ...ignoredSchemas(process.env),
      ].join('\n'),
    }),
  ],
  'out-of-date': ['ledger-outdated', () => OUTDATED],
  busy: ['database-unreachable', tooBusy],
  conflict: ['database-unreachable', tooBusy],
  timeout: [
    'database-refused',
    () => ({
      what: 'The database stopped a query of After Party because it took too long.',
      next: `Look for a long transaction or a lock, or increase the time limit of this database user. ${AGAIN}`,
    }),
  ],
  'read-only': [
    'database-refused',
    () => ({
      what: 'The database is read-only for this connection.',
      next: `Connect to a server that accepts writes, as a user who can write. For SQLite, the file and its folder must be writable. ${AGAIN}`,
    }),
  ],
  'engine-missing': [
    'client-invalid',
    () => ({
      what: "The Prisma client can't start.",
      next: `Run \`npx prisma generate\` on the machine or in the image that runs After Party, and check \`binaryTargets\` of the generator. ${AGAIN}`,
    }),
  ],
  'client-threw': [
    'client-invalid',
    () => ({
      what: '`client` in the config threw an error in a query of After Party.',
      next: 'Fix the extension that throws, or set `ledgerClient` in the config to a client without extensions.',
    }),
  ],
  refused: [
    'database-refused',
    ({ code }) => ({
      what: `The database refused a query of After Party${code ? ` (${code})` : ''}.`,
      next: `Fix the cause. ${AGAIN}`,
    }),
  ],
  driver: [
    'database-unreachable',
    () => ({
      what: "Can't query the database.",
      next: 'Check the connection URL, the adapter and the extensions of the client in your config.',
    }),
  ],
}

function tooBusy(): ReturnType<Explain> {
  return {
    what: 'The database stayed busy after repeated retries.',
    next: `Look for a long transaction, a lock or a full connection pool. ${AGAIN}`,
  }
}

/** How to bring an older ledger up to date. */
export const OUTDATED = {
  what: "After Party's tables are out of date.",
  next: 'Run `npx after-party init`, then `npx prisma migrate dev --name upgrade_after_party && npx prisma generate`.',
}
