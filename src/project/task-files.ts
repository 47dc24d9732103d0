import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { AfterPartyError, codeOf, messageOf } from '../define/errors.js'
import { checksumOf } from './checksum.js'
import { usingFiles } from './file-error.js'
import { shownPath } from './shown-path.js'

/** A task file's identity, read from its name alone. */
export interface TaskFile {
  /** `20261122103000` */
  version: string
  /** `backfill_slugs` */
  name: string
  /** The file's name in the tasks directory. */
  file: string
}

/** Something that is wrong with a file of the tasks directory. */
export interface Fault {
  file: string
  message: string
}

/** The files of a tasks directory: the tasks in order of version, and what is wrong. */
export interface TaskListing {
  files: TaskFile[]
  faults: Fault[]
}

/** Where tasks come from: a directory, or definitions that a program holds already. */
export interface TaskSource {
  /** For messages: where the tasks are. */
  readonly place: string
  list(): Promise<TaskListing>
  /** What the file exports as its default. */
  load(file: TaskFile): Promise<unknown>
  /** Tells one text of the task from another (see `isChanged`); null where there is no text. */
  checksum(file: TaskFile): Promise<string | null>
}

const TASK_FILE = /^(\d{14})_([A-Za-z0-9][A-Za-z0-9_-]*)\.[cm]?[jt]s$/
/** What MySQL's column for a String holds. The same everywhere, so that a repository is right on every database. */
const LONGEST_NAME = 191
/** What may lie beside a task under its name. */
export const NOT_A_TASK = /\.d\.[cm]?ts$|\.map$|\.(test|spec)\.[cm]?[jt]sx?$/

/**
 * Reads task files from names. A file that does not start with a digit is the team's own (helpers live beside
 * tasks); one that does must be a task, or it would silently never run.
 */
export function listTasks(names: readonly string[]): TaskListing {
  const files: TaskFile[] = []
  const faults: Fault[] = []
  for (const file of [...names].sort()) {
    if (!/^\d/.test(file) || NOT_A_TASK.test(file)) continue
    const [, version, name] = TASK_FILE.exec(file) ?? []
    if (version === undefined || name === undefined)
      faults.push({
        file,
        message: 'is not a task name. Use <14 digits>_<name>.ts, such as 20261122103000_backfill_slugs.ts',
      })
    else if (name.length > LONGEST_NAME)
      faults.push({ file, message: `its name has ${name.length} characters, but the maximum is ${LONGEST_NAME}` })
    else if (!isTimestamp(version))
      faults.push({ file, message: `${version} is not a UTC date and time (YYYYMMDDhhmmss)` })
    else files.push({ version, name, file })
  }
  return { files, faults: [...faults, ...doubles(files, 'version'), ...doubles(files, 'name')] }
}

/** A version as `new` makes it: the UTC date and time, in seconds. */
export function isTimestamp(version: string): boolean {
  const iso = version.replace(/^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/, '$1-$2-$3T$4:$5:$6.000Z')
  const time = Date.parse(iso)
  return Number.isFinite(time) && new Date(time).toISOString() === iso
}

function doubles(files: TaskFile[], key: 'version' | 'name'): Fault[] {
  const first = new Map<string, TaskFile>()
  const faults: Fault[] = []
  for (const file of files) {
    const other = first.get(file[key])
    if (other) faults.push({ file: file.file, message: `has the same ${key} as ${other.file}` })
    else first.set(file[key], file)
  }
  return faults
}

/** The tasks of a directory. A directory that is not there holds no tasks. */
export class TaskDirectory implements TaskSource {
  readonly place: string
  readonly #directory: string
  readonly #import: (file: string) => Promise<unknown>

  constructor(directory: string, load: (file: string) => Promise<unknown>) {
    this.#directory = directory
    this.#import = load
    this.place = shownPath(directory)
  }

  async list(): Promise<TaskListing> {
    return listTasks(await readDirectory(this.#directory, this.place))
  }

  load(file: TaskFile): Promise<unknown> {
    return this.#import(path.join(this.#directory, file.file))
  }

  async checksum({ file }: TaskFile): Promise<string> {
    const text = await usingFiles(() => readFile(path.join(this.#directory, file), 'utf8'))
    return checksumOf(file, text)
  }
}

/** Tasks that a program holds already, by file name: for `createAfterParty` and for tests. */
export class TaskDefinitions implements TaskSource {
  readonly place = '`tasks`'
  readonly #definitions: Readonly<Record<string, unknown>>

  constructor(definitions: Readonly<Record<string, unknown>>) {
    this.#definitions = definitions
  }

  async list(): Promise<TaskListing> {
    const names = Object.keys(this.#definitions)
    return listTasks(names.map((name) => (/\.[cm]?[jt]s$/.test(name) ? name : `${name}.ts`)))
  }

  async load({ file }: TaskFile): Promise<unknown> {
    return this.#definitions[file] ?? this.#definitions[file.replace(/\.ts$/, '')]
  }

  async checksum(): Promise<null> {
    return null
  }
}

async function readDirectory(directory: string, place: string): Promise<string[]> {
  try {
    const entries = await readdir(directory, { withFileTypes: true })
    return entries.filter((entry) => !entry.isDirectory()).map((entry) => entry.name)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return []
    throw new AfterPartyError('config-invalid', {
      what: `Can't read the tasks directory ${place}.`,
      why: codeOf(error) === 'ENOTDIR' ? 'It is a file.' : messageOf(error),
      next: 'Make it a directory that this user can read, or set `tasks` in after-party.config.ts.',
      cause: error,
    })
  }
}
