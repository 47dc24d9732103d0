import { inspect } from 'node:util'

/**
 * The kind of an error, for programs. `held`: another run holds the task. With every other code nothing ran, because
 * something must be fixed first.
 */
export type ErrorCode =
  | 'usage'
  | 'config-missing'
  | 'config-invalid'
  | 'client-invalid'
  | 'client-not-generated'
  | 'tables-missing'
  | 'ledger-outdated'
  | 'database-unreachable'
  | 'database-refused'
  | 'migrations-not-applied'
  | 'prisma-unsupported'
  | 'project-not-found'
  | 'schema-not-found'
  | 'schema-conflict'
  | 'schema-refused'
  | 'params-invalid'
  | 'tag-unknown'
  | 'task-unknown'
  | 'task-name-invalid'
  | 'task-name-taken'
  | 'tasks-invalid'
  | 'gates-invalid'
  | 'template-invalid'
  | 'file-unusable'
  | 'environment-left-out'
  | 'wrong-database'
  | 'held'

/** The parts of an error message. */
export interface ErrorParts {
  /** What happened. */
  what: string
  /** Why: the cause, or a list of problems, one per line. */
  why?: string | undefined
  /** What to do next. */
  next?: string | undefined
  /** The original error. */
  cause?: unknown
}

/**
 * An error that you can fix. It says what happened, why, and what to do next. Anything else that is thrown is a bug in
 * After Party.
 *
 * @example
 * try { await party.run() } catch (error) {
 *   if (error instanceof AfterPartyError && error.code === 'held') return later()
 *   throw error
 * }
 */
export class AfterPartyError extends Error {
  override readonly name = 'AfterPartyError'
  readonly code: ErrorCode
  readonly what: string
  readonly why: string | undefined
  readonly next: string | undefined

  constructor(code: ErrorCode, { what, why, next, cause }: ErrorParts) {
    super([what, why, next].filter(Boolean).join('\n'), cause === undefined ? {} : { cause })
    this.code = code
    this.what = what
    this.why = why
    this.next = next
  }
}

const URL_IN_TEXT = /\b([a-z][a-z0-9+.-]{0,40}:\/\/)[^\s'"`]+/gi

/** Longer than any link that is worth reading. */
const LONGEST_LINK = 2_000

/** Files and links stay readable, unless a link carries a user or a key. */
const HARMLESS = /^(file|node):|^https?:\/\/(?![^/]*@)(?!.*[?&][\w-]*(key|token|secret|password|pwd|auth)[\w-]*=)/i

/**
 * Takes connection URLs out of a text, because error messages of drivers carry them and logs travel far.
 *
 * @example withoutUrls('no route to postgres://me:pw@db/app') // 'no route to postgres://…'
 */
export function withoutUrls(text: string): string {
  return text.replace(URL_IN_TEXT, (url, scheme: string) =>
    url.length <= LONGEST_LINK && HARMLESS.test(url) ? url : `${scheme}…`,
  )
}

/** Characters. Enough to see what happened; the packets of a database hold no novel. */
const LONGEST_MESSAGE = 20_000

/** The message of anything that can be thrown, without connection URLs. Never throws. */
export function messageOf(thrown: unknown): string {
  return storable(shortened(withoutUrls(wordsOf(thrown)).trim()))
}

function wordsOf(thrown: unknown): string {
  if (typeof thrown === 'string') return thrown
  const message = read(thrown, 'message')
  if (typeof message !== 'string') return inspected(thrown)
  if (message.trim() !== '' || !('stack' in Object(thrown))) return message
  const name = read(thrown, 'name')
  return typeof name === 'string' ? name : ''
}

/** A value as text: not as far down as requests keep their keys. Never throws. */
export function inspected(value: unknown): string {
  for (const customInspect of [true, false]) {
    try {
      return inspect(value, { depth: 1, breakLength: Number.POSITIVE_INFINITY, maxStringLength: 1_000, customInspect })
    } catch {
      // Its own way to be shown threw.
    }
  }
  return `a value of type ${typeof value} that can't be shown`
}

/** A property of anything: undefined where there is none, and where reading it throws. */
export function read(from: unknown, key: string): unknown {
  if ((typeof from !== 'object' && typeof from !== 'function') || from === null) return undefined
  try {
    return (from as Record<string, unknown>)[key]
  } catch {
    return undefined
  }
}

/** Cut in the middle: what happened stands at the beginning of most messages, and at the end of Prisma's. */
function shortened(text: string): string {
  if (text.length <= LONGEST_MESSAGE) return text
  const half = LONGEST_MESSAGE / 2
  return `${text.slice(0, half)}\n… (${text.length - LONGEST_MESSAGE} characters omitted) …\n${text.slice(-half)}`
}

/** A text that every database can keep: PostgreSQL takes neither NUL nor half a surrogate pair. */
export function storable(text: string): string {
  return text.replaceAll('\0', '\\0').toWellFormed()
}

/**
 * The one line of a kept error that says what happened. Prisma's messages open with where, and end with what.
 *
 * @example headline('Error: the slug is taken\n    at run (…)') // 'Error: the slug is taken'
 */
export function headline(error: string): string {
  const lines = error.split('\n')
  // Where it was thrown, and what `describeThrown` puts beside the message.
  const frames = lines.findIndex((line) => /^\s+at |^Caused by: |^code: /.test(line))
  const said = lines.slice(0, frames === -1 ? undefined : frames).flatMap((line) => line.trim() || [])
  const ofPrisma = /^PrismaClient\w+:?$|^(PrismaClient\w+: )?Invalid `.*invocation/.test(said[0] ?? '')
  return (ofPrisma ? said.at(-1) : said[0]) ?? ''
}

/** The code of a Prisma or Node error. Duck-typed: the classes live in the user's own client. */
export function codeOf(thrown: unknown): string | undefined {
  const code = read(thrown, 'code')
  return typeof code === 'string' ? code : undefined
}

/** Prisma's messages end with what happened. */
export function lastLine(text: string): string {
  return (
    text
      .split('\n')
      .filter((line) => line.trim() !== '')
      .at(-1)
      ?.trim() ?? text
  )
}
