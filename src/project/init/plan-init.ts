import { dirname, join, relative, resolve } from 'node:path'
import { AfterPartyError } from '../../define/errors.js'
import { usingFiles } from '../file-error.js'
import type { PackageManager } from '../package-manager.js'
import { findPrismaProject, type PrismaProject } from '../prisma-project.js'
import { type Provider, providerOf } from '../schema/column-types.js'
import { envCallsOf } from '../schema/prisma-config.js'
import { kindOf } from '../schema/schema-location.js'
import { shownPath } from '../shown-path.js'
import { addition, type Insertion, insertion } from './insertion.js'
import { type LedgerGaps, ledgerGaps } from './ledger-gaps.js'
import { ledgerLines, ledgerModels } from './ledger-models.js'
import { installCommand, nextCommands } from './next-steps.js'
import { planConfig } from './plan-config.js'
import { type PlannedFile, planned } from './planned-file.js'

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
