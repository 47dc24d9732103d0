import { connect } from 'node:net'
import { UserFacingError, unreachable } from './errors.mjs'

/** @typedef {'sqlite' | 'postgresql' | 'mysql'} Provider */

/** @type {Record<string, Provider>} */
const providersByScheme = {
  file: 'sqlite',
  postgres: 'postgresql',
  postgresql: 'postgresql',
  mysql: 'mysql',
  mariadb: 'mysql',
}
const defaultPorts = { postgresql: 5432, mysql: 3306 }
const connectTimeoutMs = 5000

/**
 * Which database it is: the schema says, or else the URL. `migrate diff` and `db execute` come
 * without one or the other.
 *
 * @param {string[]} schemas
 * @param {string | undefined} url
 * @returns {Provider}
 */
export function detectProvider(schemas, url) {
  for (const schema of schemas) {
    const provider = /\bdatasource\s+\w+\s*\{[^}]*?\bprovider\s*=\s*"(\w+)"/.exec(schema)?.[1]
    if (provider === 'sqlite' || provider === 'postgresql' || provider === 'mysql') return provider
    if (provider === 'postgres') return 'postgresql'
    if (provider !== undefined)
      throw new UserFacingError(undefined, `This schema engine has no driver for the provider "${provider}".`)
  }
  const provider = providersByScheme[url?.split(':')[0] ?? '']
  if (provider === undefined) {
    throw new UserFacingError(
      'P1013',
      'The provided database string is invalid. The scheme is not recognized in database URL.',
    )
  }
  return provider
}

/**
 * The path of an SQLite file, as Prisma understands it: relative to the working directory, without
 * the `?connection_limit=1` kind of option, which libsql refuses.
 *
 * @param {string} url
 */
export function sqlitePath(url) {
  return url.replace(/^file:(\/\/(?=\/))?/, '').replace(/\?.*$/, '')
}

/**
 * @param {string} url
 * @param {'postgresql' | 'mysql'} provider
 */
export function parseServerUrl(url, provider) {
  /** @type {URL} */
  let parsed
  try {
    parsed = new URL(url)
  } catch {
    throw new UserFacingError(
      'P1013',
      'The provided database string is invalid. Please refer to the documentation in https://www.prisma.io/docs/reference/database-reference/connection-urls for constructing a correct connection string.',
    )
  }
  const socket = [parsed.searchParams.get('host'), parsed.searchParams.get('socket')].find((path) =>
    path?.startsWith('/'),
  )
  return {
    host: parsed.hostname.replace(/^\[(.*)\]$/, '$1') || 'localhost',
    port: Number(parsed.port) || defaultPorts[provider],
    user: decodeURIComponent(parsed.username) || undefined,
    password: decodeURIComponent(parsed.password) || undefined,
    database: decodeURIComponent(parsed.pathname.slice(1)) || undefined,
    schema: parsed.searchParams.get('schema') ?? undefined,
    socket,
  }
}

/**
 * The same URL, pointing at another database of the server.
 *
 * @param {string} url
 * @param {string} database Empty: none.
 */
export function withDatabase(url, database) {
  const changed = new URL(url)
  changed.pathname = `/${encodeURIComponent(database)}`
  return changed.href
}

/**
 * Knocks at the server's port before any driver does: each driver reports an unreachable server in
 * its own way (pg with an AggregateError its adapter doesn't recognise, mariadb after ten seconds
 * as a pool timeout), while the CLI waits for P1001.
 *
 * @param {ReturnType<typeof parseServerUrl>} server
 * @returns {Promise<void>}
 */
export function ensureReachable(server) {
  if (server.socket !== undefined) return Promise.resolve()
  return new Promise((resolve, reject) => {
    const socket = connect({ host: server.host, port: server.port })
    const fail = () => {
      socket.destroy()
      reject(unreachable(`${server.host}:${server.port}`))
    }
    socket.setTimeout(connectTimeoutMs, fail)
    socket.once('error', fail)
    socket.once('connect', () => {
      socket.destroy()
      resolve()
    })
  })
}

/**
 * Takes connection URLs and passwords out of a text that will be shown.
 *
 * @param {string} text
 * @param {import('./command-line.mjs').Datasource} datasource
 */
export function redact(text, datasource) {
  let redacted = text
  for (const url of [datasource.url, datasource.shadowDatabaseUrl]) {
    if (!url) continue
    redacted = redacted.replaceAll(url, '<REDACTED>')
    const password = /:\/\/[^:/@]*:([^@]+)@/.exec(url)?.[1]
    if (password) redacted = redacted.replaceAll(`:${password}@`, ':<REDACTED>@')
  }
  return redacted
}
