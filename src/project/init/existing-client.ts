import { readdir, readFile } from 'node:fs/promises'
import { basename, dirname, join, parse, resolve, sep } from 'node:path'
import { withoutJsComments } from '../schema/prisma-config.js'

/** What a module exports that gives a client: a function that makes one each time, or the one it made. */
export interface ClientExport {
  kind: 'factory' | 'instance' | 'getter'
  name: string
  isDefault: boolean
}

/** A module of the project that makes its client. */
export interface ClientModule extends ClientExport {
  path: string
  /** It gives the client to `$extends`. */
  isExtended: boolean
  /** Its client reaches the database through Prisma Accelerate. */
  isAccelerated: boolean
}

const FOLDERS = ['src', 'lib', 'app', 'server', 'db', 'utils', 'prisma']
const DEEPEST = 4
const SKIPPED = /^(node_modules|generated|dist|build|out|coverage|migrations|after-party|__\w+__|tests?|\..*)$/
const SOURCE = /(?<!\.d)\.[cm]?[jt]s$/
const NOT_THE_APP = /(^|[._-])(test|spec|seed|seeds|e2e|mock|mocks|fixture|fixtures|stories|config)([._-]|$)/i
const LIKELY = /^(prisma|db|client|database|prisma[-_.]?client|prisma[-_.]?db)$/i
/** Modules that only a framework can load. */
const BOUND =
  /['"](server-only|client-only|\$env\/|\$app\/|cloudflare:|astro:|bun:|#imports)|import\.meta\.env|^\s*['"]use (client|server)['"]/m

/** What was found: the module to use; or, where there is none, one that only a framework can load. */
export interface FoundModule {
  module: ClientModule | undefined
  passedOver: string | undefined
}

/** Where a schema's client is generated; undefined for `@prisma/client`. */
export type ClientOutput = string | undefined

/** Looks for the module that makes the client of the project. Of several, the likeliest by its name and place. */
export async function findClientModule(root: string, output: ClientOutput): Promise<FoundModule> {
  const top = await sourcesIn(root, 0)
  const below = await Promise.all(FOLDERS.map((folder) => sourcesIn(join(root, folder), DEEPEST)))
  const modules: ClientModule[] = []
  let passedOver: string | undefined
  for (const path of [...top, ...below.flat()]) {
    const text = await readFile(path, 'utf8').catch(() => '')
    const found = readClientExport(text)
    if (found && !isOfAnotherSchema(text, path, output)) modules.push({ ...found, path, ...traitsOf(text) })
    else if (!found && isLikely(path) && makesClient(text)) passedOver ??= path
  }
  const rank = ({ path, kind }: ClientModule) =>
    (isLikely(path) ? 0 : 1000) + (kind === 'factory' ? 0 : 100) + path.split(/[\\/]/).length
  const [module] = modules.sort((a, b) => rank(a) - rank(b) || (a.path < b.path ? -1 : 1))
  return { module, passedOver: module ? undefined : passedOver }
}

