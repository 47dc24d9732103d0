import { renderTemplate, stringLiteral } from '../templates.js'
import type { Adapter, ClientSetup, UrlSource } from './client-setup.js'
import type { ClientModule } from './existing-client.js'

/** What the config is fitted to. Paths are relative to it, with forward slashes. */
export interface ConfigTextOptions {
  setup: ClientSetup
  tasks: string
  /** Only when the migrations are not in prisma/migrations. */
  migrations?: string | undefined
  /** Begin with `import 'dotenv/config'`. */
  dotenv: boolean
  /** There is a `.env` that nothing else loads. */
  env: boolean
  /** Write TypeScript, with the types of the client. */
  typescript: boolean
}

/** The text of a project's `after-party.config.ts`, or `.mjs` where the project is plain JavaScript. */
export function configText({ setup, tasks, migrations = '', dotenv, env, typescript }: ConfigTextOptions): string {
  const { existing, adapter } = setup
  const own = existing && ownName(existing.name)
  const needsPlain = existing === undefined || needsOwnLedger(existing)
  const imports = [
    existing && own && importLine(existing.isDefault ? own : renamed(existing.name, own), existing.specifier),
    needsPlain && importLine('{ PrismaClient }', setup.clientSpecifier),
    needsPlain && adapter && importLine(`{ ${adapter.className} }`, adapter.package),
  ].filter((line) => typeof line === 'string')
  const plain = plainClient(adapter, setup.url)
  return renderTemplate('config', {
    dotenv,
    // Too late for a client that is made as its module is imported.
    loadEnv: env && !dotenv && (existing === undefined || existing.kind === 'factory'),
    imports,
    clientComment: commentOf(setup),
    client: own === undefined ? plain : existing?.kind === 'instance' ? `() => ${own}` : own,
    ledgerClient: own !== undefined && needsPlain ? plain : '',
    tasks,
    migrations,
    typescript,
  })
}

/** Whether the ledger needs a client besides the project's: one that is made anew each time, and plain, serves both. */
export function needsOwnLedger({ kind, isExtended }: Pick<ClientModule, 'kind' | 'isExtended'>): boolean {
  return kind !== 'factory' || isExtended
}

/** A name of the import that is not the name of what the config exports. */
function ownName(name: string): string {
  if (name === 'client') return 'appClient'
  return ['ledgerClient', 'defineConfig', 'PrismaClient'].includes(name) ? `${name}OfApp` : name
}

function renamed(name: string, own: string): string {
  return name === own ? `{ ${name} }` : `{ ${name} as ${own} }`
}

function importLine(what: string, from: string): string {
  return `import ${what} from ${stringLiteral(from)}`
}

function commentOf({ existing }: ClientSetup): string {
  return existing && needsOwnLedger(existing)
    ? 'The Prisma client of the tasks.'
    : 'Called twice: for the ledger and for the tasks.'
}

/** A function that makes a client, and says which variable it misses rather than connect to a default. */
function plainClient(adapter: Adapter | undefined, url: UrlSource): string {
  if (!adapter) return '() => new PrismaClient()'
  const hasSchema = url.hasSchema && 'url' in adapter.inputs && adapter.inputs.url === 'connectionString'
  const schema = "const schema = new URL(connectionString).searchParams.get('schema') ?? 'public'"
  const lines = [
    ...('env' in adapter.inputs ? readEnv(adapter.inputs.env) : readUrl(adapter.inputs.url, url)),
    ...(hasSchema ? [schema] : []),
    `return new PrismaClient({ adapter: new ${adapter.className}(${adapter.args}${hasSchema ? ', { schema }' : ''}) })`,
  ]
  return ['() => {', ...lines.map((line) => `  ${line}`), '}'].join('\n')
}

function readUrl(name: string, { env, otherEnv, fallback, literal }: UrlSource): string[] {
  const names = literal ? [] : [env, ...(otherEnv === undefined ? [] : [otherEnv])]
  const read = names.map((each) => `process.env.${each}`)
  if (fallback !== undefined) return [`const ${name} = ${[...read, stringLiteral(fallback)].join(' ?? ')}`]
  const missing = otherEnv === undefined ? `${env} is not set` : `neither ${env} nor ${otherEnv} is set`
  return [`const ${name} = ${read.join(' ?? ')}`, `if (!${name}) throw new Error('${missing}')`]
}

function readEnv(names: readonly string[]): string[] {
  return [
    `const { ${names.join(', ')} } = process.env`,
    `if (${names.map((name) => `!${name}`).join(' || ')}) {`,
    `  throw new Error('${names.slice(0, -1).join(', ')} and ${names.at(-1)} must be set')`,
    '}',
  ]
}
