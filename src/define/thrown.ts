import { messageOf, read } from './errors.js'

/** What was thrown, as text: without connection URLs, and short enough for a column. */
export interface Thrown {
  /** What happened and what caused it. */
  message: string
  /** The same with the name of the error, and where each was thrown. */
  stack: string
}

/** How far causes are followed, and how many errors of one are listed. */
const MOST_CAUSES = 8
const MOST_ERRORS = 10

/**
 * Tells what was thrown, whatever it is, with all that it says about why: its causes, the errors it is made of, what a
 * driver or Prisma put beside the message. Never throws.
 *
 * @example describeThrown(new Error('no slug', { cause: new Error('timeout') })).message // 'no slug\nCaused by: Error: timeout'
 */
export function describeThrown(thrown: unknown): Thrown {
  const told = (stacks: boolean) => messageOf(textOf(thrown, { seen: new Set(), stacks }))
  return { message: told(false), stack: told(true) }
}

interface Telling {
  /** Errors that were told, or are being told. */
  seen: Set<unknown>
  stacks: boolean
}

function textOf(thrown: unknown, telling: Telling): string {
  const own = (telling.stacks ? stackOf(thrown) : messageOf(thrown)) || 'an empty string'
  return [own, ...besides(thrown, own, telling)].join('\n')
}

/** What stands beside an error's own text: a line of details, its errors, its causes. */
function besides(thrown: unknown, told: string, telling: Telling): string[] {
  telling.seen.add(thrown)
  const details = detailsOf(thrown, told, telling)
  return [...(details === '' ? [] : [details]), ...listed(thrown, telling), ...causes(thrown, told, telling)]
}

/** The causes that are not told yet, one after the other: who wraps an error often repeats its message, or its stack. */
function causes(thrown: unknown, told: string, telling: Telling): string[] {
  const cause = read(thrown, 'cause')
  if (cause === undefined || cause === null || telling.seen.has(cause) || telling.seen.size > MOST_CAUSES) return []
  if (told.includes((telling.stacks && framesOf(cause)) || messageOf(cause))) return besides(cause, told, telling)
  const own = telling.stacks ? stackOf(cause) : named(cause)
  return [`Caused by: ${own}`, ...besides(cause, `${told}\n${own}`, telling)]
}

/** The errors of an `AggregateError`, as of `Promise.any`, or of a `SuppressedError`, as of `await using`. */
function listed(thrown: unknown, { seen, stacks }: Telling): string[] {
  const errors = errorsOf(thrown)
  const told = errors.slice(0, MOST_ERRORS).map((error, i) => {
    const telling = { seen: new Set(seen), stacks }
    const own = stacks ? stackOf(error) : named(error)
    const text = seen.has(error) ? own : [own, ...besides(error, own, telling)].join('\n')
    return `  ${i + 1}. ${text.replaceAll('\n', '\n     ')}`
  })
  return errors.length > told.length ? [...told, `  … and ${errors.length - told.length} more`] : told
}

function errorsOf(thrown: unknown): unknown[] {
  const errors = read(thrown, 'errors')
  try {
    if (Array.isArray(errors)) return [...errors]
  } catch {
    // A proxy that was revoked.
  }
  const suppressed = read(thrown, 'suppressed')
  return suppressed === undefined ? [] : [read(thrown, 'error'), suppressed]
}

/** Of what others put on their errors, only what is known to be no secret: requests carry keys. */
const DETAILS = ['status', 'statusCode', 'detail', 'hint', 'constraint', 'sqlState'] as const

/** A code is for who looks closer; what it means stands in the message. */
function detailsOf(thrown: unknown, told: string, { stacks }: Telling): string {
  if (!isTold(thrown)) return ''
  const meta = read(thrown, 'meta')
  const driver = read(read(meta, 'driverAdapterError'), 'cause')
  const details: [string, unknown][] = [
    ...(stacks ? ['code', ...DETAILS] : DETAILS).map((key): [string, unknown] => [key, read(thrown, key)]),
    ['model', read(meta, 'modelName')],
    ['driver message', read(driver, 'originalMessage')],
  ]
  return details
    .flatMap(([name, value]) => {
      const text =
        typeof value === 'string' || (typeof value === 'number' && name !== 'code') ? messageOf(`${value}`) : ''
      return text === '' || told.includes(text) ? [] : [`${name}: ${text}`]
    })
    .join(', ')
}

/** Whether its text is a message, and not already all of it. Ours tell what they have to. */
function isTold(thrown: unknown): boolean {
  return typeof read(thrown, 'message') === 'string' && read(thrown, 'name') !== 'AfterPartyError'
}

function named(thrown: unknown): string {
  const name = read(thrown, 'name')
  const message = messageOf(thrown)
  return typeof name === 'string' && typeof read(thrown, 'stack') === 'string' && !message.startsWith(name)
    ? messageOf(`${name}: ${message}`)
    : message
}

function stackOf(thrown: unknown): string {
  const stack = read(thrown, 'stack')
  return typeof stack === 'string' && stack !== '' ? messageOf(stack) : named(thrown)
}

/** Where an error was thrown; empty for what has no stack. */
function framesOf(thrown: unknown): string {
  const lines = stackOf(thrown).split('\n')
  const first = lines.findIndex((line) => /^\s+at /.test(line))
  return first === -1 ? '' : lines.slice(first).join('\n')
}

/**
 * What a team's own code threw, as everybody below may read it: an error that says what could be read, where reading
 * it throws, and where there is nothing to read.
 *
 * @example plainly(undefined) // Error: undefined was thrown
 */
export function plainly(thrown: unknown): unknown {
  if (thrown === undefined || thrown === null) return withoutStack(`${thrown} was thrown`)
  if (typeof thrown !== 'object') return thrown
  return isReadable(thrown) ? thrown : withoutStack(describeThrown(thrown).message)
}

/** Ours would only show where it was replaced. */
function withoutStack(message: string): Error {
  return Object.assign(new Error(message), { stack: '' })
}

/** Whether an error, and what it says was its cause, can be asked for all that anybody here asks of one. */
function isReadable(thrown: object): boolean {
  try {
    const { message = '', stack = '', name, code } = thrown as Record<string, unknown>
    const isError = thrown instanceof Error
    const { cause } = thrown as { cause?: unknown }
    const { kind = '', originalMessage = '' } = (cause ?? {}) as Record<string, unknown>
    const texts = `${'cause' in thrown}${kind}${originalMessage}${String(name)}${String(code)}`
    return texts !== '' && (!isError || (typeof message === 'string' && typeof stack === 'string'))
  } catch {
    return false
  }
}
