import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'
import { DEFAULT_MIGRATIONS, DEFAULT_TASKS } from '../../define/config.js'
import { AfterPartyError } from '../../define/errors.js'
import { findConfigFile } from '../config-file.js'
import { usingFiles } from '../file-error.js'
import { INSTALL, type PackageManager, RUN } from '../package-manager.js'
import { findPrismaProject, type PrismaProject } from '../prisma-project.js'
import { type Provider, providerOf } from '../schema/column-types.js'
import { isInstalled } from '../schema/prisma-cli.js'
import { envCallsOf, withoutJsComments } from '../schema/prisma-config.js'
import { kindOf } from '../schema/schema-location.js'
import { shownPath } from '../shown-path.js'
import { type ClientSetup, findClientSetup } from './client-setup.js'
import { configText, needsOwnLedger } from './config-text.js'
import { addition, type Insertion, insertion, withInsertions } from './insertion.js'
import { type LedgerGaps, ledgerGaps } from './ledger-gaps.js'
import { ledgerLines, ledgerModels } from './ledger-models.js'
import { planTypeChecks } from './type-checks.js'

/** A file that init writes. It only ever creates files and inserts lines into them. */
export interface PlannedFile {
  /** Absolute. */
  path: string
  /** As messages show it: from the project's root, with forward slashes. */
  name: string
  action: 'create' | 'insert'
  /** What is there; empty for a file to be created. */
  before: string
  /** What goes in, in the order of the file. */
  insertions: readonly Insertion[]
  after: string
}

/** Everything that init would do, as data. */
export interface InitPlan {
  /** The project's root, absolute. */
  root: string
  provider: Provider
  prismaMajor: number
  packageManager: PackageManager
  files: PlannedFile[]
  /** Nothing is to be written: init has been here. */
  unchanged: boolean
  /** What was decided and why, a sentence each. */
  notes: string[]
  /** What will go wrong unless somebody acts, a sentence each. */
  warnings: string[]
  /** What has to be installed before the next commands can work. */
  installCommand: string | undefined
  /** The commands that come next, in order. */
  nextCommands: string[]
  /** What `prisma validate` is called with. */
  validation: { schemaPath: string; standIns: Record<string, string> }
}

/** Where to plan for, and what with. */
export interface InitOptions {
  cwd: string
  /** A schema file or folder, relative to `cwd`. */
  schema?: string | undefined
  /** The config to write, relative to `cwd`; `after-party.config.ts` at the project's root by default. */
  config?: string | undefined
  /** Under multiSchema, the database schema of the ledger; `public`, or the first of the list, by default. */
  databaseSchema?: string | undefined
  env: NodeJS.ProcessEnv
}

/**
 * Plans `after-party init` for the project that a directory belongs to. Reads, and writes nothing.
 * Throws `project-not-found`, `schema-not-found`, `prisma-unsupported`, `schema-conflict`, or `tasks-invalid`
 * when a file stands in the place of the tasks directory, or `file-unusable` when the system lets it not be read.
 */
export function planInit(options: InitOptions): Promise<InitPlan> {
  return usingFiles(() => plan(options))
}

async function plan(options: InitOptions): Promise<InitPlan> {
  const project = await findPrismaProject(options)
  const { root, prismaMajor, packageManager, info } = project
  const { datasource } = info
  if (!datasource) {
    throw new AfterPartyError('schema-not-found', {
      what: `${shownPath(project.schema.path, root)} has no datasource.`,
      why: 'The ledger needs to know the database provider.',
      next: 'Add a datasource, or choose another schema: `npx after-party init --schema <path>`.',
    })
  }
  const provider = providerOf(datasource.provider)
  const gaps = ledgerGaps(info, provider)
  const schema = databaseSchemaOf(datasource.schemas, options.databaseSchema)
  const schemaFiles = planSchema(project, provider, { schema, gaps })
  const config = await planConfig(project, provider, options)
  const kept = config.files.some(({ path }) => dirname(path) === config.tasks)
  const tasks = await planTasks(root, config.tasks)
  const files = [...schemaFiles, ...config.files, ...(kept ? [] : tasks)]
  return {
    root,
    provider,
    prismaMajor,
    packageManager,
    files,
    unchanged: files.length === 0,
    notes: [
      ...gaps.outdated.map(({ model }) => `${model} is from an older release: its new columns were added`),
      ...config.notes,
    ],
    warnings: [...warningsOf(project, provider), ...config.warnings],
    installCommand: installCommand(project, config.setup),
    nextCommands: nextCommands(project, provider, {
      upgrade: gaps.outdated.length > 0,
      config: options.config && shownPath(resolve(options.cwd, options.config), root),
    }),
    validation: { schemaPath: project.schema.path, standIns: standInsOf(project, provider, options.env) },
  }
}

