import { emptySqlite } from './sqlite.mjs'

/**
 * @typedef {import('./rpc.mjs').Engine} Engine
 * @typedef {import('@prisma/schema-engine-wasm').MigrationList} MigrationList
 */

/** As the engine creates it. */
const createMigrationsTable = `CREATE TABLE "_prisma_migrations" (
  "id"                  TEXT PRIMARY KEY NOT NULL,
  "checksum"            TEXT NOT NULL,
  "finished_at"         DATETIME,
  "migration_name"      TEXT NOT NULL,
  "logs"                TEXT,
  "rolled_back_at"      DATETIME,
  "started_at"          DATETIME NOT NULL DEFAULT current_timestamp,
  "applied_steps_count" INTEGER UNSIGNED NOT NULL DEFAULT 0
)`

/**
 * Mends what the WASM engine does on SQLite unlike the binary.
 *
 * @param {Engine & { adapter: import('@prisma/driver-adapter-utils').SqlDriverAdapter }} engine
 * @returns {Engine}
 */
export function mendingSqlite({ adapter, call }) {
  const hasMigrationsTable = async () => {
    const sql = "SELECT 1 FROM sqlite_schema WHERE name = '_prisma_migrations'"
    return (await adapter.queryRaw({ sql, args: [], argTypes: [] })).rows.length > 0
  }

  /** @type {Record<string, (params: any) => Promise<any>>} */
  const withoutMigrationsTable = {
    // These take the table's absence for an error (P1014) and are of no use after it.
    diagnoseMigrationHistory: async ({ migrationsList }) => untouchedHistory(migrationsList),
    markMigrationApplied: async (params) => {
      await adapter.executeScript(createMigrationsTable)
      return call('markMigrationApplied', params)
    },
    // Applying no migrations creates the table, unless the database holds others (P3005).
    devDiagnostic: async ({ migrationsList, filters }) => {
      await call('applyMigrations', { migrationsList: { ...migrationsList, migrationDirectories: [] }, filters })
      return call('devDiagnostic', { migrationsList, filters })
    },
  }

  return {
    async call(method, params) {
      // It can't delete the file, as the binary does, and so deletes the rows and keeps the tables:
      // the migrations that follow then meet them.
      if (method === 'reset') return emptySqlite(adapter)
      const instead = withoutMigrationsTable[method]
      if (instead !== undefined && !(await hasMigrationsTable())) return instead(params)
      return call(method, params)
    },
  }
}

/** @param {MigrationList} list */
function untouchedHistory({ migrationDirectories }) {
  const unappliedMigrationNames = migrationDirectories.map(({ path }) => path)
  return {
    editedMigrationNames: [],
    failedMigrationNames: [],
    hasMigrationsTable: false,
    history: unappliedMigrationNames.length === 0 ? null : { diagnostic: 'databaseIsBehind', unappliedMigrationNames },
  }
}
