import { AfterPartyError } from '../define/errors.js'
import type { AppliedMigration } from '../ledger/applied-migrations.js'
import type { MigrationFolder } from '../project/migration-files.js'

/**
 * Throws `migrations-not-applied` unless every migration on disk is applied and none has failed: tasks are written
 * for the schema that the migrations make. A database that has migrations, beside a folder that has none, is the wrong
 * folder: it can't say what is missing. Pure. `applied` is null where Prisma Migrate keeps no books.
 */
export function demandMigrations(onDisk: MigrationFolder, applied: readonly AppliedMigration[] | null): void {
  if (applied === null) return
  // A migration that failed and was then applied has a row for each try.
  const done = new Set(applied.filter(({ state }) => state === 'applied').map(({ name }) => name))
  const failed = applied.filter(({ name, state }) => state === 'failed' && !done.has(name)).map(({ name }) => name)
  const names = onDisk.names ?? []
  const missing = names.filter((name) => !done.has(name) && !failed.includes(name))
  if (failed.length > 0)
    throw new AfterPartyError('migrations-not-applied', {
      what: `A migration has failed in this database: ${failed.join(', ')}.`,
      why: 'Nothing was run, because tasks are written for the schema after the migrations.',
      next: `Mend it, then \`npx prisma migrate resolve --rolled-back ${failed[0]}\` (or --applied) and \`npx prisma migrate deploy\`. To run all the same: --skip-migration-check.`,
    })
  if (names.length === 0 && done.size > 0)
    throw new AfterPartyError('migrations-not-applied', {
      what: `The migrations can't be compared: ${onDisk.names === null ? `there is no folder ${onDisk.place}` : `${onDisk.place} has no migration in it`}.`,
      why: `This database has ${done.size === 1 ? 'a migration' : `${done.size} migrations`}, so there must be ${done.size === 1 ? 'one' : 'some'} on disk. Nothing was run, because nobody can tell whether one is not applied yet.`,
      next: 'Set `migrations` in after-party.config.ts to the folder of your Prisma migrations, and copy that folder to where this runs. To run all the same: --skip-migration-check.',
    })
  if (missing.length > 0)
    throw new AfterPartyError('migrations-not-applied', {
      what: `${missing.length === 1 ? 'A migration is' : `${missing.length} migrations are`} not applied in this database: ${missing.join(', ')}.`,
      why: 'Nothing was run, because tasks are written for the schema after the migrations.',
      next: 'Run `npx prisma migrate deploy` first. To run all the same: --skip-migration-check.',
    })
}