/** A plan as a diff: every file with the lines it gains. */
export function planDiff({ files }: Pick<InitPlan, 'files'>): string {
  return files
    .map(({ name, action, before, insertions }) => {
      const head = action === 'create' ? ['--- /dev/null', `+++ ${name}`] : [`--- ${name}`, `+++ ${name}`]
      let gained = 0
      const hunks = insertions.flatMap((insertion) => {
        const { from, removed, lines } = hunkOf(before, insertion)
        const into = from + gained + (removed.length === 0 ? 1 : 0)
        gained += lines.length - removed.length
        const changed = [...removed.map((l) => `-${l}`), ...lines.map((l) => `+${l}`)]
        return changed.length === 0 ? [] : [`@@ -${from},${removed.length} +${into},${lines.length} @@`, ...changed]
      })
      return `${[...head, ...hunks].join('\n')}\n`
    })
    .join('\n')
}

interface Hunk {
  from: number
  removed: string[]
  lines: string[]
}

function hunkOf(before: string, { at, text }: Insertion): Hunk {
  const above = before.slice(0, at)
  const lineStart = above.lastIndexOf('\n') + 1
  const rest = /^[^\r\n]*/.exec(before.slice(at))?.[0] ?? ''
  // In a line, which is another one then.
  if (lineStart < at && at < before.length) {
    const line = before.slice(lineStart, at)
    return {
      from: above.split('\n').length,
      removed: [line + rest],
      lines: (line + text + rest).split(/\r?\n/),
    }
  }
  // What completes a last line that was not ended adds no line of its own.
  const added = above !== '' && !above.endsWith('\n') ? text.replace(/^\r?\n/, '') : text
  const from = above.split('\n').length - (above.endsWith('\n') || above === '' ? 1 : 0)
  return { from, removed: [], lines: added === '' ? [] : added.replace(/\r?\n$/, '').split(/\r?\n/) }
}

/** The models that are not there are appended, those of an older release gain lines; nothing else changes. */
function planSchema(
  project: PrismaProject,
  provider: Provider,
  { schema, gaps }: { schema: string | undefined; gaps: LedgerGaps },
): PlannedFile[] {
  const options = { provider, datasource: project.info.datasource?.name }
  const byFile = new Map<string, Insertion[]>()
  const insert = (path: string, insertion: Insertion) => byFile.set(path, [...(byFile.get(path) ?? []), insertion])
  for (const { model, lacks } of gaps.outdated) {
    const block = project.info.blocks.find(({ kind, name }) => kind === 'model' && name === model)
    if (block)
      insert(block.file, insertion(textOf(project, block.file) ?? '', block, ledgerLines(model, lacks, options)))
  }
  if (gaps.models.length > 0) {
    const { path: location, isFolder } = project.schema
    const path = isFolder ? join(location, 'after-party.prisma') : location
    const before = textOf(project, path)
    const text = addition(
      before ?? project.files[0]?.text ?? '',
      ledgerModels({ ...options, schema, models: gaps.models }),
    )
    insert(path, { at: before?.length ?? 0, text: before === undefined ? text.trimStart() : text })
  }
  return [...byFile].map(([path, insertions]) =>
    planned(
      project.root,
      path,
      textOf(project, path),
      [...insertions].sort((a, b) => a.at - b.at),
    ),
  )
}

function textOf(project: PrismaProject, path: string): string | undefined {
  return project.files.find((file) => file.path === path)?.text
}

function databaseSchemaOf(schemas: readonly string[], wanted: string | undefined): string | undefined {
  if (wanted === undefined) return schemas.includes('public') ? 'public' : schemas[0]
  if (schemas.includes(wanted)) return wanted
  throw new AfterPartyError('usage', {
    what: `The datasource does not list the schema ${wanted}.`,
    why: schemas.length > 0 ? `It lists ${schemas.join(', ')}.` : 'It has no `schemas`.',
  })
}

