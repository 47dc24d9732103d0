import { dirname, extname, resolve, sep } from 'node:path'
import { schemaInUrl } from '../../prisma/schema-in-url.js'
import { variable } from '../env-files.js'
import type { ImportStyle, PrismaProject } from '../prisma-project.js'
import type { Provider } from '../schema/column-types.js'
import { isInstalled } from '../schema/prisma-cli.js'
import { withoutJsComments } from '../schema/prisma-config.js'
import type { Generator } from '../schema/schema-info.js'
import { shownPath } from '../shown-path.js'
import { type ClientModule, findClientModule } from './existing-client.js'

/** A driver adapter: what to import, what it is called, what to hand it. */
export interface Adapter {
  package: string
  className: string
  /** The arguments of its constructor; they may use the variables of `inputs`. */
  args: string
  /** `url` under the name that the arguments use, or the environment variables that they use. */
  inputs: { url: 'url' | 'connectionString' } | { env: readonly string[] }
}

/** Where the connection URL comes from at run time. */
export interface UrlSource {
  env: string
  /** The variable that is read where that one is not set. */
  otherEnv: string | undefined
  /** The project decides between variables, in a way that is not for us to repeat. */
  unsure: boolean
  /** The `file:` URL that the project falls back to, or that it uses. */
  fallback: string | undefined
  /** The project reads no variable, only `fallback`. */
  literal: boolean
  /** It names a schema of PostgreSQL, which adapters want to be told. */
  hasSchema: boolean
}

/** How After Party's config gets its clients. Specifiers are as the config imports them. */
export interface ClientSetup {
  /** What `PrismaClient` is imported from. */
  clientSpecifier: string
  /** None where Prisma 6 connects by itself, and on MongoDB. */
  adapter: Adapter | undefined
  /** The adapter is yet to be installed. */
  adapterMissing: boolean
  url: UrlSource
  /** The project's own module, when it has one. */
  existing: (ClientModule & { specifier: string }) | undefined
  /** A module that makes a client, and that the config can't import. */
  passedOver: string | undefined
}

/** Finds out how the config of a project gets its clients. */
export async function findClientSetup(
  project: PrismaProject,
  provider: Provider,
  { env, configFolder }: { env: NodeJS.ProcessEnv; configFolder: string },
): Promise<ClientSetup> {
  const generator = project.info.generators.find(({ provider }) => /^prisma-client(-js)?$/.test(provider))
  const adapter = adapterFor(project, provider, generator)
  const { module: existing, passedOver } = await findClientModule(project.root, outputOf(generator))
  return {
    clientSpecifier: clientSpecifier(configFolder, generator, project.importStyle, project.esm),
    adapter,
    adapterMissing: adapter !== undefined && !hasPackage(project, adapter.package),
    url: urlSource(project, env),
    existing: existing && { ...existing, specifier: moduleSpecifier(configFolder, existing.path, project.importStyle) },
    passedOver,
  }
}

/** Where a generator puts the client, absolute; undefined where that is `@prisma/client`. */
function outputOf(generator: Generator | undefined): string | undefined {
  if (!generator?.output) return undefined
  const output = resolve(dirname(generator.file), generator.output)
  return /[\\/]node_modules[\\/](\.prisma|@prisma)[\\/]client$/.test(output) ? undefined : output
}

/** What the config imports `PrismaClient` from, given the generator that makes it. */
export function clientSpecifier(
  root: string,
  generator: Generator | undefined,
  style: ImportStyle,
  esm: boolean,
): string {
  const output = outputOf(generator)
  if (!generator || !output) return '@prisma/client'
  const inModules = output.split(`${sep}node_modules${sep}`)[1]
  if (inModules) return inModules.replaceAll('\\', '/')
  const folder = relativeSpecifier(root, output)
  // An ES module can't import a folder.
  if (generator.provider === 'prisma-client-js') return esm || style !== 'none' ? `${folder}/index.js` : folder
  const extension = `.${generator.generatedFileExtension ?? 'ts'}`
  return `${folder}/client${ending(extension, style)}`
}

/** What a file of a folder imports a module of the project as. */
export function moduleSpecifier(root: string, path: string, style: ImportStyle): string {
  const extension = extname(path)
  const specifier = relativeSpecifier(root, path.slice(0, -extension.length))
  return specifier + ending(extension, style)
}

/** `.mts` and `.cts` can't be left out, and are imported as what they are compiled to. */
function ending(extension: string, style: ImportStyle): string {
  if (style === 'real') return extension
  return extension === '.ts' || extension === '.js' ? (style === 'js' ? '.js' : '') : extension.replace('ts', 'js')
}

function relativeSpecifier(root: string, path: string): string {
  const specifier = shownPath(path, root)
  return /^\.\.?(\/|$)/.test(specifier) ? specifier : `./${specifier}`
}

const URL_OBJECT = { args: '{ url }', inputs: { url: 'url' } } as const
const URL_STRING = { args: 'url', inputs: { url: 'url' } } as const
const CONNECTION_STRING = { args: '{ connectionString }', inputs: { url: 'connectionString' } } as const
const D1_ENV = ['CLOUDFLARE_D1_TOKEN', 'CLOUDFLARE_ACCOUNT_ID', 'CLOUDFLARE_DATABASE_ID'] as const

