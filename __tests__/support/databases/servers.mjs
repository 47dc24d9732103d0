import { existsSync } from 'node:fs'
import path from 'node:path'
import { startEmbeddedPostgres } from './embedded-postgres.mjs'
import { dropMariaDb, listMariaDb, usingMariaDb } from './mariadb.mjs'
import { isLeftover, isOurs } from './names.mjs'
import { startPgBouncer } from './pgbouncer.mjs'
import { dropPostgres, listPostgres, usingPostgres } from './postgres.mjs'
import { redisMissing } from './redis.mjs'
import { betterSqlite3 } from './stack.mjs'
import { VARIANT_NAMES, VARIANTS } from './variants.mjs'

/**
 * A server that is there, or why it is not.
 *
 * @typedef {{ url: string, missing?: undefined } | { url?: undefined, missing: string }} Found
 * @typedef {Record<NonNullable<import('./variants.mjs').Variant['server']>, Found>} Servers
 */

const LOCAL_POSTGRES = 'postgresql://postgres@127.0.0.1:5432/postgres'
const LOCAL_MARIADB = 'mysql://root@127.0.0.1:3306'

/** @type {(() => Promise<void>)[]} */
const stops = []

/** Finds the servers, or starts them, and tells the workers by `AFTER_PARTY_TEST_SERVERS`. */
export async function openServers() {
  const postgresql = await found(findPostgres)
  const pgbouncer = await found(async () => {
    if (postgresql.url === undefined) throw new Error(postgresql.missing)
    return started(await startPgBouncer(postgresql.url))
  })
  const mariadb = await found(findMariaDb)
  process.env.AFTER_PARTY_TEST_SERVERS = JSON.stringify({ postgresql, pgbouncer, mariadb })
  await dropDatabases(isLeftover)
}

/** Drops the databases of this run and stops what was started for it. */
export async function closeServers() {
  await dropDatabases(isOurs)
  for (const stop of stops.reverse()) await stop()
}

/** @returns {Servers} */
export function servers() {
  const none = { missing: 'no servers were looked for' }
  return (
    JSON.parse(process.env.AFTER_PARTY_TEST_SERVERS ?? 'null') ?? { postgresql: none, pgbouncer: none, mariadb: none }
  )
}

/**
 * Why the tests can't run on a variant here; undefined when they can.
 *
 * @param {import('./variants.mjs').VariantName} name
 * @returns {string | undefined}
 */
export function whyMissing(name) {
  const { server, adapter } = VARIANTS[name]
  if (server !== undefined) return servers()[server].missing
  if (adapter !== '@prisma/adapter-better-sqlite3') return undefined
  const there = existsSync(path.join(betterSqlite3, 'node_modules', adapter))
  return there ? undefined : '`node scripts/install-better-sqlite3.mjs` was not run'
}

/** Whether every variant is to be tested: always where a missing one fails, and when one part of the tests is named. */
export const everyVariant =
  process.env.AFTER_PARTY_TEST_VARIANTS === 'all' || Boolean(process.env.CI || process.env.AFTER_PARTY_TEST_REQUIRE)

/** @typedef {import('./variants.mjs').VariantName} VariantName */

/**
 * The variants that tests run on. Not all of them, for a first impression: SQLite, or where it is not among those that
 * are wanted, or where the server is wanted too, one server if there is one.
 *
 * @param {readonly VariantName[]} [wanted]
 * @param {boolean} [serverToo]
 * @returns {readonly VariantName[]}
 */
export function chosenVariants(wanted = VARIANT_NAMES, serverToo = true) {
  if (everyVariant) return VARIANT_NAMES
  const server = /** @type {const} */ (['postgresql', 'mariadb']).find((name) => whyMissing(name) === undefined)
  const sqlite = wanted.includes('sqlite-libsql')
  /** @type {VariantName[]} */
  const chosen = sqlite ? ['sqlite-libsql'] : []
  if (server && (serverToo || !sqlite)) chosen.push(server)
  return chosen
}

/** The variants that the tests can't run on here, and Redis, with the reasons. */
export function missingVariants() {
  if (!everyVariant) return []
  const missing = VARIANT_NAMES.map((name) => [name, whyMissing(name)])
  return [...missing, ['redis', redisMissing]].flatMap(([name, why]) => (why === undefined ? [] : [`${name} (${why})`]))
}

async function findPostgres() {
  const given = process.env.AFTER_PARTY_TEST_POSTGRES_URL
  if (given !== undefined) return answering(given, (url) => usingPostgres(url, (client) => client.query('SELECT 1')))
  return answering(LOCAL_POSTGRES, (url) => usingPostgres(url, (client) => client.query('SELECT 1'))).catch(async () =>
    started(await startEmbeddedPostgres()),
  )
}

function findMariaDb() {
  const url = process.env.AFTER_PARTY_TEST_MYSQL_URL ?? LOCAL_MARIADB
  return answering(url, (there) => usingMariaDb(there, (connection) => connection.query('SELECT 1')))
}

/** @param {string} url @param {(url: string) => Promise<unknown>} ask */
async function answering(url, ask) {
  const { host } = new URL(url)
  await ask(url).catch((error) => {
    throw new Error(`no server answers at ${host}`, { cause: error })
  })
  return url
}

/** @param {{ url: string, stop: () => Promise<void> }} server */
function started({ url, stop }) {
  stops.push(stop)
  return url
}

/** @param {() => Promise<string>} find @returns {Promise<Found>} */
async function found(find) {
  try {
    return { url: await find() }
  } catch (error) {
    return { missing: error instanceof Error ? error.message : String(error) }
  }
}

/** @param {(name: string) => boolean} which */
async function dropDatabases(which) {
  const { postgresql, mariadb } = servers()
  if (postgresql.url !== undefined) {
    const { url } = postgresql
    for (const name of (await listPostgres(url)).filter(which)) await dropPostgres(url, name)
  }
  if (mariadb.url !== undefined) {
    const { url } = mariadb
    for (const name of (await listMariaDb(url)).filter(which)) await dropMariaDb(url, name)
  }
}
