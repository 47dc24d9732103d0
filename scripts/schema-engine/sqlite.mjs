import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { sqlitePath } from './datasource.mjs'
import { databaseMissing, UserFacingError } from './errors.mjs'

/** libsql waits for no lock by itself and fails at once: give it what SQLite's other drivers have. */
const busyTimeoutMs = 5000

/**
 * @param {string} url
 * @returns {Promise<import('@prisma/driver-adapter-utils').SqlMigrationAwareDriverAdapterFactory>}
 */
export async function sqliteAdapters(url) {
  const { PrismaLibSql } = await import('@prisma/adapter-libsql')
  const factory = new PrismaLibSql({ url: `file:${sqlitePath(url)}`, timeout: busyTimeoutMs })
  return {
    provider: factory.provider,
    adapterName: factory.adapterName,
    connect: async () => namingMissingTables(await factory.connect()),
    connectToShadowDb: async () => runningWholeScripts(namingMissingTables(await factory.connectToShadowDb())),
  }
}

/**
 * The engine finds out that a table is missing by the error's kind. libsql's messages start with
 * `SQLITE_ERROR: `, its adapter expects them to start with `no such table`, and so never says
 * `TableDoesNotExist`.
 *
 * @param {import('@prisma/driver-adapter-utils').SqlDriverAdapter} adapter
 */
function namingMissingTables(adapter) {
  for (const method of /** @type {const} */ (['queryRaw', 'executeRaw'])) {
    const original = /** @type {(argument: any) => Promise<any>} */ (adapter[method].bind(adapter))
    adapter[method] = async (/** @type {any} */ argument) => {
      try {
        return await original(argument)
      } catch (/** @type {any} */ error) {
        const table = /no such table: (\S+)/.exec(error?.cause?.message ?? '')?.[1]
        if (table !== undefined) {
          error.cause.kind = 'TableDoesNotExist'
          error.cause.table = table
        }
        throw error
      }
    }
  }
  return adapter
}

/**
 * The engine sends a migration to the shadow database as one query, and libsql stops after a query's
 * first statement without a word.
 *
 * @param {import('@prisma/driver-adapter-utils').SqlDriverAdapter} adapter
 */
function runningWholeScripts(adapter) {
  const executeRaw = adapter.executeRaw.bind(adapter)
  adapter.executeRaw = async (query) => {
    if (query.args.length > 0) return executeRaw(query)
    await adapter.executeScript(query.sql)
    return 0
  }
  return adapter
}

/**
 * Empties the database to the last page, on the connection that may already hold SQLite's exclusive
 * lock. Dropping the tables would leave `sqlite_sequence`, and the engine calls that not empty.
 *
 * @param {import('@prisma/driver-adapter-utils').SqlDriverAdapter} adapter
 */
export async function emptySqlite(adapter) {
  await adapter.executeScript(
    'PRAGMA writable_schema = ON; DELETE FROM sqlite_schema; PRAGMA writable_schema = RESET; VACUUM;',
  )
}

/** @param {string} url */
export async function canConnectToSqlite(url) {
  const path = sqlitePath(url)
  if (!existsSync(path)) throw databaseMissing(basename(path))
  // A look at the first bytes instead of loading the driver, at every command of the CLI's.
  const file = await open(path)
  const { bytesRead, buffer } = await file.read(Buffer.alloc(16), 0, 16, 0)
  await file.close()
  if (bytesRead > 0 && buffer.toString('latin1') !== 'SQLite format 3\0') {
    throw new UserFacingError(undefined, `\`${basename(path)}\` is not an SQLite database`)
  }
}

/** @param {string} url */
export async function createSqliteDatabase(url) {
  const path = sqlitePath(url)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, '', { flag: 'a' })
}
