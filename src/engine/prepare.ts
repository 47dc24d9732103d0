import { checkTask } from '../define/check.js'
import type { Definition } from '../define/definition.js'
import { AfterPartyError, messageOf } from '../define/errors.js'
import { nearest } from '../define/nearest.js'
import type { TaskRecord } from '../ledger/contract.js'
import type { Fault, TaskFile, TaskSource } from '../project/task-files.js'
import type { Engine } from './engine.js'
import type { PlanEntry } from './plan.js'
import { workOf } from './work-of.js'

/** The definitions of some task files, and what is wrong with the others. */
export interface Definitions {
  definitions: Map<string, Definition>
  faults: Fault[]
}

/** Loads and checks task files. Every fault is found, not just the first. */
export async function loadDefinitions(source: TaskSource, files: readonly TaskFile[]): Promise<Definitions> {
  const definitions = new Map<string, Definition>()
  const faults: Fault[] = []
  for (const file of files) {
    try {
      const checked = checkTask(await source.load(file))
      if ('task' in checked) definitions.set(file.version, checked.task)
      else faults.push(...checked.faults.map((message) => ({ file: file.file, message })))
    } catch (error) {
      faults.push({ file: file.file, message: `can't be loaded: ${messageOf(error)}` })
    }
  }
  return { definitions, faults }
}

/**
 * What is wrong with what the backfills about to run walk: a model or a cursor that the client does not have. The
 * client knows without a connection.
 */
export async function walkFaultsOf(engine: Engine, tasks: readonly PlanEntry[]): Promise<Fault[]> {
  const faults: Fault[] = []
  for (const { runs, definition, file } of tasks) {
    const work = runs && definition ? await workOf(definition) : undefined
    if (!file || !work?.fault) continue
    const message = work.fault(await engine.tasksClient())
    if (message !== undefined) faults.push({ file: file.file, message })
  }
  return faults
}

/** The error that reports all faults of the task files at once. */
export function faultsError(faults: readonly Fault[], place: string): AfterPartyError {
  const count = new Set(faults.map(({ file }) => file)).size
  return new AfterPartyError('tasks-invalid', {
    what: `${count} ${count === 1 ? 'file' : 'files'} in ${place} can't run.`,
    why: faults.map(({ file, message }) => `${file}: ${message}`).join('\n'),
    next: 'Nothing was run. Fix them and run the command again.',
  })
}

/**
 * The versions that names stand for. A name may be the task's name, its version, or its file.
 * Throws `task-unknown`, with the nearest name, for the first that is none of these.
 */
export function resolveNames(
  names: readonly string[],
  files: readonly TaskFile[],
  records: readonly Pick<TaskRecord, 'version' | 'name'>[],
  { recordsToo = false }: { recordsToo?: boolean } = {},
): Set<string> {
  const byWord = new Map<string, string>()
  const learn = ({ version, name }: { version: string; name: string }) => {
    for (const word of [name, version, `${version}_${name}`]) byWord.set(word, version)
  }
  if (recordsToo) records.forEach(learn)
  files.forEach(learn)
  return new Set(names.map((word) => byWord.get(bare(word)) ?? unknown(word, files, records, byWord)))
}

function bare(word: string): string {
  return (word.split(/[\\/]/).at(-1) ?? word).replace(/\.[cm]?[jt]s$/, '')
}

function unknown(
  word: string,
  files: readonly TaskFile[],
  records: readonly Pick<TaskRecord, 'version' | 'name'>[],
  byWord: ReadonlyMap<string, string>,
): never {
  const orphan = records.find(({ name, version }) => name === bare(word) || version === bare(word))
  const names = files.map(({ name }) => name)
  const near = nearest(bare(word), names)
  throw new AfterPartyError('task-unknown', {
    what: `Unknown task: ${JSON.stringify(word)}.`,
    why:
      orphan && !byWord.has(bare(word))
        ? `The ledger has a record of ${orphan.version}_${orphan.name}, but its file is missing.`
        : undefined,
    next: near
      ? `Did you mean ${near}? Run \`npx after-party status\` to list all tasks.`
      : 'Run `npx after-party status` to list all tasks, or `npx after-party new <name>` to create one.',
  })
}
