import { readMigrationFiles } from '../project/migration-files.js'
import type { DeployResult } from './deploy.js'
import { type ClientRefusal, clientRefusal } from './newer-client.js'
import { type NotThereYet, notThereYet } from './not-there-yet.js'
import type { Migrations } from './pending-migrations.js'

/** What a task met in a database that is older than its client. */
export type OlderDatabase = NotThereYet | ClientRefusal

/**
 * Why the last task of a deploy failed, if it is for something that a migration after it adds or changes. `seen`: the
 * migrations before the last step.
 */
export async function olderDatabase(
  { outcome, steps }: DeployResult,
  seen: Migrations | undefined,
  directory: string,
): Promise<OlderDatabase | undefined> {
  const last = steps.at(-1)
  const error = last && 'run' in last ? last.run.results.at(-1)?.error : undefined
  if (outcome !== 'failed' || error === undefined) return undefined
  const applied = new Set(steps.flatMap((step) => ('run' in step ? [] : step.migrations)))
  const later = new Set((seen?.pending ?? []).map(({ name }) => name).filter((name) => !applied.has(name)))
  if (later.size === 0) return undefined
  const onDisk = await readMigrationFiles(directory)
  const early = notThereYet(
    error,
    onDisk.filter(({ name }) => later.has(name)),
  )
  return early ?? clientRefusal(error)
}
