import { createRequire } from 'node:module'
import { ensureReachable, parseServerUrl } from './datasource.mjs'

/** What the server's error numbers are called among driver adapters. */
const errorKinds = new Map([
  [1007, 'DatabaseAlreadyExists'],
  [1044, 'DatabaseAccessDenied'],
  [1045, 'AuthenticationFailed'],
  [1049, 'DatabaseDoesNotExist'],
])

/**
 * @typedef {object} MysqlConnection
 * @property {(sql: string, values?: unknown[]) => Promise<any>} query
 * @property {() => Promise<void>} end
 */

/**
 * Connects with the adapter's driver rather than with the adapter, which can't run a script of
 * several statements and whose pool turns a refused login into a timeout.
 *
 * @param {string} url
 * @param {{ database?: string }} [options] Without `database`: to the server only.
 * @returns {Promise<MysqlConnection>}
 */
async function connectToMysql(url, { database } = {}) {
  const server = parseServerUrl(url, 'mysql')
  await ensureReachable(server)
  const mariadb = createRequire(import.meta.resolve('@prisma/adapter-mariadb'))('mariadb')
  const connection = await translating(server, () =>
    mariadb.createConnection({
      host: server.host,
      port: server.port,
      user: server.user,
      password: server.password,
      database,
      ...(server.socket === undefined ? {} : { socketPath: server.socket }),
      multipleStatements: true,
      // Dates are written and read as UTC, as Prisma does.
      timezone: 'Z',
      initSql: "SET time_zone = '+00:00'",
    }),
  )
  return {
    query: (sql, values) => translating(server, () => connection.query(sql, values)),
    end: () => connection.end(),
  }
}

/** @param {string} url */
export function openMysql(url) {
  return connectToMysql(url, { database: parseServerUrl(url, 'mysql').database ?? '' })
}

/** @param {string} url */
export async function canConnectToMysql(url) {
  await (await openMysql(url)).end()
}

/** @param {string} url */
export async function createMysqlDatabase(url) {
  const connection = await connectToMysql(url)
  await connection.query(`CREATE DATABASE ${quoteMysqlName(parseServerUrl(url, 'mysql').database ?? '')}`)
  await connection.end()
}

/** @param {string} name */
export function quoteMysqlName(name) {
  return `\`${name.replaceAll('`', '``')}\``
}

/**
 * Gives the driver's errors the shape of the adapters'.
 *
 * @template T
 * @param {{ database?: string | undefined, user?: string | undefined }} server
 * @param {() => Promise<T>} action
 * @returns {Promise<T>}
 */
async function translating({ database, user }, action) {
  try {
    return await action()
  } catch (/** @type {any} */ error) {
    if (typeof error?.errno !== 'number') throw error
    const message = error.sqlMessage ?? error.message
    const cause = {
      kind: errorKinds.get(error.errno) ?? 'mysql',
      originalCode: String(error.errno),
      originalMessage: message,
      db: database,
      user,
    }
    throw Object.assign(new Error(message, { cause }), { name: 'DriverAdapterError' })
  }
}
