import { createHash } from 'node:crypto'
import { UserFacingError } from './errors.mjs'

/**
 * @typedef {import('@prisma/schema-engine-wasm').MigrationList} MigrationList
 * @typedef {MigrationList['migrationDirectories'][number]} MigrationDirectory
 * @typedef {object} MigrationRecord A row of `_prisma_migrations`.
 * @property {string} id
 * @property {string} checksum
 * @property {string} migration_name
 * @property {Date | null} finished_at
 * @property {Date | null} rolled_back_at
 * @property {Date} started_at
 */

/**
 * @param {MigrationDirectory[]} directories
 * @param {MigrationRecord[] | undefined} allRecords
 */
export function diagnose(directories, allRecords) {
  const records = live(allRecords ?? [])
  const recorded = new Map(records.map((record) => [record.migration_name, record]))
  const onDisk = new Set(directories.map(({ path }) => path))
  const unappliedMigrationNames = directories.map(({ path }) => path).filter((path) => !recorded.has(path))
  const unpersistedMigrationNames = [...recorded.keys()].filter((name) => !onDisk.has(name))
  const edited = directories.filter((migration) => {
    const record = recorded.get(migration.path)
    return (
      record !== undefined &&
      migration.migrationFile.content.tag === 'ok' &&
      record.checksum !== checksum(scriptOf(migration))
    )
  })
  return {
    editedMigrationNames: edited.map(({ path }) => path),
    failedMigrationNames: records
      .filter((record) => record.finished_at === null)
      .map((record) => record.migration_name),
    hasMigrationsTable: allRecords !== undefined,
    history: historyDiagnostic(
      unappliedMigrationNames,
      unpersistedMigrationNames,
      directories.findLast(({ path }) => recorded.has(path))?.path ?? null,
    ),
  }
}

/**
 * @param {string[]} unappliedMigrationNames
 * @param {string[]} unpersistedMigrationNames
 * @param {string | null} lastCommonMigrationName
 * @returns {import('@prisma/schema-engine-wasm').HistoryDiagnostic | null}
 */
function historyDiagnostic(unappliedMigrationNames, unpersistedMigrationNames, lastCommonMigrationName) {
  if (unpersistedMigrationNames.length === 0) {
    return unappliedMigrationNames.length === 0 ? null : { diagnostic: 'databaseIsBehind', unappliedMigrationNames }
  }
  if (unappliedMigrationNames.length === 0)
    return { diagnostic: 'migrationsDirectoryIsBehind', unpersistedMigrationNames }
  return { diagnostic: 'historiesDiverge', lastCommonMigrationName, unpersistedMigrationNames, unappliedMigrationNames }
}

/**
 * @param {MigrationDirectory[]} directories
 * @param {MigrationRecord[]} records
 */
export function pendingMigrations(directories, records) {
  const recorded = new Set(live(records).map((record) => record.migration_name))
  return directories.filter(({ path }) => !recorded.has(path))
}

/** @param {MigrationRecord[]} records */
export function live(records) {
  return records.filter((record) => record.rolled_back_at === null)
}

/** @param {MigrationRecord[]} records */
export function refuseFailed(records) {
  const failed = live(records).filter((record) => record.finished_at === null)
  if (failed.length === 0) return
  const lines = failed.map(
    ({ migration_name, started_at }) =>
      `The \`${migration_name}\` migration started at ${started_at.toISOString().replace('T', ' ').replace('Z', '')} UTC failed`,
  )
  throw new UserFacingError(
    'P3009',
    `migrate found failed migrations in the target database, new migrations will not be applied. Read more about how to resolve migration issues in a production database: https://pris.ly/d/migrate-resolve\n${lines.join('\n')}\n`,
  )
}

/** @param {MigrationList} list */
export function refuseOtherProvider({ lockfile }) {
  const provider = /^\s*provider\s*=\s*"(\w+)"/m.exec(lockfile.content ?? '')?.[1]
  if (provider === undefined || provider === 'mysql') return
  throw new UserFacingError(
    'P3019',
    `The datasource provider \`mysql\` specified in your schema does not match the one specified in the migration_lock.toml, \`${provider}\`. Please remove your current migration directory and start a new migration history with prisma migrate dev. Read more: https://pris.ly/d/migrate-provider-switch`,
  )
}

/** @param {MigrationDirectory} migration */
export function scriptOf({ path, migrationFile }) {
  if (migrationFile.content.tag === 'ok') return migrationFile.content.value
  throw new UserFacingError(
    'P3015',
    `Could not find the migration file at ${path}/${migrationFile.path}. Please delete the directory or restore the migration file.`,
  )
}

/** @param {string} script */
export function checksum(script) {
  return createHash('sha256').update(script).digest('hex')
}
