import { setTimeout as sleep } from 'node:timers/promises'
import type { Outcome, RunResult } from '../define/events.js'
import { monotonicNow } from '../ledger/clock.js'
import type { Migrations } from './pending-migrations.js'
import { type BlockedMigration, newestOf, segmentsOf } from './segments.js'

/** A step of a deploy: a call of `prisma migrate deploy`, or a run of tasks. */
export type DeployStep = { migrations: string[]; exitCode: number } | { run: RunResult }

/** What a deploy did. `gated`: a task that a migration requires is not done, and nothing failed. */
export interface DeployResult {
  outcome: Outcome | 'gated'
  steps: DeployStep[]
  /** The migration that is not applied, because tasks that it requires are not done. */
  closed?: BlockedMigration
  deployId?: string
}

/** What happens in a deploy, beside the events of its runs. */
export type DeployNews =
  | { type: 'migrating'; migrations: string[]; next: BlockedMigration | null }
  | { type: 'migration-lock' }
  | { type: 'running'; next: BlockedMigration | null }

/** How a call of `prisma migrate deploy` ended. */
export interface Migrated {
  /** Of Prisma; 128 and the signal's number where a signal ended it. */
  code: number
  /** Another process had Prisma's lock for too long: worth trying again. */
  busy: boolean
}

/** What a deploy is made of. */
export interface DeployParts {
  look(): Promise<Migrations>
  /** Applies the migrations of these names; `null`: as Prisma alone would, all that are pending. */
  migrate(names: readonly string[] | null): Promise<Migrated>
  /**
   * Runs pending tasks; `upTo`: none newer than this version, though migrations are pending. `awaited`: versions that run
   * though they are in the background.
   */
  run(options: { upTo?: string; awaited?: readonly string[]; fresh: boolean }): Promise<RunResult>
  emit(news: DeployNews): void
  /** How long to wait for Prisma's lock, ms. */
  lockTimeoutMs: number
  /** Aborts when the process should end: no new step begins. */
  signal: AbortSignal
}

/**
 * Applies migrations and runs tasks in the order that the gates demand. It looks at the database before each step and
 * keeps nothing in mind but whether that was new: killed anywhere, the next deploy goes on from what is there.
 */
export async function deploy(parts: DeployParts): Promise<DeployResult> {
  const { look, run, emit, signal } = parts
  const steps: DeployStep[] = []
  let isFresh: boolean | undefined
  let ranFor: string | undefined
  for (;;) {
    if (signal.aborted) return { outcome: 'interrupted', steps }
    const { applied, pending, fresh } = await look()
    isFresh ??= fresh
    const [segment = { migrations: [], next: null }] = segmentsOf(pending)
    const { migrations, next } = segment
    if (next && ranFor === next.migration && migrations.length === 0) return { outcome: 'gated', steps, closed: next }
    if (migrations.length > 0 || !next) {
      emit({ type: 'migrating', migrations, next })
      const { code } = await migrateInTurn(parts, migrations, next && [...applied, ...migrations])
      steps.push({ migrations, exitCode: code })
      // Ctrl+C reaches Prisma too, which then fails.
      if (signal.aborted) return { outcome: 'interrupted', steps }
      if (code !== 0) return { outcome: 'failed', steps }
    }
    emit({ type: 'running', next })
    const result = await run({
      fresh: isFresh,
      ...(next && { upTo: newestOf(next.requires), awaited: versionsOf(next) }),
    })
    steps.push({ run: result })
    if (result.outcome !== 'done' || !next) return { outcome: result.outcome, steps }
    ranFor = next.migration
  }
}

function versionsOf({ requires }: BlockedMigration): string[] {
  return requires.map(({ version }) => version)
}

const BETWEEN_TRIES_MS = 1_000

/** Another deploy may have Prisma's lock for longer than Prisma waits, or have applied the same migrations meanwhile. */
async function migrateInTurn(
  { migrate, look, emit, signal, lockTimeoutMs }: DeployParts,
  migrations: readonly string[],
  staged: readonly string[] | null,
): Promise<Migrated> {
  const giveUpAt = monotonicNow() + lockTimeoutMs
  for (;;) {
    const migrated = await migrate(staged)
    if (!migrated.busy) return migrated
    const { pending } = await look()
    if (!pending.some(({ name }) => migrations.includes(name))) return { code: 0, busy: false }
    if (monotonicNow() >= giveUpAt || signal.aborted) return migrated
    emit({ type: 'migration-lock' })
    await sleep(BETWEEN_TRIES_MS, undefined, { signal }).catch(() => {})
  }
}
