import { codeOf, messageOf, read, withoutUrls } from '../define/errors.js'

/** What something thrown by a query says, wherever Prisma, its adapter or the driver has put it. */
export interface DriverError {
  /** Prisma's own code, `P1001`. */
  prismaCode: string | undefined
  /** The database's or the driver's: a SQLSTATE (`28P01`), a number of MySQL (`1045`), `SQLITE_BUSY`, `ECONNREFUSED`. */
  code: string | undefined
  /** What the adapter calls it: `AuthenticationFailed`; or whose code it is: `postgres`, `mysql`, `sqlite`, `mssql`. */
  kind: string | undefined
  /** The database's own reason, without Prisma's frame around it and without connection URLs. */
  reason: string
  /** All that was said, for those that give no code. */
  words: string
}

/** What the adapters of Prisma keep of a driver's error. */
interface AdapterCause {
  kind?: unknown
  originalCode?: unknown
  originalMessage?: unknown
  extendedCode?: unknown
  reason?: unknown
  cause?: unknown
}

const PRISMA_CODE = /^P\d{4}$/
/** What MariaDB's driver puts before a message: `(conn:230, no: 1045, SQLState: 28000) `. */
const MARIADB = /\(conn:-?\d+, no: (\d+), SQLState: \w+\)\s*/
const MARIADB_POOL = '45028'
const SYSTEM_CODE = /\bE(?:CONN[A-Z]+|NOTFOUND|AI_AGAIN|TIMEDOUT|PIPE|HOSTUNREACH|NETUNREACH|ACCES|NOENT)\b/
/** What Prisma writes of a raw query, and of one with no code of its own. */
const QUOTED = /Code: `([^`]*)`\. Message: `([\s\S]*?)`$/
/** What Prisma 6 writes of an error of its query engine: the engine's data, as Rust prints it. */
const ENGINE =
  /(Postgres|Mysql|Sqlite|Token)Error ?\{ (?:extended_)?code: "?(\w+)"?,[\s\S]*?message: (?:Some\()?"((?:[^"\\]|\\.)*)"/
const ENGINE_KINDS: Record<string, string> = { Postgres: 'postgres', Mysql: 'mysql', Sqlite: 'sqlite', Token: 'mssql' }

/** Reads what was thrown. Pure; knows every shape of Prisma 6 and 7, of their adapters, and of the drivers below. */
export function readDriverError(thrown: unknown): DriverError {
  const said = body(messageOf(thrown))
  const prismaCode = [codeOf(thrown), textAt(thrown, 'errorCode')].find((code) => code && PRISMA_CODE.test(code))
  const cause = adapterCauseOf(thrown)
  const found = cause ? ofAdapter(cause, said) : (ofEngine(thrown, said) ?? ofDriver(thrown, said))
  const words = [said, cause?.kind, cause?.originalMessage, found.reason].filter(Boolean).join('\n')
  return { prismaCode, ...found, reason: withoutUrls(tidy(found.reason)), words }
}

type Found = Pick<DriverError, 'code' | 'kind' | 'reason'>

function ofAdapter(cause: AdapterCause, said: string): Found {
  const kind = text(cause.kind)
  const code = text(cause.originalCode)
  // A pool that gets no connection says only that it waited; why is in what it was waiting for.
  const behind = code === MARIADB_POOL ? text(cause.cause) : undefined
  if (behind !== undefined) return ofMariaDb(behind)
  const extended = kind === 'sqlite' && typeof cause.extendedCode === 'number' ? String(cause.extendedCode) : undefined
  const named = code !== undefined && /^SQLITE_/.test(code)
  const reason = text(cause.originalMessage) ?? text(cause.reason) ?? QUOTED.exec(said)?.[2] ?? said
  return { kind, code: named ? code : (extended ?? code), reason }
}

function ofMariaDb(message: string): Found {
  const code = MARIADB.exec(message)?.[1] ?? SYSTEM_CODE.exec(message)?.[0]
  return { kind: code && /^\d+$/.test(code) ? 'mysql' : undefined, code, reason: message.replace(MARIADB, '') }
}

function ofEngine(thrown: unknown, said: string): Found | undefined {
  const [, name, code, message] = ENGINE.exec(said) ?? []
  if (name !== undefined) return { kind: ENGINE_KINDS[name], code, reason: message?.replaceAll('\\"', '"') ?? said }
  const meta = objectAt(thrown, 'meta')
  const [, quotedCode, quoted] = QUOTED.exec(said) ?? []
  const given = text(meta?.code) ?? quotedCode
  if (given === undefined) return undefined
  const known = given === 'N/A' || given === 'unknown' ? undefined : given
  return { kind: undefined, code: known, reason: text(meta?.message) ?? quoted ?? said }
}

/** The driver's own error, or one around it. */
function ofDriver(thrown: unknown, said: string): Found {
  if (MARIADB.test(said)) return ofMariaDb(said)
  const own = codeOf(thrown)
  const errno = valueAt(thrown, 'errno')
  const isMariaDb = typeof errno === 'number' && errno > 0 && valueAt(thrown, 'sqlMessage') !== undefined
  if (isMariaDb) return { kind: 'mysql', code: String(errno), reason: text(valueAt(thrown, 'sqlMessage')) ?? said }
  if (own && !PRISMA_CODE.test(own)) return { kind: undefined, code: own, reason: said || innerReason(thrown) }
  const inner = valueAt(thrown, 'cause') ?? firstOf(valueAt(thrown, 'errors'))
  const innerCode = codeOf(inner)
  if (inner instanceof Error && innerCode !== undefined && !PRISMA_CODE.test(innerCode))
    return { kind: undefined, code: innerCode, reason: said || inner.message }
  return { kind: undefined, code: SYSTEM_CODE.exec(said)?.[0], reason: said || innerReason(thrown) }
}

/** Node's error for a host with several addresses says nothing by itself. */
function innerReason(thrown: unknown): string {
  const first = firstOf(valueAt(thrown, 'errors'))
  return first instanceof Error ? first.message : (codeOf(thrown) ?? 'no reason given')
}

function adapterCauseOf(thrown: unknown): AdapterCause | undefined {
  const candidates = [
    valueAt(objectAt(objectAt(thrown, 'meta'), 'driverAdapterError'), 'cause'),
    valueAt(thrown, 'cause'),
  ]
  return candidates.find((cause): cause is AdapterCause => text(valueAt(cause, 'kind')) !== undefined)
}

/** Prisma's messages open with the call and some lines of code, up to the one with the arrow; the rest is what happened. */
function body(message: string): string {
  if (!/^Invalid `[^\n]*invocation/.test(message)) return message
  const lines = message.split('\n')
  const arrow = lines.findIndex((line) => line.startsWith('→ '))
  const from = arrow === -1 ? lines.findIndex((line) => line.trim() === '') : arrow + 1
  return lines.slice(from).join('\n').trim() || message
}

/** Without the state of the pool, which is no reason. */
function tidy(reason: string): string {
  return reason
    .split('\n')
    .filter((line) => !/^\s*\(pool connections: active=0 /.test(line))
    .join('\n')
    .trim()
}

function valueAt(of: unknown, key: string): unknown {
  return read(of, key)
}

function objectAt(of: unknown, key: string): Record<string, unknown> | undefined {
  const value = valueAt(of, key)
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
}

function textAt(of: unknown, key: string): string | undefined {
  return text(valueAt(of, key))
}

function firstOf(list: unknown): unknown {
  return read(list, '0')
}

function text(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value)
  return typeof value === 'string' && value !== '' ? value : undefined
}
