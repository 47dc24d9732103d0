import { databaseMessage, UserFacingError } from './errors.mjs'

/** @typedef {{ script: string, error: any }} FailedScript */

/**
 * P3018 for the migration whose script the database refused, if it was one.
 *
 * @param {FailedScript | undefined} failure
 * @param {import('@prisma/schema-engine-wasm').MigrationList} list
 */
export function failedMigration(failure, list) {
  const migration = list.migrationDirectories.find(
    ({ migrationFile: { content } }) => content.tag === 'ok' && content.value === failure?.script,
  )
  if (failure === undefined || migration === undefined) return undefined
  return migrationFailure(migration.path, failure.error?.cause?.originalCode, databaseMessage(failure.error))
}

/**
 * @param {string} name
 * @param {string | undefined} code The database's own.
 * @param {string} message
 */
export function migrationFailure(name, code, message) {
  return new UserFacingError(
    'P3018',
    `A migration failed to apply. New migrations cannot be applied before the error is recovered from. Read more about how to resolve migration issues in a production database: https://pris.ly/d/migrate-resolve\n\nMigration name: ${name}\n\nDatabase error code: ${code ?? '(not available)'}\n\nDatabase error:\n${message}\n`,
  )
}
