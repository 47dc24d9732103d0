import { AfterPartyError } from '../define/errors.js'
import type { TaskState } from '../define/events.js'
import type { Engine } from '../engine/engine.js'
import { planTasks } from '../engine/plan.js'
import { loadDefinitions } from '../engine/prepare.js'
import { type AppliedMigration, appliedMigrations } from '../ledger/applied-migrations.js'
import { isSettled, type ListedRecord } from '../ledger/contract.js'
import { classify } from '../prisma/error-class.js'
import { readMigrationFiles } from '../project/migration-files.js'
import { gatesError, resolveGates } from './gate-tasks.js'
import { hasGates } from './gates.js'

/** A task that a migration requires, and whether it is done here. */
export interface Gate {
  version: string
  name: string
  state: TaskState
  /** The task is done here, or doesn't run here: the migration may be applied. */
  open: boolean
}

/** A migration that is not applied in this database. */
export interface PendingMigration {
  name: string
  gates: Gate[]
}

/** Prisma's migrations, as this database has them. */
export interface Migrations {
  /** Names, in order. */
  applied: string[]
  /** In order, each with its gates. */
  pending: PendingMigration[]
  /** No migration was ever applied here, or the database does not exist yet. */
  fresh: boolean
}

/** Reads which migrations are pending, and which of their gates are open. Throws `gates-invalid`. */
export async function readPendingMigrations(engine: () => Promise<Engine>, directory: string): Promise<Migrations> {
  const onDisk = await readMigrationFiles(directory)
  const known = await unlessDatabaseMissing(async () => appliedMigrations((await engine()).ledgerClient))
  const applied = new Set(namesOf(known))
  const pending = onDisk.filter(({ name }) => !applied.has(name))
  const fresh = known === null || known.length === 0
  const names = [...applied].sort()
  // Most deploys have none, and need no look at tasks and records for them.
  if (!pending.some(({ sql }) => hasGates(sql)))
    return { applied: names, pending: pending.map(({ name }) => ({ name, gates: [] })), fresh }
  const gates = await gatesOf(await engine(), pending, fresh)
  return { applied: names, pending: pending.map(({ name }) => ({ name, gates: gates.get(name) ?? [] })), fresh }
}

function namesOf(known: readonly AppliedMigration[] | null): string[] {
  return (known ?? []).filter(({ state }) => state === 'applied').map(({ name }) => name)
}

async function gatesOf(
  engine: Engine,
  pending: readonly { name: string; sql: string }[],
  fresh: boolean,
): Promise<Map<string, Gate[]>> {
  const { files } = await engine.source.list()
  const records = fresh ? [] : await recordsSoFar(engine)
  const { gates, faults } = resolveGates(pending, files, records)
  if (faults.length > 0) throw gatesError(faults)
  const required = new Set([...gates.values()].flat().map(({ version }) => version))
  const chosen = files.filter(({ version }) => required.has(version))
  const { definitions } = await loadDefinitions(engine.source, chosen)
  const now = records.some(({ status }) => status === 'running') ? await engine.ledger.now() : 0
  const { environment } = engine
  const planned = new Map(
    planTasks({ files, records, definitions, now, environment }).map((task) => [task.version, task]),
  )
  return new Map(
    [...gates].map(([migration, tasks]) => [
      migration,
      tasks.map(({ version, name }) => {
        const task = planned.get(version)
        const state = task?.state ?? 'pending'
        // A file may be gone long after its task was done.
        const settled = state === 'missing' ? (task?.record?.status ?? state) : state
        return { version, name, state, open: settled === 'recurring' || (settled !== 'missing' && isSettled(settled)) }
      }),
    ]),
  )
}

/** Before the migration that creates or changes the ledger is applied, no task counts as done. */
export async function recordsSoFar({ ledger }: Engine): Promise<ListedRecord[]> {
  const records = unlessDatabaseMissing(() => ledger.records()).catch((error) => {
    if (error instanceof AfterPartyError && (error.code === 'tables-missing' || error.code === 'ledger-outdated'))
      return []
    throw error
  })
  return (await records) ?? []
}

/** `prisma migrate deploy` creates a database that does not exist. */
async function unlessDatabaseMissing<T>(work: () => Promise<T>): Promise<T | null> {
  try {
    return await work()
  } catch (error) {
    const thrown = error instanceof AfterPartyError ? error.cause : error
    if (classify(thrown).class === 'database-missing') return null
    throw error
  }
}