interface ConfigPlan {
  files: PlannedFile[]
  /** The tasks directory, absolute. */
  tasks: string
  setup: ClientSetup | undefined
  notes: string[]
  warnings: string[]
}

async function planConfig(
  project: PrismaProject,
  provider: Provider,
  { cwd, config: wanted, env }: InitOptions,
): Promise<ConfigPlan> {
  const { root, migrations, dependencies } = project
  const named = wanted === undefined ? undefined : configNamed(wanted, cwd)
  const present = named === undefined ? findConfigFile(root) : existsSync(named) ? named : undefined
  if (present !== undefined) {
    const tasks = tasksIn(await readFile(present, 'utf8'))
    const notes = [`${shownPath(present, root)} already exists and was not changed`]
    return { files: [], tasks: join(dirname(present), tasks), setup: undefined, notes, warnings: [] }
  }
  const configFolder = named === undefined ? root : dirname(named)
  const setup = await findClientSetup(project, provider, { env, configFolder })
  // JavaScript can't import a module of TypeScript: tsx is registered for a config that is TypeScript.
  const typescript = named ? TYPESCRIPT.test(named) : project.typescript || TYPESCRIPT.test(setup.existing?.path ?? '')
  const migrationsPath = shownPath(migrations, configFolder)
  const text = configText({
    setup,
    tasks: shownPath(join(root, DEFAULT_TASKS), configFolder),
    migrations: migrationsPath === DEFAULT_MIGRATIONS ? undefined : migrationsPath,
    dotenv: dependencies.has('dotenv') || /['"]dotenv\/config['"]/.test(withoutJsComments(project.configText)),
    env: project.prismaMajor >= 7 && (await kindOf(join(root, '.env'))) === 'file',
    typescript,
  })
  const file = named ?? join(root, typescript ? 'after-party.config.ts' : 'after-party.config.mjs')
  const name = shownPath(file, root)
  const unclear: string[] = []
  const notes = setup.existing
    ? [`The config uses ${setup.existing.name} from ${shownPath(setup.existing.path, root)}`]
    : []
  const tellsUrl = (!setup.existing || needsOwnLedger(setup.existing)) && setup.adapter && 'url' in setup.adapter.inputs
  const { env: variable, otherEnv, literal, unsure } = setup.url
  if (tellsUrl && !literal)
    notes.push(`The config reads the connection URL from ${[variable, otherEnv].filter(Boolean).join(' or ')}`)
  if (tellsUrl && setup.existing?.isAccelerated)
    unclear.push(
      `${setup.existing.name} connects through Prisma Accelerate. The ledger connects directly, so check that ${literal ? 'its URL' : variable} is a direct URL`,
    )
  if (tellsUrl && unsure)
    unclear.push(`Your Prisma config chooses between several URLs. Check that ${name} uses the right one`)
  if (setup.passedOver)
    unclear.push(
      `${shownPath(setup.passedOver, root)} creates a client, but After Party can't import it: it needs a framework or arguments. ${name} creates a separate client, without the extensions of that one`,
    )
  const [path, tasks] = [file, join(root, DEFAULT_TASKS)]
  const checks = typescript ? await planTypeChecks(project.scripts, { root, config: path, tasks }) : undefined
  const { excluded = [], own, warnings = [] } = checks ?? {}
  return {
    files: [
      planned(root, path, undefined, [{ at: 0, text }]),
      ...excluded.map(({ path, text, insertion }) => planned(root, path, text, [insertion])),
      ...(own ? [planned(root, own.path, undefined, [{ at: 0, text: own.text }])] : []),
    ],
    tasks,
    setup,
    notes: [...notes, ...(checks?.notes ?? [])],
    warnings: [...unclear.map((text) => `${text}.`), ...warnings],
  }
}

const TYPESCRIPT = /\.[cm]?ts$/

function configNamed(wanted: string, cwd: string): string {
  if (/\.[cm]?[jt]s$/.test(wanted) && !/\.d\.[cm]?ts$/.test(wanted)) return resolve(cwd, wanted)
  throw new AfterPartyError('usage', {
    what: `${wanted} can't be a config: it is neither TypeScript nor JavaScript.`,
    next: 'Pass a file such as `--config config/after-party.config.ts`.',
  })
}

/** The `tasks` of a config that is there already, when it is written in plain words. */
function tasksIn(text: string): string {
  return /\btasks\s*:\s*['"`]([^'"`$]+)['"`]/.exec(withoutJsComments(text))?.[1] ?? DEFAULT_TASKS
}

async function planTasks(root: string, directory: string): Promise<PlannedFile[]> {
  for (let path = directory; path !== root && path !== dirname(path); path = dirname(path)) {
    const kind = await kindOf(path)
    if (kind === 'folder') break
    if (kind === undefined) continue
    throw new AfterPartyError('tasks-invalid', {
      what: `Can't create the tasks directory ${shownPath(directory, root)}.`,
      why: `${shownPath(path, root)} is a file.`,
      next: 'Move that file, then run `npx after-party init` again.',
    })
  }
  // Git does not keep an empty directory.
  return (await kindOf(directory)) === 'folder' ? [] : [planned(root, join(directory, '.gitkeep'), undefined, [])]
}

