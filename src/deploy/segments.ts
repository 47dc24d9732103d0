import type { Gate, PendingMigration } from './pending-migrations.js'

/** A migration that can't be applied yet, and the tasks that it requires. */
export interface BlockedMigration {
  migration: string
  requires: Gate[]
}

/** Migrations that are applied together, and the tasks that must be done before the next ones. */
export interface Segment {
  migrations: string[]
  /** The migration that waits for tasks after this segment; null: none, this is the last. */
  next: BlockedMigration | null
}

/**
 * Cuts pending migrations before each one whose gates are closed. A gate is open for what follows once the segment
 * before it has run its tasks, and all tasks that are older. Pure.
 *
 * @example segmentsOf([{ name: 'a', gates: [] }, { name: 'b', gates: [closed] }])
 * // [{ migrations: ['a'], next: { migration: 'b', requires: [closed] } }, { migrations: ['b'], next: null }]
 */
export function segmentsOf(pending: readonly PendingMigration[]): Segment[] {
  const segments: Segment[] = []
  let migrations: string[] = []
  let doneUpTo = ''
  for (const { name, gates } of pending) {
    const requires = gates.filter(({ open, version }) => !open && version > doneUpTo)
    if (requires.length > 0) {
      segments.push({ migrations, next: { migration: name, requires } })
      migrations = []
      doneUpTo = newestOf(requires)
    }
    migrations.push(name)
  }
  return [...segments, { migrations, next: null }]
}

/** The version up to which tasks run, so that gates open; empty where there are none. */
export function newestOf(gates: readonly Pick<Gate, 'version'>[]): string {
  return (
    gates
      .map(({ version }) => version)
      .sort()
      .at(-1) ?? ''
  )
}
