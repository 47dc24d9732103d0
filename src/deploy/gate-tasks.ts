import { AfterPartyError } from '../define/errors.js'
import type { TaskRef } from '../define/events.js'
import { nearest } from '../define/nearest.js'
import type { Fault } from '../project/task-files.js'
import { readGates } from './gates.js'

/** A migration and its SQL. */
export interface MigrationText {
  name: string
  sql: string
}

/**
 * The tasks that each migration requires. A gate must name a task that exists and is older than the migration: a newer
 * one is not there yet for whoever deploys that release. Pure.
 */
export function resolveGates(
  migrations: readonly MigrationText[],
  files: readonly TaskRef[],
  records: readonly TaskRef[],
): { gates: Map<string, TaskRef[]>; faults: Fault[] } {
  const byWord = new Map<string, TaskRef>()
  for (const { version, name } of [...records, ...files])
    for (const word of [version, name, `${version}_${name}`]) byWord.set(word, { version, name })
  const gates = new Map<string, TaskRef[]>()
  const faults: Fault[] = []
  for (const { name, sql } of migrations) {
    const lines = readGates(sql)
    const fault = (message: string) => faults.push({ file: fileOf(name), message })
    lines.faults.forEach(fault)
    const tasks = lines.tasks.flatMap((word) => {
      const task = byWord.get(word)
      const wrong = task ? tooNew(task, name) : unknown(word, files)
      if (wrong === undefined) return task ?? []
      fault(wrong)
      return []
    })
    if (tasks.length > 0) gates.set(name, tasks)
  }
  return { gates, faults }
}

function fileOf(migration: string): string {
  return `${migration}/migration.sql`
}

/** Whether a fault is one of a gate, not of a task file. */
export function isOfMigration({ file }: Fault): boolean {
  return file.endsWith(fileOf(''))
}

function tooNew({ version, name }: TaskRef, migration: string): string | undefined {
  const [timestamp] = /^\d{14}(?=_|$)/.exec(migration) ?? []
  if (timestamp === undefined)
    return `requires ${name}, but the migration's name has no timestamp, so it can't be newer than a task`
  return version > timestamp
    ? `requires ${version}_${name}, which is newer than the migration: give the migration a later timestamp, or the task an earlier one`
    : undefined
}

function unknown(word: string, files: readonly TaskRef[]): string {
  const near = nearest(
    word,
    files.map(({ name }) => name),
  )
  return `requires ${JSON.stringify(word)}, which is not a task${near ? `: did you mean ${near}?` : ''}`
}

/** The error that reports all faults of the gates at once. */
export function gatesError(faults: readonly Fault[]): AfterPartyError {
  const count = new Set(faults.map(({ file }) => file)).size
  return new AfterPartyError('gates-invalid', {
    what: `${count} ${count === 1 ? 'migration has an invalid gate' : 'migrations have invalid gates'}.`,
    why: faults.map(({ file, message }) => `${file}: ${message}`).join('\n'),
    next: 'Nothing was applied, and nothing was run. Fix the gates and run the command again.',
  })
}