const CLIENT_IMPORT =
  /\bimport\s*\{[^}]*\bPrismaClient\b[^}]*\}\s*from\s*['"]([^'"]+)['"]|\{[^}]*\bPrismaClient\b[^}]*\}\s*=\s*require\(\s*['"]([^'"]+)['"]/

/** Whether a module imports `PrismaClient` from where another schema's is generated. An alias is trusted. */
function isOfAnotherSchema(text: string, path: string, output: ClientOutput): boolean {
  const [, imported, required] = CLIENT_IMPORT.exec(withoutJsComments(text)) ?? []
  const from = imported ?? required
  if (from === '@prisma/client') return output !== undefined
  if (!from?.startsWith('.')) return false
  const place = resolve(dirname(path), from)
  return output === undefined || !`${place}${sep}`.startsWith(`${output}${sep}`)
}

function traitsOf(text: string): Pick<ClientModule, 'isExtended' | 'isAccelerated'> {
  const code = withoutJsComments(text)
  return { isExtended: /\.\$extends\b/.test(code), isAccelerated: /\baccelerateUrl\b/.test(code) }
}

function makesClient(text: string): boolean {
  return /\bnew\s+PrismaClient\b/.test(withoutJsComments(text))
}

/**
 * Reads from a module's text what it exports that gives a client.
 *
 * @example readClientExport('export const db = new PrismaClient()') // { kind: 'instance', name: 'db', isDefault: false }
 */
export function readClientExport(text: string): ClientExport | undefined {
  const code = withoutJsComments(text.replaceAll('\r\n', '\n'))
  if (!/\bnew\s+PrismaClient\b/.test(code) || BOUND.test(code)) return undefined
  const statements = code.split(/\n(?=[A-Za-z])/)
  const clients = clientsIn(statements)
  const exported = statements
    .flatMap((statement) => exportsOf(statement))
    .flatMap(({ local, name }) => {
      const kind = clients.get(local)
      const isDefault = name === 'default'
      if (!kind || kind === 'private' || !(CLIENT_NAME.test(name) || isDefault)) return []
      return { kind, name: local === UNNAMED ? 'prisma' : isDefault ? local : name, isDefault }
    })
  const first = (wanted: (found: ClientExport) => boolean) => exported.find(wanted)
  return first(({ kind }) => kind === 'factory') ?? first(({ name }) => name === 'prisma') ?? exported[0]
}

const CLIENT_NAME = /prisma|db|database|client/i
const FUNCTION = /^(?:export\s+)?(?:default\s+)?(async\s+)?function\s+(\w+)\s*(\([^)]*\))/
const VARIABLE = /^(?:export\s+)?(?:const|let|var)\s+(\w+)(?:[^=]|=>)*?=(?![>=])\s*([\s\S]*)$/
const ASSIGNMENT = /^(?:module\.)?exports\.(\w+)\s*=\s*([\s\S]*)$/
const ARROW = /^(async\s+)?(?:function\s*\w*\s*)?(\([^)]*\)|\w+)\s*(?::[^={]+)?(?:=>|\{)/

/** Functions that give a function: React's, lodash's. */
const CACHED = /^(?:React\.|_\.)?(?:cache|once|memoize|memo|lazy)\s*(?:<[^>]*>)?\(\s*(?:\(\s*\)|function\b)/
/** A plugin of Fastify gets its server, and gives no client. */
const PLUGIN = /^(?:fp|fastifyPlugin|definePlugin|defineNitroPlugin)\s*(?:<[^>]*>)?\(/

/** What `export default new PrismaClient()` is called here. */
const UNNAMED = '(unnamed)'

/** `private` is a function that gives a client, but can't be called without arguments, or not without waiting. */
type Kind = ClientExport['kind'] | 'private'

function clientsIn(statements: readonly string[]): Map<string, Kind> {
  const clients = new Map<string, Kind>([[UNNAMED, 'instance']])
  // Twice, because a function may stand below the statement that calls it.
  for (const statement of [...statements, ...statements]) {
    const [, isAsync, functionName, parameters] = FUNCTION.exec(statement) ?? []
    if (functionName && parameters !== undefined) {
      if (givesClient(statement, clients))
        clients.set(functionName, functionKind(functionName, statement, isAsync, parameters))
      continue
    }
    const [, name, value] = VARIABLE.exec(statement) ?? ASSIGNMENT.exec(statement) ?? []
    if (!name || value === undefined || !givesClient(value, clients)) continue
    const arrow = ARROW.exec(value)
    if (arrow?.[2] !== undefined) clients.set(name, functionKind(name, value, arrow[1], arrow[2]))
    else clients.set(name, PLUGIN.test(value) ? 'private' : CACHED.test(value) ? 'getter' : 'instance')
  }
  return clients
}

function givesClient(code: string, clients: ReadonlyMap<string, Kind>): boolean {
  if (/\bnew\s+PrismaClient\b/.test(code)) return true
  return [...clients].some(([name, kind]) =>
    new RegExp(kind === 'instance' ? `\\b${name}\\.\\$extends\\b|^${name};?\\s*$` : `\\b${name}\\s*\\(`).test(code),
  )
}

function functionKind(name: string, code: string, isAsync: string | undefined, parameters: string): Kind {
  const required = parameters
    .replace(/^\(|\)$/g, '')
    .split(',')
    .some((one) => one.trim() && !/[?=]/.test(one))
  if (isAsync || required) return 'private'
  const remembers = /global|\?\?=|\|\|=|if\s*\(\s*!\s*\w+\s*\)/i.test(code)
  return remembers || /^get[A-Z]/.test(name) ? 'getter' : 'factory'
}

function exportsOf(statement: string): { local: string; name: string }[] {
  const declared = /^export\s+(?:async\s+)?(?:const|let|var|function)\s+(\w+)/.exec(statement)?.[1]
  if (declared) return [{ local: declared, name: declared }]
  if (/^(?:export\s+default|module\.exports\s*=)\s+new\s+PrismaClient\b/.test(statement)) {
    return [{ local: UNNAMED, name: 'default' }]
  }
  const byDefault = /^(?:export\s+default|module\.exports\s*=)\s+(?:async\s+)?(?:function\s+)?(\w+)/.exec(
    statement,
  )?.[1]
  if (byDefault) return [{ local: byDefault, name: 'default' }]
  const assigned = ASSIGNMENT.exec(statement)?.[1]
  if (assigned) return [{ local: assigned, name: assigned }]
  const list = /^export\s*\{([^}]*)\}(?!\s*from)/.exec(statement)?.[1]
  const object = /^module\.exports\s*=\s*\{([^}]*)\}/.exec(statement)?.[1]
  return (list ?? object ?? '').split(',').flatMap((item) => {
    const [first, second] = item.trim().split(list === undefined ? /\s*:\s*/ : /\s+as\s+/)
    if (!first) return []
    return list === undefined ? { local: second ?? first, name: first } : { local: first, name: second ?? first }
  })
}

function isLikely(path: string): boolean {
  const { name } = parse(path)
  return LIKELY.test(name === 'index' ? basename(dirname(path)) : name)
}

async function sourcesIn(folder: string, depth: number): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
  const sources = await Promise.all(
    entries.map((entry) => {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) return depth > 1 && !SKIPPED.test(entry.name) ? sourcesIn(path, depth - 1) : []
      return SOURCE.test(entry.name) && !NOT_THE_APP.test(entry.name) ? [path] : []
    }),
  )
  return sources.flat().sort()
}
