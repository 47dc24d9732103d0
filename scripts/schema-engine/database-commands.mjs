import { detectProvider, redact } from './datasource.mjs'
import { toUserFacing, UserFacingError } from './errors.mjs'
import { canConnectToMysql, createMysqlDatabase } from './mysql.mjs'
import { canConnectToPostgres, createPostgresDatabase } from './postgres.mjs'
import { canConnectToSqlite, createSqliteDatabase } from './sqlite.mjs'

/** @type {Record<string, Record<import('./datasource.mjs').Provider, (url: string) => Promise<void>>>} */
const commands = {
  'can-connect-to-database': { sqlite: canConnectToSqlite, postgresql: canConnectToPostgres, mysql: canConnectToMysql },
  'create-database': { sqlite: createSqliteDatabase, postgresql: createPostgresDatabase, mysql: createMysqlDatabase },
}

/**
 * Runs `cli <name>`.
 *
 * @param {string} name
 * @param {import('./command-line.mjs').Datasource} datasource
 * @returns {Promise<number>} The exit code.
 */
export async function runDatabaseCommand(name, datasource) {
  // The CLI drops the first line of stderr unread, whatever it is.
  log('INFO', { message: `Running ${name}` })
  try {
    const url = datasource.url ?? ''
    const command = commands[name]?.[detectProvider([], url)]
    if (command === undefined) throw new UserFacingError(undefined, `Unknown command: ${name}`)
    await command(url)
    return await leave(0)
  } catch (error) {
    const { code, message } = /** @type {UserFacingError} */ (
      toUserFacing(error, { database: databaseName(datasource) })
    )
    log('ERROR', { is_panic: false, ...(code ? { error_code: code } : {}), message: redact(message, datasource) })
    return await leave(1)
  }
}

/** @param {import('./command-line.mjs').Datasource} datasource */
function databaseName({ url }) {
  return /^[^?]*\/([^/?]+)/.exec(url ?? '')?.[1]
}

/** @param {'INFO' | 'ERROR'} level @param {object} fields */
function log(level, fields) {
  process.stderr.write(
    `${JSON.stringify({ timestamp: new Date().toISOString(), level, fields, target: 'schema_engine::logger' })}\n`,
  )
}

/** @param {number} code @returns {Promise<never>} */
function leave(code) {
  // Idle connections of a driver's pool would hold the process for seconds.
  return new Promise(() => process.stderr.write('', () => process.exit(code)))
}
