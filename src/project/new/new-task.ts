import { mkdir, open, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { sentenceCase, snakeCase } from 'change-case'
import { AfterPartyError, codeOf } from '../../define/errors.js'
import { nameOnClient } from '../../prisma/client.js'
import { usingFiles } from '../file-error.js'
import { shownPath } from '../shown-path.js'
import { NOT_A_TASK } from '../task-files.js'
import { renderTemplate } from '../templates.js'
import { type BackfillText, NOTHING_KNOWN } from './backfill-text.js'
import { toTaskName } from './task-name.js'
import type { TestSetup } from './test-setup.js'
import { testText } from './test-text.js'

/** What kind of file a new task becomes. */
export type TaskExtension = 'ts' | 'mts' | 'mjs' | 'js'

/** The task to make. Paths are absolute or relative to the current directory. */
export interface NewTaskOptions {
  tasksDir: string
  name: string
  /** Made from the name when it is not given. */
  description?: string | undefined
  everyDeploy?: boolean | undefined
  /** The time that the version is made from; now by default. */
  now?: Date | undefined
  /** The team's own templates. */
  templatesDir?: string | undefined
  /** Makes a backfill of this model, by its name in the schema or on the client, rather than a plain task. */
  model?: string | undefined
  /** What is known of that model. */
  backfill?: BackfillText | undefined
  /** `ts` by default. */
  extension?: TaskExtension | undefined
  /** Makes a test beside the task, too. */
  test?: TestSetup | undefined
}

/** A task file that was made. */
export interface NewTask {
  file: string
  version: string
  name: string
  /** The file of its test. */
  test?: string
}

/**
 * Makes a task file from a template, in a directory that is made when there is none.
 * Two tasks never get one version, not even when two are made in one second by two processes.
 * Throws `task-name-invalid`, `task-name-taken`, `template-invalid`, `tasks-invalid` when the directory is a file, or
 * `file-unusable` when the system refuses to write there.
 *
 * @example await newTask({ tasksDir: 'prisma/after-party', name: 'backfillSlugs' })
 * // { file: 'prisma/after-party/20261122103000_backfill_slugs.ts', version: '20261122103000', name: 'backfill_slugs' }
 */
export function newTask(options: NewTaskOptions): Promise<NewTask> {
  return usingFiles(() => writeTask(options))
}

async function writeTask(options: NewTaskOptions): Promise<NewTask> {
  const { tasksDir, now = new Date(), extension = 'ts' } = options
  const name = toTaskName(options.name)
  const description = options.description?.trim() || sentenceCase(name)
  const everyDeploy = options.everyDeploy ?? false
  const template = options.model === undefined ? 'task' : 'backfill'
  const { backfill = NOTHING_KNOWN, test } = options
  const model = options.model === undefined ? undefined : toModel(options.model)
  const data = { name, description, everyDeploy, ...(model !== undefined && { model, ...backfill }) }
  const textOfTest = (file: string, setup: TestSetup) => testText({ file, name, model, backfill }, setup, options)
  // Rendered once before anything is made, so that a broken template leaves nothing behind.
  renderTemplate(template, { ...data, version: '' }, options)
  if (test) textOfTest(join(tasksDir, `.${extension}`), test)
  await makeDirectory(tasksDir)
  return usingDirectory(tasksDir, async () => {
    const existing = (await readdir(tasksDir)).flatMap((file) => taskFile(file) ?? [])
    const taken = existing.find((task) => snakeCase(task.name) === name)
    if (taken) {
      throw new AfterPartyError('task-name-taken', {
        what: `A task with the name ${name} already exists.`,
        why: shownPath(join(tasksDir, taken.file)),
        next: 'Choose another name.',
      })
    }
    const version = freeVersion(now, new Set(existing.map((task) => task.version)))
    const file = join(tasksDir, `${version}_${name}.${extension}`)
    const text = renderTemplate(template, { ...data, version }, options)
    await writeFile(file, text, { flag: 'wx' })
    if (!test) return { file, version, name }
    const testFile = join(tasksDir, `${version}_${name}.test.${extension}`)
    await writeFile(testFile, textOfTest(file, test), { flag: 'wx' })
    return { file, version, name, test: testFile }
  })
}

/** `Post` and `post` are `post`, as the client has it. */
function toModel(model: string): string {
  if (/^[A-Za-z]\w*$/.test(model)) return nameOnClient(model)
  throw new AfterPartyError('usage', {
    what: `${JSON.stringify(model)} is not a model name.`,
    next: 'Use the name from the schema, such as `--model Post`.',
  })
}

/** The 14 digits of a time, in UTC. */
export function versionAt(time: Date): string {
  return time.toISOString().replace(/\D/g, '').slice(0, 14)
}

function freeVersion(now: Date, taken: ReadonlySet<string>): string {
  for (let time = now.getTime(); ; time += 1000) {
    const version = versionAt(new Date(time))
    if (!taken.has(version)) return version
  }
}

function taskFile(file: string): { file: string; version: string; name: string } | undefined {
  const [, version, name] = /^(\d{14})_(.+?)\.[cm]?[jt]s$/.exec(file) ?? []
  return version === undefined || name === undefined || NOT_A_TASK.test(file) ? undefined : { file, version, name }
}

async function makeDirectory(directory: string): Promise<void> {
  try {
    await mkdir(directory, { recursive: true })
  } catch (error) {
    if (codeOf(error) !== 'EEXIST' && codeOf(error) !== 'ENOTDIR') throw error
    throw new AfterPartyError('tasks-invalid', {
      what: `The tasks directory ${directory} is not a directory.`,
      why: 'It is a file.',
      next: 'Move that file, or set `tasks` in the config to another directory.',
      cause: error,
    })
  }
}

const STALE_MS = 5000
const GIVE_UP_MS = 15_000

/** Lets one process at a time look for a free version and take it. A lock that a crash left behind is taken over. */
async function usingDirectory<T>(directory: string, work: () => Promise<T>): Promise<T> {
  const lock = join(directory, '.new.lock')
  const giveUp = Date.now() + GIVE_UP_MS
  for (;;) {
    try {
      await (await open(lock, 'wx')).close()
      break
    } catch (error) {
      // Windows says EPERM while a file of that name is being removed.
      const busy = codeOf(error) === 'EEXIST' || codeOf(error) === 'EPERM'
      if (!busy || Date.now() > giveUp) throw error
      const made = await stat(lock).catch(() => undefined)
      if (made && Date.now() - made.mtimeMs > STALE_MS) await rm(lock, { force: true })
      else await wait(20)
    }
  }
  try {
    return await work()
  } finally {
    // What happened inside matters more; a lock that stays is soon taken for one that a crash left.
    await rm(lock, { force: true }).catch(() => {})
  }
}
