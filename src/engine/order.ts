import type { Definition } from '../define/definition.js'
import type { TaskRef } from '../define/events.js'
import { nearest } from '../define/nearest.js'
import { isSettled, type Records } from '../ledger/contract.js'
import type { Fault, TaskFile } from '../project/task-files.js'

/** The tasks that a definition comes after. What is no task is a fault, so it is none here. */
export function tasksBefore({ after = [] }: Pick<Definition, 'after'>, tasks: readonly TaskRef[]): TaskRef[] {
  return after.flatMap((word) => find(word, tasks) ?? [])
}

/** Some tasks with all that they come after, directly or not. Pure. */
export function withAllBefore(
  versions: readonly string[],
  { files, definitions }: { files: readonly TaskFile[]; definitions: ReadonlyMap<string, Definition> },
): Set<string> {
  const all = new Set(versions)
  // A set grows while it is walked.
  for (const version of all)
    for (const before of tasksBefore(definitions.get(version) ?? {}, files)) all.add(before.version)
  return all
}

/** What is wrong with what tasks come after: it must be there, and older, or nothing would ever come first. Pure. */
export function orderFaults(files: readonly TaskFile[], definitions: ReadonlyMap<string, Definition>): Fault[] {
  return files.flatMap(({ version, file }) =>
    (definitions.get(version)?.after ?? []).flatMap((word) => {
      const task = find(word, files)
      if (task && task.version < version) return []
      const near = nearest(
        word,
        files.map(({ name }) => name),
      )
      const message = task
        ? `\`after\` has ${word}, which is not older: a task can only come after older ones`
        : `\`after\` has ${JSON.stringify(word)}, which is not a task${near ? `: did you mean ${near}?` : ''}`
      return [{ file, message }]
    }),
  )
}

/** Those of these tasks that are not done here. */
export async function notDone(records: Pick<Records, 'record'>, tasks: readonly TaskRef[]): Promise<TaskRef[]> {
  const found = await Promise.all(tasks.map(({ version }) => records.record(version)))
  return tasks.filter((_, i) => {
    const status = found[i]?.status
    return status === undefined || !(isSettled(status) || status === 'recurring')
  })
}

function find(word: string, tasks: readonly TaskRef[]): TaskRef | undefined {
  return tasks.find(({ version, name }) => [version, name, `${version}_${name}`].includes(word))
}
