import { randomUUID } from 'node:crypto'
import { databaseMessage, toUserFacing, UserFacingError } from './errors.mjs'
import { migrationFailure } from './failed-migration.mjs'
import { openMysql, quoteMysqlName } from './mysql.mjs'
import {
  checksum,
  diagnose,
  live,
  pendingMigrations,
  refuseFailed,
  refuseOtherProvider,
  scriptOf,
} from './mysql-history.mjs'

/** @typedef {import('./mysql-history.mjs').MigrationDirectory} MigrationDirectory */
/** @typedef {import('./mysql-history.mjs').MigrationRecord} MigrationRecord */

const lockName = 'prisma_migrate'
const lockTimeoutSeconds = 10

const createMigrationsTable = `CREATE TABLE \`_prisma_migrations\` (
  \`id\` VARCHAR(36) PRIMARY KEY NOT NULL,
  \`checksum\` VARCHAR(64) NOT NULL,
  \`finished_at\` DATETIME(3),
  \`migration_name\` VARCHAR(255) NOT NULL,
  \`logs\` TEXT,
  \`rolled_back_at\` DATETIME(3),
  \`started_at\` DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  \`applied_steps_count\` INTEGER UNSIGNED NOT NULL DEFAULT 0
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci`

/**
 * Prisma's migration history on MySQL and MariaDB, which the WASM engine does not know ("Unsupported
 * adapter provider: Mysql"): the same table, the same order, the same errors. Whatever compares
 * schemas (`migrate dev`, `migrate diff`, `db push`, `db pull`) needs Prisma's binary.
 *
 * @param {string} url
 * @returns {Promise<import('./rpc.mjs').Engine>}
 */