function planned(
  root: string,
  path: string,
  before: string | undefined,
  insertions: readonly Insertion[],
): PlannedFile {
  const action = before === undefined ? 'create' : 'insert'
  const after = withInsertions(before ?? '', insertions)
  return { path, name: shownPath(path, root), action, before: before ?? '', insertions, after }
}

function warningsOf({ prismaMajor, schema, info, root }: PrismaProject, provider: Provider): string[] {
  const warnings: string[] = []
  if (provider === 'mongodb' && prismaMajor >= 7) {
    warnings.push('Prisma 7 has no adapter for MongoDB. Use Prisma 6.')
  }
  if (!info.generators.some(({ provider }) => /^prisma-client(-js)?$/.test(provider))) {
    warnings.push(`${relative(root, schema.path)} has no generator for the Prisma client.`)
  }
  return warnings
}

function installCommand(project: PrismaProject, setup: ClientSetup | undefined): string | undefined {
  const { root, prismaMajor, dependencies, packageManager } = project
  const usesAdapter = setup?.adapterMissing && (!setup.existing || needsOwnLedger(setup.existing))
  const packages = [
    ...(dependencies.has('after-party') || isInstalled(root, 'after-party') ? [] : ['after-party']),
    ...(setup?.adapter && usesAdapter ? [`${setup.adapter.package}@${prismaMajor}`] : []),
  ]
  return packages.length > 0 ? `${INSTALL[packageManager]} ${packages.join(' ')}` : undefined
}

function nextCommands(
  { root, prismaMajor, packageManager, schema, schemaNamed }: PrismaProject,
  provider: Provider,
  { upgrade, config }: { upgrade: boolean; config: string | undefined },
): string[] {
  const run = RUN[packageManager]
  const option = config === undefined ? '' : ` --config ${config}`
  const prisma = (words: string) =>
    `${run} prisma ${words}${schemaNamed ? ` --schema ${shownPath(schema.path, root)}` : ''}`
  const migration = upgrade ? 'upgrade_after_party' : 'add_after_party'
  const change = provider === 'mongodb' ? prisma('db push') : prisma(`migrate dev --name ${migration}`)
  const deploy = provider === 'mongodb' ? prisma('db push') : prisma('migrate deploy')
  return [
    // Prisma 6 generates by itself after either of them.
    prismaMajor >= 7 ? `${change} && ${prisma('generate')}` : change,
    ...(upgrade ? [] : [`${run} after-party new my_first_task${option}`]),
    `${deploy} && ${run} after-party run${option}`,
  ]
}

const STAND_INS: Record<Provider, string> = {
  sqlite: 'file:./stand-in.db',
  postgresql: 'postgresql://localhost/stand-in',
  mysql: 'mysql://localhost/stand-in',
  sqlserver: 'sqlserver://localhost;database=stand-in',
  cockroachdb: 'postgresql://localhost/stand-in',
  mongodb: 'mongodb://localhost/stand-in',
}

/** Validating is about the schema: no URL needs to be set for it, and a wrong one must not fail it. */
function standInsOf({ info, configText }: PrismaProject, provider: Provider, env: NodeJS.ProcessEnv) {
  const unset = [...envCallsOf(configText), 'DATABASE_URL'].filter((name) => !env[name])
  return Object.fromEntries([...info.envNames, ...unset].map((name) => [name, STAND_INS[provider]]))
}