/** The adapters of a provider, the ordinary one first. Two classes changed the case of their names in Prisma 7. */
function adaptersOf(provider: Provider, prismaMajor: number): Adapter[] {
  const prisma6 = prismaMajor < 7
  const pg = { package: '@prisma/adapter-pg', className: 'PrismaPg', ...CONNECTION_STRING }
  switch (provider) {
    case 'sqlite':
      return [
        prisma6
          ? { package: '@prisma/adapter-libsql', className: 'PrismaLibSQL', ...URL_OBJECT }
          : // Local files have no busy timeout otherwise: of several writers, all but one fail at once.
            {
              package: '@prisma/adapter-libsql',
              className: 'PrismaLibSql',
              ...URL_OBJECT,
              args: '{ url, timeout: 5000 }',
            },
        {
          package: '@prisma/adapter-better-sqlite3',
          className: prisma6 ? 'PrismaBetterSQLite3' : 'PrismaBetterSqlite3',
          ...URL_OBJECT,
        },
        {
          package: '@prisma/adapter-d1',
          className: prisma6 ? 'PrismaD1HTTP' : 'PrismaD1Http',
          args: `{ ${D1_ENV.join(', ')} }`,
          inputs: { env: D1_ENV },
        },
      ]
    case 'postgresql':
      return [pg, { package: '@prisma/adapter-neon', className: 'PrismaNeon', ...CONNECTION_STRING }]
    case 'cockroachdb':
      return [pg]
    case 'mysql':
      return [
        { package: '@prisma/adapter-mariadb', className: 'PrismaMariaDb', ...URL_STRING },
        { package: '@prisma/adapter-planetscale', className: 'PrismaPlanetScale', ...URL_OBJECT },
      ]
    case 'sqlserver':
      return [{ package: '@prisma/adapter-mssql', className: 'PrismaMssql', ...URL_STRING }]
    case 'mongodb':
      return []
  }
}

function adapterFor(project: PrismaProject, provider: Provider, generator: Generator | undefined): Adapter | undefined {
  const [ordinary, ...others] = adaptersOf(provider, project.prismaMajor)
  const all = ordinary ? [ordinary, ...others] : []
  const present =
    all.find((adapter) => project.dependencies.has(adapter.package)) ??
    all.find((adapter) => isInstalled(project.root, adapter.package))
  if (project.prismaMajor >= 7 || generator?.engineType === 'client') return present ?? ordinary
  return generator?.previewFeatures.some((feature) => /^(driverAdapters|queryCompiler)$/.test(feature))
    ? present
    : undefined
}

function hasPackage(project: PrismaProject, name: string): boolean {
  return project.dependencies.has(name) || isInstalled(project.root, name)
}

/** `env('X')`, `process.env.X` or `process.env['X']`. */
const VARIABLE = /\benv\s*(?:<[^>]*>)?\(\s*['"`](\w+)['"`]|\bprocess\.env(?:\.(\w+)|\[\s*['"`](\w+)['"`]\s*\])/g

function urlSource({ root, info, configText, prismaMajor }: PrismaProject, set: NodeJS.ProcessEnv): UrlSource {
  const { datasource } = info
  const code = withoutJsComments(configText)
  const expression = /\bdatasource\s*:\s*\{[\s\S]*?\burl\s*:\s*([^,}]*)/.exec(code)?.[1] ?? ''
  const inConfig = [...expression.matchAll(VARIABLE)].flatMap(
    ([, called, dotted, quoted]) => called ?? dotted ?? quoted ?? [],
  )
  const operators = expression.replace(/(['"`])(?:(?!\1)[\s\S])*\1/g, '')
  const unsure = !datasource?.urlEnv && /(?<!\?)\?(?![?.])/.test(operators)
  const [env, otherEnv] = datasource?.urlEnv ? [datasource.urlEnv] : unsure ? [] : [...new Set(inConfig)]
  const inSchema = datasource?.url?.startsWith('file:') ? datasource.url : undefined
  // Prisma 6 takes a path in the schema from the schema's folder, adapters take it from the current directory.
  const fallback =
    inSchema && datasource && prismaMajor < 7
      ? fileUrlFrom(root, dirname(datasource.file), inSchema)
      : /['"`](file:[^'"`$]+)['"`]/.exec(expression)?.[1]
  const name = env ?? 'DATABASE_URL'
  const hasSchema = schemaInUrl(variable(name, root, set)) !== undefined
  const literal = env === undefined && fallback !== undefined
  return { env: name, otherEnv, unsure, fallback, literal, hasSchema }
}

function fileUrlFrom(root: string, folder: string, url: string): string {
  const path = url.slice('file:'.length)
  if (/^[/\\]|^[A-Za-z]:/.test(path)) return url
  return `file:${relativeSpecifier(root, resolve(folder, path)).replaceAll('\\', '/')}`
}