export async function mysqlEngine(url) {
  const connection = await openMysql(url).catch((error) => {
    throw toUserFacing(error)
  })

  /** @returns {Promise<MigrationRecord[] | undefined>} Undefined: there is no table. */
  const readRecords = () =>
    connection
      .query('SELECT * FROM `_prisma_migrations` ORDER BY `started_at` ASC, `migration_name` ASC')
      .catch((error) => {
        if (error.cause?.originalCode === '1146') return undefined
        throw error
      })

  /** @param {MigrationDirectory} migration */
  const insertRecord = async (migration, { finished = false } = {}) => {
    const id = randomUUID()
    await connection.query(
      `INSERT INTO \`_prisma_migrations\` (\`id\`, \`checksum\`, \`migration_name\`, \`started_at\`, \`finished_at\`)
       VALUES (?, ?, ?, UTC_TIMESTAMP(3), ${finished ? 'UTC_TIMESTAMP(3)' : 'NULL'})`,
      [id, checksum(scriptOf(migration)), migration.path],
    )
    return id
  }

  /** @type {Record<string, (params: any) => Promise<any>>} */
  const methods = {
    async applyMigrations({ migrationsList }) {
      refuseOtherProvider(migrationsList)
      await lock()
      let records = await readRecords()
      if (records === undefined) {
        const [{ tables }] = await connection.query(
          'SELECT COUNT(*) AS tables FROM information_schema.tables WHERE table_schema = DATABASE()',
        )
        if (Number(tables) > 0) {
          throw new UserFacingError(
            'P3005',
            'The database schema is not empty. Read more about how to baseline an existing production database: https://pris.ly/d/migrate-baseline',
          )
        }
        await connection.query(createMigrationsTable)
        records = []
      }
      refuseFailed(records)
      const pending = pendingMigrations(migrationsList.migrationDirectories, records)
      for (const migration of pending) await apply(migration)
      return { appliedMigrationNames: pending.map(({ path }) => path) }
    },

    async diagnoseMigrationHistory({ migrationsList }) {
      return diagnose(migrationsList.migrationDirectories, await readRecords())
    },

    async markMigrationApplied({ migrationName, migrationsList }) {
      refuseOtherProvider(migrationsList)
      const migration = migrationsList.migrationDirectories.find(
        (/** @type {MigrationDirectory} */ { path }) => path === migrationName,
      )
      if (migration === undefined) {
        throw new UserFacingError(
          'P3017',
          `The migration ${migrationName} could not be found. Please make sure that the migration exists, and that you included the whole name of the directory. (example: "20201207184859_initial_migration")`,
        )
      }
      await lock()
      const records = await readRecords()
      if (records === undefined) await connection.query(createMigrationsTable)
      const named = live(records ?? []).filter((record) => record.migration_name === migrationName)
      if (named.some((record) => record.finished_at !== null)) {
        throw new UserFacingError(
          'P3008',
          `The migration \`${migrationName}\` is already recorded as applied in the database.`,
        )
      }
      for (const record of named) await markRolledBack(record)
      await insertRecord(migration, { finished: true })
      return {}
    },

    async markMigrationRolledBack({ migrationName }) {
      await lock()
      const named = ((await readRecords()) ?? []).filter((record) => record.migration_name === migrationName)
      if (named.length === 0) {
        throw new UserFacingError(
          'P3011',
          `Migration \`${migrationName}\` cannot be rolled back because it was never applied to the database. Hint: did you pass in the whole migration name? (example: "20201207184859_initial_migration")`,
        )
      }
      const failed = live(named).filter((record) => record.finished_at === null)
      if (failed.length === 0 && live(named).length > 0) {
        throw new UserFacingError(
          'P3012',
          `Migration \`${migrationName}\` cannot be rolled back because it is not in a failed state.`,
        )
      }
      for (const record of failed) await markRolledBack(record)
      return {}
    },

    async reset() {
      const [{ name }] = await connection.query('SELECT DATABASE() AS name')
      const quoted = quoteMysqlName(name)
      await connection.query(`DROP DATABASE ${quoted}; CREATE DATABASE ${quoted}; USE ${quoted}`)
    },

    async dbExecute({ script }) {
      await connection.query(script)
    },

    async getDatabaseVersion() {
      const [{ version }] = await connection.query('SELECT VERSION() AS version')
      return version
    },

    async ensureConnectionValidity() {
      return {}
    },
  }

  /** @param {MigrationDirectory} migration */
  async function apply(migration) {
    const script = scriptOf(migration)
    const id = await insertRecord(migration)
    try {
      await connection.query(script)
    } catch (/** @type {any} */ error) {
      const failure = migrationFailure(migration.path, error.cause?.originalCode, databaseMessage(error))
      await connection.query('UPDATE `_prisma_migrations` SET `logs` = ? WHERE `id` = ?', [failure.message, id])
      throw failure
    }
    await connection.query(
      'UPDATE `_prisma_migrations` SET `finished_at` = UTC_TIMESTAMP(3), `applied_steps_count` = 1 WHERE `id` = ?',
      [id],
    )
  }

  /** @param {MigrationRecord} record */
  async function markRolledBack(record) {
    await connection.query('UPDATE `_prisma_migrations` SET `rolled_back_at` = UTC_TIMESTAMP(3) WHERE `id` = ?', [
      record.id,
    ])
  }

  /** The binary's own lock, so that the two keep out of each other's way; the session's end frees it. */
  async function lock() {
    if (process.env.PRISMA_SCHEMA_DISABLE_ADVISORY_LOCK) return
    const [{ locked }] = await connection.query('SELECT GET_LOCK(?, ?) AS locked', [lockName, lockTimeoutSeconds])
    if (Number(locked) !== 1) {
      throw new UserFacingError(
        'P1002',
        `The database server was reached but timed out.\n\nPlease try again.\n\nContext: Timed out trying to acquire a MySQL advisory lock (GET_LOCK('${lockName}')). Timeout: ${lockTimeoutSeconds * 1000}ms.`,
      )
    }
  }

  return {
    async call(method, params) {
      const run = methods[method]
      if (run === undefined) {
        throw new UserFacingError(
          undefined,
          `\`${method}\` compares schemas, which on MySQL and MariaDB only Prisma's own schema-engine binary can do. Write the migration's SQL by hand, or unset PRISMA_SCHEMA_ENGINE_BINARY where the binary can be downloaded.`,
        )
      }
      return run(params)
    },
  }
}
