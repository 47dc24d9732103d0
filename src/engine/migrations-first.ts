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
      what: `A migration failed in this database: ${failed.join(', ')}.`,
      why: 'Nothing was run, because tasks need the schema that the migrations create.',
      next: `Fix it, then run \`npx prisma migrate resolve --rolled-back ${failed[0]}\` (or \`--applied\`) and \`npx prisma migrate deploy\`. To run anyway, pass \`--skip-migration-check\`.`,
    })
  if (names.length === 0 && done.size > 0)
    throw new AfterPartyError('migrations-not-applied', {
      what: `Can't check the migrations: ${onDisk.names === null ? `the folder ${onDisk.place} does not exist` : `${onDisk.place} has no migrations`}.`,
      why: `This database has ${done.size === 1 ? 'an applied migration' : `${done.size} applied migrations`}, but there are none on disk. Nothing was run, because a migration may be pending.`,
      next: 'Set `migrations` in after-party.config.ts to the folder of your Prisma migrations, and copy that folder to this machine or image. To run anyway, pass `--skip-migration-check`.',
    })
  if (missing.length > 0)
    throw new AfterPartyError('migrations-not-applied', {
      what: `${missing.length === 1 ? 'A migration is' : `${missing.length} migrations are`} pending in this database: ${missing.join(', ')}.`,
      why: 'Nothing was run, because tasks need the schema that the migrations create.',
      next: 'Run `npx prisma migrate deploy` first. To run anyway, pass `--skip-migration-check`.',
    })
}
