import { detectProvider, ensureReachable, parseServerUrl } from './datasource.mjs'
import { failedMigration } from './failed-migration.mjs'
import { mysqlEngine } from './mysql-engine.mjs'
import { offlineAdapters } from './offline.mjs'
import { postgresAdapters } from './postgres.mjs'
import { paramsWithoutUrls } from './prisma-6.mjs'
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
      const mended = paramsWithoutUrls(params)
      engine ??= startEngine(commandLine, method, mended)
      return (await engine).call(method, mended)
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
    ...datamodels.map(([, text]) => text),
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
    return mendedEngine(datamodels, await postgresAdapters(url, datasource.shadowDatabaseUrl))
  }
  return mendingSqlite(await mendedEngine(datamodels, await sqliteAdapters(url)))
}

/**
 * The WASM engine, mended where it differs from the binary on every database.
 *
 * @param {CommandLine['datamodels']} datamodels
 * @param {import('./wasm-engine.mjs').AdapterFactory} factory
 * @returns {Promise<Engine & { adapter: import('@prisma/driver-adapter-utils').SqlDriverAdapter }>}
 */
async function mendedEngine(datamodels, factory) {
  const adapter = await factory.connect()
  const lastFailure = rememberFailedScript(adapter)
  const engine = await startWasmEngine(datamodels, { ...factory, connect: async () => adapter })
  return {
    adapter,
    async call(method, params) {
      // It has no shadow database at hand here, and lives on the schema that an earlier diagnosis
      // cached; in `migrate dev` that one ran before the migrations were applied and cached nothing.
      if (method === 'evaluateDataLoss') {
        await engine.call('devDiagnostic', { migrationsList: params.migrationsList, filters: params.filters })
      }
      try {
        return await engine.call(method, params)
      } catch (error) {
        // It has no P3018: a migration the database refuses comes out as whatever the adapter said,
        // with a backtrace.
        throw (method === 'applyMigrations' && failedMigration(lastFailure(), params.migrationsList)) || error
      }
    },
  }
}

/**
 * @param {import('@prisma/driver-adapter-utils').SqlDriverAdapter} adapter
 * @returns {() => import('./failed-migration.mjs').FailedScript | undefined}
 */
function rememberFailedScript(adapter) {
  /** @type {import('./failed-migration.mjs').FailedScript | undefined} */
  let failure
  const execute = adapter.executeScript.bind(adapter)
  adapter.executeScript = async (script) => {
    try {
      await execute(script)
    } catch (error) {
      failure = { script, error }
      throw error
    }
  }
  return () => failure
}
