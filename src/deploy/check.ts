import type { OnFresh } from '../define/config.js'
import type { Definition } from '../define/definition.js'
import type { AfterPartyError } from '../define/errors.js'
import type { Engine } from '../engine/engine.js'
import { withAllBefore } from '../engine/order.js'
import { planParams } from '../engine/params.js'
import { mayRun, plannedTask, planTasks } from '../engine/plan.js'
import { faultsError, loadDefinitions, walkFaultsOf } from '../engine/prepare.js'
import { MemoryLedger } from '../ledger/memory-ledger.js'
import { readMigrationFiles } from '../project/migration-files.js'
import type { Fault, TaskFile, TaskSource } from '../project/task-files.js'
import { gatesError, isOfMigration, resolveGates } from './gate-tasks.js'
import { readPendingMigrations, recordsSoFar } from './pending-migrations.js'
import { type PlannedSegment, planDeploy } from './plan-deploy.js'
import { type BlockedMigration, newestOf } from './segments.js'

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
  closed: BlockedMigration[] | null
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
  const opened = await engine?.()
  const records = opened ? await recordsSoFar(opened) : []
  const byVersion = new Map(records.map((record) => [record.version, record]))
  // An old task whose imports are long gone has done its work here.
  const chosen = files.filter(({ version }) => mayRun(byVersion.get(version)))
  const { definitions, faults: loadFaults } = await loadDefinitions(source, chosen)
  const { gates, faults: gateFaults } = resolveGates(onDisk, files, records)
  const required = [...gates.values()].flat()
  const warnings = readsTooMuch(files, definitions, newestOf(required))
  const found = { tasks: files.length, gates: required.length, warnings }
  const ofFiles = [...faults, ...loadFaults, ...gateFaults]
  const known = { files, records, definitions }
  if (!engine || !opened) {
    const tasks = planTasks({ ...known, now: 0, environment: '' }).map((task) => ({ ...task, runs: true }))
    const { faults: paramFaults } = await planParams({ ledger: new MemoryLedger() }, tasks)
    return { ...found, faults: [...ofFiles, ...paramFaults], closed: null, segments: null }
  }
  if (ofFiles.length > 0) return { ...found, faults: ofFiles, closed: null, segments: null }
  const { pending, fresh } =
    migrations === undefined ? { pending: [], fresh: false } : await readPendingMigrations(engine, migrations)
  const now = records.some(({ status }) => status === 'running') ? await opened.ledger.now() : 0
  const here = { environment: opened.environment, deployId, fresh: fresh ? freshDatabase : undefined }
  const needed = pending.flatMap(({ gates }) => gates.filter(({ open }) => !open).map(({ version }) => version))
  const plan = planTasks({ ...known, now, ...here, awaited: withAllBefore(needed, known) })
  const closed = pending
    .map(({ name, gates }) => ({ migration: name, requires: gates.filter(({ open }) => !open) }))
    .filter(({ requires }) => requires.length > 0)
  const segments = planDeploy(pending, plan.map(plannedTask))
  const ofPlan = [...(await walkFaultsOf(opened, plan)), ...(await planParams(opened, plan)).faults]
  return { ...found, faults: ofPlan, closed, segments }
}

/** The error for what `check` found wrong, with the folder that it is in. */
export function checkError(faults: readonly Fault[], place: string): AfterPartyError {
  const ofGates = faults.filter(isOfMigration)
  if (ofGates.length === faults.length) return gatesError(faults)
  return faultsError(faults, ofGates.length > 0 ? `${place} and the migrations` : place)
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
