import { randomUUID } from 'node:crypto'
import { ensureReachable, parseServerUrl, withDatabase } from './datasource.mjs'

/** Types of the catalogue that adapter-pg refuses to name, and the ones that read the same. */
const readableTypes = new Map([
  [18, 25], // "char" as text
  [1003, 1009], // name[] as text[]
])

/**
 * @param {string} url
 * @param {string} [shadowDatabaseUrl]
 * @returns {Promise<import('@prisma/driver-adapter-utils').SqlMigrationAwareDriverAdapterFactory>}
 */
export async function postgresAdapters(url, shadowDatabaseUrl) {
  const { PrismaPg } = await import('@prisma/adapter-pg')

  /** @param {string} target */
  const open = async (target) => {
    const { schema } = parseServerUrl(target, 'postgresql')
    const adapter = await new PrismaPg(
      {
        connectionString: target,
        // One connection: the engine sets things for its session and expects them to hold.
        max: 1,
        // Prisma's `?schema=` is unknown to the driver; unqualified names must land there.
        ...(schema === undefined || schema === 'public'
          ? {}
          : { options: `-c search_path="${schema.replace(/[\\" ]/g, '\\$&')}"` }),
      },
      { schema },
    ).connect()
    return mendingPostgres(adapter)
  }

  return {
    provider: 'postgres',
    adapterName: '@prisma/adapter-pg',
    connect: () => open(url),
    // Not the adapter's own: given a connection string, that one "creates" a shadow database and
    // then connects to the main one, because the string's database wins over the option's.
    connectToShadowDb: async () => {
      if (shadowDatabaseUrl !== undefined) return open(shadowDatabaseUrl)
      const name = `prisma_migrate_shadow_db_${randomUUID()}`
      await runOnServer(url, `CREATE DATABASE "${name}"`)
      const shadow = await open(withDatabase(url, name))
      const close = shadow.dispose.bind(shadow)
      shadow.dispose = async () => {
        await close()
        await runOnServer(url, `DROP DATABASE IF EXISTS "${name}"`)
      }
      return shadow
    },
  }
}

/**
 * @template {Awaited<ReturnType<InstanceType<typeof import('@prisma/adapter-pg').PrismaPg>['connect']>>} T
 * @param {T} adapter
 * @returns {T}
 */
function mendingPostgres(adapter) {
  const pool = /** @type {any} */ (adapter).underlyingDriver()

  // Introspection reads columns of types the adapter throws on, though their text is fine.
  const query = pool.query.bind(pool)
  pool.query = async (/** @type {any[]} */ ...args) => {
    const result = await query(...args)
    for (const field of result?.fields ?? []) field.dataTypeID = readableTypes.get(field.dataTypeID) ?? field.dataTypeID
    return result
  }

  // The adapter cuts a script at every semicolon, also in strings and function bodies. The server
  // takes a whole script, and runs it as one transaction unless it says otherwise, as it does for
  // the binary.
  adapter.executeScript = async (script) => {
    await query(script).catch((/** @type {any} */ error) => /** @type {any} */ (adapter).onError(error))
  }
  return adapter
}

/** @param {string} url */
export async function canConnectToPostgres(url) {
  await ensureReachable(parseServerUrl(url, 'postgresql'))
  const adapter = await (await postgresAdapters(url)).connect()
  await adapter.queryRaw({ sql: 'SELECT 1', args: [], argTypes: [] })
}

/** @param {string} url */
export async function createPostgresDatabase(url) {
  const server = parseServerUrl(url, 'postgresql')
  await ensureReachable(server)
  await runOnServer(url, `CREATE DATABASE "${(server.database ?? '').replaceAll('"', '""')}"`)
}

/**
 * Runs a statement that must not run inside the database it is about.
 *
 * @param {string} url
 * @param {string} statement
 */
async function runOnServer(url, statement) {
  const adapter = await (await postgresAdapters(withDatabase(url, 'postgres'))).connect()
  try {
    await adapter.executeScript(statement)
  } finally {
    await adapter.dispose()
  }
}
