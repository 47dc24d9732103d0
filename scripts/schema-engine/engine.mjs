import { detectProvider, ensureReachable, parseServerUrl } from './datasource.mjs'
import { failedMigration } from './failed-migration.mjs'
import { mysqlEngine } from './mysql-engine.mjs'
import { offlineAdapters } from './offline.mjs'
import { postgresAdapters } from './postgres.mjs'
import { sqliteAdapters } from './sqlite.mjs'
import { mendingSqlite } from './sqlite-engine.mjs'
import { startWasmEngine } from './wasm-engine.mjs'

/**
 * @typedef {import('./command-line.mjs').CommandLine} CommandLine
 * @typedef {import('./rpc.mjs').Engine} Engine
 */

/**
 * The engine for the database the CLI asks about. It connects with the first request.
 *
 * @param {CommandLine} commandLine
 * @returns {Engine}
 */
export function createEngine(commandLine) {
  /** @type {Promise<Engine> | undefined} */
  let engine
  return {
    async call(method, params) {
      engine ??= startEngine(commandLine, method, params)
      return (await engine).call(method, params)
    },
  }
}

/**
 * @param {CommandLine} commandLine
 * @param {string} method
 * @param {any} params
 */
async function startEngine({ datamodels, datasource }, method, params) {
  // `migrate diff` and `db execute` bring their schemas and URL in the request only.
  const schemas = [
    ...datamodels,
    ...[params?.from, params?.to].flatMap((target) => target?.files ?? []).map((file) => file.content),
  ]
  const url = datasource.url ?? params?.datasourceType?.url ?? ''
  const provider = detectProvider(schemas, url)

  if (provider === 'mysql') return mysqlEngine(url)
  if (method === 'diff' && [params.from, params.to].every(({ tag }) => tag === 'empty' || tag === 'schemaDatamodel')) {
    return startWasmEngine(datamodels, offlineAdapters(provider))
  }
  if (provider === 'postgresql') {
    await ensureReachable(parseServerUrl(url, provider))
    return reportingFailedMigrations(datamodels, await postgresAdapters(url, datasource.shadowDatabaseUrl))
  }
  return mendingSqlite(await reportingFailedMigrations(datamodels, await sqliteAdapters(url)))
}

/**
 * The WASM engine has no P3018: a migration the database refuses comes out as whatever the adapter
 * said, with a backtrace. So remember which script failed and tell it as the binary does.
 *
 * @param {string[]} datamodels
 * @param {import('./wasm-engine.mjs').AdapterFactory} factory
 * @returns {Promise<Engine & { adapter: import('@prisma/driver-adapter-utils').SqlDriverAdapter }>}
 */
async function reportingFailedMigrations(datamodels, factory) {
  /** @type {{ script: string, error: any } | undefined} */
  let failure
  const adapter = await factory.connect()
  const execute = adapter.executeScript.bind(adapter)
  adapter.executeScript = async (script) => {
    try {
      await execute(script)
    } catch (error) {
      failure = { script, error }
      throw error
    }
  }
  const engine = await startWasmEngine(datamodels, { ...factory, connect: async () => adapter })
  return {
    adapter,
    async call(method, params) {
      try {
        return await engine.call(method, params)
      } catch (error) {
        throw (method === 'applyMigrations' && failedMigration(failure, params.migrationsList)) || error
      }
    },
  }
}
