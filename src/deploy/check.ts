import type { OnFresh } from '../define/config.js'
import type { Definition } from '../define/definition.js'
import type { Engine } from '../engine/engine.js'
import { mayRun, plannedTask, planTasks } from '../engine/plan.js'
import { loadDefinitions, walkFaultsOf } from '../engine/prepare.js'
import { readMigrationFiles } from '../project/migration-files.js'
import type { Fault, TaskFile, TaskSource } from '../project/task-files.js'
import { resolveGates } from './gate-tasks.js'
import { type PendingMigration, readPendingMigrations, recordsSoFar } from './pending-migrations.js'
import { type PlannedSegment, planDeploy } from './plan-deploy.js'
import { newestOf } from './segments.js'

/** How to check. */
interface CheckOptions {
  /** Not there: without a database. */
  engine: (() => Promise<Engine>) | undefined
  deployId?: string | undefined
  /** What becomes of tasks in a new database. */
  freshDatabase?: OnFresh | undefined
}

/** What `check` found. */
export interface CheckResult {
  /** Number of task files. */
  tasks: number
  /** Number of gates, in all migrations. */
  gates: number
  /** Problems with task files and gates: nothing can be deployed until they are fixed. */
  faults: Fault[]
  /** What may fail where releases are skipped. */
  warnings: Fault[]
  /** The pending migrations that require tasks which are not done here. Null without a database. */
  closed: PendingMigration[] | null
  /** What a deploy would do here, in order. Null without a database. */
  segments: PlannedSegment[] | null
}

/**
 * Checks everything that a deploy needs: task files that load and are right, gates that name tasks which exist and are
 * older. With an `engine` it also looks at the database: which gates are closed, and whether models and cursors exist.
 */
export async function check(
  source: TaskSource,
  migrations: string | undefined,
  { engine, deployId, freshDatabase = 'run' }: CheckOptions,
): Promise<CheckResult> {
  const [{ files, faults }, onDisk] = await Promise.all([
    source.list(),
    migrations === undefined ? [] : readMigrationFiles(migrations),
  ])
  const records = engine ? await recordsSoFar(await engine()) : []
  const byVersion = new Map(records.map((record) => [record.version, record]))
  // An old task whose imports are long gone has done its work here.
  const chosen = files.filter(({ version }) => mayRun(byVersion.get(version)))
  const loaded = await loadDefinitions(source, chosen)
  const { gates, faults: gateFaults } = resolveGates(onDisk, files, records)
  const required = [...gates.values()].flat()
  const all = [...faults, ...loaded.faults, ...gateFaults]
  const warnings = readsTooMuch(files, loaded.definitions, newestOf(required))
  const found = { tasks: files.length, gates: required.length, warnings }
  if (!engine || all.length > 0) return { ...found, faults: all, closed: null, segments: null }
  const opened = await engine()
  const { definitions } = loaded
  const { pending, fresh } =
    migrations === undefined ? { pending: [], fresh: false } : await readPendingMigrations(engine, migrations)
  const { environment } = opened
  const here = { environment, deployId, fresh: fresh ? freshDatabase : undefined }
  const plan = planTasks({ files, records, definitions, now: 0, ...here })
  const closed = pending
    .map(({ name, gates }) => ({ name, gates: gates.filter(({ open }) => !open) }))
    .filter(({ gates }) => gates.length > 0)
  const segments = planDeploy(pending, plan.map(plannedTask))
  return { ...found, faults: await walkFaultsOf(opened, plan), closed, segments }
}

/**
 * Backfills that run before later migrations where releases are skipped: the client is the newest, and reads every
 * column of the newest schema unless it is told which.
 */
function readsTooMuch(files: readonly TaskFile[], definitions: ReadonlyMap<string, Definition>, upTo: string): Fault[] {
  return files.flatMap(({ version, file }) => {
    const definition = definitions.get(version)
    if (version > upTo || definition?.kind !== 'backfill' || definition.select || !definition.update) return []
    return [
      {
        file,
        message:
          'a migration requires it, so it may run before newer migrations: set `select`, or it reads columns that do not exist yet',
      },
    ]
  })
}
