import { readFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { AfterPartyError, messageOf } from '../define/errors.js'
import { isPackageManager, type PackageManager, RUN } from './package-manager.js'
import { supportedMajor } from './prisma-version.js'
import { findPrismaConfig, type PrismaConfigFile, withoutJsComments } from './schema/prisma-config.js'
import { readSchema, type SchemaFile, type SchemaInfo } from './schema/schema-info.js'
import {
  defaultSchemaLocation,
  kindOf,
  namedSchemaLocation,
  readSchemaFiles,
  type SchemaLocation,
} from './schema/schema-location.js'
import { shownPath } from './shown-path.js'
import { otherPackages } from './workspace.js'

/** A project that uses Prisma, as it was found on disk. Paths are absolute. */
export interface PrismaProject {
  /** Where commands are run and where the config belongs. */
  root: string
  prismaMajor: number
  schema: SchemaLocation
  /** Prisma's own commands don't find the schema by themselves: it was named. */
  schemaNamed: boolean
  files: SchemaFile[]
  info: SchemaInfo
  /** The folder of the project's migrations, whether it is there yet or not. */
  migrations: string
  /** The text of `prisma.config.*`, empty when there is none. */
  configText: string
  /** What package.json names, in whatever kind of dependency. */
  dependencies: ReadonlySet<string>
  /** Those of package.json, by name. */
  scripts: Readonly<Record<string, string>>
  /** package.json says `"type": "module"`. */
  esm: boolean
  typescript: boolean
  importStyle: ImportStyle
  packageManager: PackageManager
}

/** Where to look, and what with. */
export interface FindOptions {
  cwd: string
  /** A schema file or folder, relative to `cwd`, instead of the one that the project names. */
  schema?: string | undefined
  env: NodeJS.ProcessEnv
}

/**
 * Finds the Prisma project that a directory belongs to; in a monorepo, the package that the schema is in. Throws `project-not-found`, `schema-not-found`,
 * or `prisma-unsupported` for a Prisma that After Party does not work with.
 */
export async function findPrismaProject({ cwd, schema, env }: FindOptions): Promise<PrismaProject> {
  const named = schema === undefined ? undefined : await namedSchemaLocation(resolve(cwd, schema), '--schema')
  const start = (named && (await packageOfSchema(named.path, resolve(cwd)))) ?? resolve(cwd)
  const packageRoot = await findPackageRoot(start)
  const packageJson = await readPackageJson(packageRoot)
  const prismaMajor = supportedMajor(packageRoot, packageJson.dependencies)
  const found = await locate(packageRoot, start, packageJson, { env }).catch((error) => {
    if (named) return undefined
    throw error
  })
  const { root, config } = found ?? { root: packageRoot, config: undefined }
  const location = named ?? found?.location
  if (!location) throw await noSchema(packageRoot, packageJson.packageManager, { cwd, env })
  const files = await readSchemaFiles(location)
  const info = readSchema(files)
  const tsconfig = join(root, 'tsconfig.json')
  // The `prisma-client` generator writes TypeScript, which only a TypeScript config can import.
  const generatesTypeScript = info.generators.some(({ provider }) => provider === 'prisma-client')
  const declares = packageJson.dependencies.has('typescript') || (await kindOf(tsconfig)) === 'file'
  const typescript = declares || generatesTypeScript
  return {
    root,
    prismaMajor,
    schema: location,
    schemaNamed: location.path !== found?.location.path,
    files,
    info,
    migrations:
      config?.migrations ?? join(dirname(info.datasource?.file ?? files[0]?.path ?? location.path), 'migrations'),
    configText: config?.text ?? '',
    dependencies: new Set(packageJson.dependencies.keys()),
    scripts: packageJson.scripts,
    esm: packageJson.esm,
    typescript,
    importStyle: typescript ? await importStyleOf(tsconfig, packageJson.esm) : 'real',
    packageManager: packageJson.packageManager ?? (await packageManagerOf(packageRoot)),
  }
}

interface Found {
  root: string
  config: PrismaConfigFile | undefined
  location: SchemaLocation
}

/** The package's own directory comes first, then the ones between it and the current one. */
async function locate(
  packageRoot: string,
  cwd: string,
  { schemaPath }: PackageJson,
  { env }: { env: NodeJS.ProcessEnv },
): Promise<Found | undefined> {
  for (const root of directoriesBetween(packageRoot, cwd)) {
    const config = await findPrismaConfig(root, env)
    const location =
      config?.schema !== undefined
        ? await namedSchemaLocation(config.schema, config.path)
        : root === packageRoot && schemaPath !== undefined && !config
          ? await namedSchemaLocation(resolve(root, schemaPath), 'package.json#prisma.schema')
          : await defaultSchemaLocation(root)
    if (location) return { root, config, location }
  }
  return undefined
}

/** The package that a schema is in, where that is another one, and one that uses Prisma: its client is made there. */
async function packageOfSchema(schema: string, cwd: string): Promise<string | undefined> {
  const [owner, own] = await Promise.all([dirname(schema), cwd].map((path) => findPackageRoot(path).catch(() => {})))
  if (!owner || owner === own) return undefined
  const { dependencies } = await readPackageJson(owner)
  return dependencies.has('prisma') || dependencies.has('@prisma/client') ? owner : undefined
}

async function noSchema(
  packageRoot: string,
  packageManager: PackageManager | undefined,
  { cwd, env }: { cwd: string; env: NodeJS.ProcessEnv },
): Promise<AfterPartyError> {
  const others = await Promise.all(
    otherPackages(packageRoot).map(async (root) => {
      const json = await readPackageJson(root)
      return locate(root, root, json, { env }).catch(() => undefined)
    }),
  )
  const [first, ...rest] = others.flatMap((found) => found?.location.path ?? [])
  const run = RUN[packageManager ?? (await packageManagerOf(packageRoot))]
  return new AfterPartyError('schema-not-found', {
    what: first ? `No Prisma schema found in ${packageRoot}.` : 'No Prisma schema found.',
    why: first
      ? `Found in this workspace: ${[first, ...rest].map((path) => shownPath(path, cwd)).join(', ')}.`
      : `No Prisma config or package.json sets a schema, and ${packageRoot} has no prisma/schema.prisma.`,
    next: first
      ? `Set After Party up in the package of the schema: \`${run} after-party init --schema ${shownPath(first, cwd)}\`.`
      : 'Run the command in your project, or pass the schema: `npx after-party init --schema <path>`.',
  })
}

/** How relative imports of a project end, for what runs it and for what checks its types. */
export type ImportStyle = 'none' | 'js' | 'real'

/** Node's own rules, in an ES module, want the extension; `.js` is right wherever nothing is known. */
export async function importStyleOf(tsconfig: string, esm: boolean): Promise<ImportStyle> {
  if (!esm) return 'none'
  const resolution = await moduleResolutionOf(tsconfig)
  return resolution === undefined || /^node(16|18|20|next)$/i.test(resolution) ? 'js' : 'none'
}

async function moduleResolutionOf(tsconfig: string, depth = 0): Promise<string | undefined> {
  const text = withoutJsComments(await readFile(tsconfig, 'utf8').catch(() => ''))
  const own = ['moduleResolution', 'module'].flatMap((key) => {
    return new RegExp(`"${key}"\\s*:\\s*"(\\w+)"`).exec(text)?.[1] ?? []
  })[0]
  const parent = /"extends"\s*:\s*\[?\s*"([^"]+)"/.exec(text)?.[1]
  if (own !== undefined || parent === undefined || depth > 4) return own
  const candidates = parent.startsWith('.')
    ? [parent, `${parent}.json`].map((path) => resolve(dirname(tsconfig), path))
    : []
  for (const candidate of candidates) {
    if ((await kindOf(candidate)) === 'file') return moduleResolutionOf(candidate, depth + 1)
  }
  return undefined
}

