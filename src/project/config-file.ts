import { existsSync } from 'node:fs'
import path from 'node:path'
import * as v from 'valibot'
import { describeIssues, ON_FRESH, ON_FRESH_MESSAGE } from '../define/check.js'
import type { Config } from '../define/config.js'
import { DEFAULT_MIGRATIONS, DEFAULT_TASKS } from '../define/config.js'
import { isDuration, isLease } from '../define/duration.js'
import { AfterPartyError, codeOf, messageOf } from '../define/errors.js'
import { aboveOutput } from './compiled-config.js'
import { unloadedVariable } from './env-files.js'
import type { Loader } from './loader.js'
import { shownPath } from './shown-path.js'
import { otherPackages } from './workspace.js'

/** The names that a config file may have, in the order of their precedence. */
export const CONFIG_FILES = ['ts', 'mts', 'cts', 'js', 'mjs', 'cjs'].map(
  (extension) => `after-party.config.${extension}`,
)

/** A config, its defaults filled in and its paths absolute. */
export interface LoadedConfig extends Config {
  tasks: string
  migrations: string
  /** The config file. */
  file: string
}

const factory = v.function('must be a function that returns a PrismaClient, such as `() => new PrismaClient()`')
const duration = v.custom(isDuration, 'must be a duration, such as 500, "10s" or "5m"')
const directory = v.pipe(v.string('must be a path'), v.nonEmpty('must be a path'))

function isQueue(given: unknown): boolean {
  return typeof given === 'object' && given !== null && 'ring' in given && 'listen' in given
}

const config = v.strictObject({
  client: factory,
  ledgerClient: v.optional(factory),
  tasks: v.optional(directory),
  templates: v.optional(directory),
  migrations: v.optional(directory),
  lease: v.optional(v.custom(isLease, 'must be a duration of 100ms or more, such as "60s"')),
  lockTimeout: v.optional(duration),
  grace: v.optional(duration),
  freshDatabase: v.optional(v.picklist(ON_FRESH, ON_FRESH_MESSAGE)),
  queue: v.optional(v.custom(isQueue, 'must be a queue with `ring` and `listen`, such as `pgBossQueue({ … })`')),
  onEvent: v.optional(v.function('must be a function')),
})

/** Finds the config file in a directory, or in the ones above it up to the first with a `package.json`. */
export function findConfigFile(cwd: string): string | undefined {
  for (let directory = path.resolve(cwd); ; directory = path.dirname(directory)) {
    const found = CONFIG_FILES.map((name) => path.join(directory, name)).find((file) => existsSync(file))
    if (found !== undefined) return found
    if (existsSync(path.join(directory, 'package.json')) || path.dirname(directory) === directory) return undefined
  }
}

/** Loads and checks the config. Throws `config-missing` or `config-invalid`. */
export async function loadConfig(loader: Loader, cwd: string, explicit?: string): Promise<LoadedConfig> {
  const file = explicit === undefined ? findConfigFile(cwd) : path.resolve(cwd, explicit)
  if (file === undefined || !existsSync(file)) throw missing(cwd, explicit)
  const shown = shownPath(file, cwd)
  const exported = await loader.defaultExport(file).catch((error) => {
    const why = messageOf(error)
    const ordinary = /^(ERR_)?MODULE_NOT_FOUND$/.test(codeOf(error) ?? '')
      ? 'Fix the import. If the Prisma client is missing, run `npx prisma generate`.'
      : 'Fix it and run the command again.'
    const next = unloadedVariable(why) ?? ordinary
    throw new AfterPartyError('config-invalid', { what: `Can't load ${shown}.`, why, next, cause: error })
  })
  return withDefaults(checkConfig(exported, shown), file)
}

/** Where compilers are usually told to put what they emit. */
const OUTPUT_FOLDERS = ['dist', 'build', 'out']

function missing(cwd: string, explicit: string | undefined): AfterPartyError {
  const configsIn = (folder: string) =>
    CONFIG_FILES.map((name) => path.join(folder, name)).filter((file) => existsSync(file))
  const [compiled] = OUTPUT_FOLDERS.flatMap((folder) => configsIn(path.resolve(cwd, folder)))
  const found = compiled ?? otherPackages(cwd).flatMap(configsIn)[0]
  const first = found && shownPath(found, cwd)
  return new AfterPartyError('config-missing', {
    what: explicit === undefined ? 'No after-party.config.ts found.' : `Config file not found: ${explicit}.`,
    why: compiled ? 'There is one that was compiled.' : first && 'It is in another package of this workspace.',
    next: first ? `Pass \`--config ${first}\`.` : 'Run `npx after-party init`, or pass `--config <file>`.',
  })
}

function checkConfig(exported: unknown, shown: string): Config {
  const faults = faultsOf(exported)
  if (faults.length === 0) return exported as Config
  throw new AfterPartyError('config-invalid', {
    what: `${shown} is not a valid config.`,
    why: faults.join('\n'),
    next: `Write \`export default defineConfig({ client: () => new PrismaClient(…) })\` in ${shown}.`,
  })
}

function faultsOf(exported: unknown): string[] {
  if (exported === undefined) return ['It has no default export.']
  if (typeof exported !== 'object' || exported === null) return ['Its default export is not an object.']
  const result = v.safeParse(config, exported)
  return result.success ? [] : describeIssues(result.issues, 'the config', config)
}

function withDefaults(config: Config, file: string): LoadedConfig {
  const root = path.dirname(file)
  const { tasks = DEFAULT_TASKS, migrations = DEFAULT_MIGRATIONS } = config
  const uncompiled = aboveOutput(file, tasks)
  if (uncompiled !== undefined) throw tasksNotCompiled(path.resolve(root, tasks), uncompiled)
  return {
    ...config,
    tasks: path.resolve(root, tasks),
    migrations: aboveOutput(file, migrations) ?? path.resolve(root, migrations),
    ...(config.templates !== undefined && { templates: path.resolve(root, config.templates) }),
    file,
  }
}

/** No tasks at all would be run, and nobody would hear of it. */
function tasksNotCompiled(directory: string, source: string): AfterPartyError {
  return new AfterPartyError('config-invalid', {
    what: `Tasks directory not found: ${shownPath(directory)}.`,
    why: `\`tasks\` is relative to the folder of the config. The tasks are in ${shownPath(source)}.`,
    next: 'Compile the tasks too, set `tasks` in the config, or use the config that is not compiled.',
  })
}