/** What a package.json says of its project. */
export interface PackageJson {
  dependencies: ReadonlyMap<string, string>
  scripts: Record<string, string>
  esm: boolean
  schemaPath: string | undefined
  packageManager: PackageManager | undefined
}

async function findPackageRoot(cwd: string): Promise<string> {
  for (const directory of [...directoriesBetween('', cwd)].reverse()) {
    if ((await kindOf(join(directory, 'package.json'))) === 'file') return directory
  }
  throw new AfterPartyError('project-not-found', {
    what: 'No project found.',
    why: `No package.json in ${cwd} or in a directory above it.`,
    next: 'Run the command in the directory of your project.',
  })
}

/** What a folder's package.json says. Throws `project-not-found` where it can't be read. */
export async function readPackageJson(root: string): Promise<PackageJson> {
  const path = join(root, 'package.json')
  const json = await readFile(path, 'utf8')
    .then((text) => record(JSON.parse(text.replace(/^\uFEFF/, ''))))
    .catch((error: unknown) => {
      throw new AfterPartyError('project-not-found', {
        what: `Can't read ${path}.`,
        why: messageOf(error),
        cause: error,
      })
    })
  const kinds = ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies']
  const dependencies = kinds.flatMap((kind) => Object.entries(record(json?.[kind]) ?? {}))
  const schemaPath = record(json?.prisma)?.schema
  const manager = /^(npm|pnpm|yarn|bun)@/.exec(String(json?.packageManager ?? ''))?.[1]
  return {
    dependencies: new Map(dependencies.map(([name, range]) => [name, String(range)])),
    scripts: Object.fromEntries(
      Object.entries(record(json?.scripts) ?? {}).map(([name, script]) => [name, String(script)]),
    ),
    esm: json?.type === 'module',
    schemaPath: typeof schemaPath === 'string' ? schemaPath : undefined,
    packageManager: isPackageManager(manager) ? manager : undefined,
  }
}

const LOCK_FILES: readonly (readonly [string, PackageManager])[] = [
  ['pnpm-lock.yaml', 'pnpm'],
  ['yarn.lock', 'yarn'],
  ['bun.lock', 'bun'],
  ['bun.lockb', 'bun'],
  ['package-lock.json', 'npm'],
]

async function packageManagerOf(root: string): Promise<PackageManager> {
  for (const directory of [...directoriesBetween('', root)].reverse()) {
    for (const [file, manager] of LOCK_FILES) if ((await kindOf(join(directory, file))) === 'file') return manager
  }
  return 'npm'
}

/** `from` and every directory on the way down to `to`. An empty `from` is the root of the file system. */
function directoriesBetween(from: string, to: string): string[] {
  const parent = dirname(to)
  return to === from || parent === to ? [to] : [...directoriesBetween(from, parent), to]
}

function record(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null ? { ...value } : undefined
}
