import { Stream } from 'node:stream'
import { types } from 'node:util'
import { plainly } from '../define/thrown.js'
import { type LeftOver, Operations } from './operations.js'

/**
 * Calls back when all that is ready to go on has gone on, before timers and connections have their turn: a claim should
 * not wait for those between its work and its record. Taken at once, because tests of a team's may put it on hold.
 */
const { nextTick } = process

/** A team's own code ended before its work did. It would again: not to be tried again, and no row is to blame. */
export class Unawaited extends Error {}

/**
 * Runs a team's own code, and throws `Unawaited` when it left work behind that nobody waits for: operations of its
 * client that still run, or never will, or promises in what it returned. Whatever it left is given `graceMs` to end,
 * for it must not be at work when the record is settled, or the code runs again. `onLate` hears of what begins later.
 */
export async function allAwaited<Client extends object>(
  client: Client,
  { graceMs, onLate }: { graceMs: number; onLate(message: string): void },
  work: (client: Client) => unknown,
): Promise<void> {
  const begunLate: string[] = []
  let judged = false
  let told = false
  const operations = new Operations((name) => {
    if (!judged) begunLate.push(name)
    else if (!told) onLate(late(name))
    told = judged
  })
  try {
    const returned = await work(operations.watch(client))
    const { running } = operations.end()
    const fault = await faultOf(returned)
    // What was begun without being awaited may be a few steps away from its first operation.
    await new Promise((resolve) => nextTick(resolve))
    const left = fault ?? faultLeft({ running: [...running, ...begunLate], neverRun: operations.left.neverRun })
    if (left !== undefined) throw new Unawaited(left)
  } catch (error) {
    await operations.quiet(graceMs)
    throw plainly(error)
  } finally {
    judged = true
  }
}

function late(name: string): string {
  return `\`${name}\` started after \`run\` returned: the code that calls it is not awaited, and its work may be lost. Await it in \`run\`.`
}

const HOW = 'Await everything that `run` starts: `for (const row of rows) await …`, or `await Promise.all(rows.map(…))`'

function faultLeft({ running, neverRun }: LeftOver): string | undefined {
  if (running.length > 0)
    return `\`run\` returned while its work was still running: ${listed(running)}. ${HOW}. \`forEach\` doesn't wait for async functions.`
  if (neverRun.length > 0) return `${listed(neverRun)} never ran: Prisma runs an operation when you await it. ${HOW}.`
  return undefined
}

/** `post.update (3 times), $executeRaw` */
function listed(names: readonly string[]): string {
  const times = new Map<string, number>()
  for (const name of names) times.set(name, (times.get(name) ?? 0) + 1)
  const all = [...times].map(([name, n]) => `\`${name}\`${n > 1 ? ` (${n} times)` : ''}`)
  return all.length > 5 ? `${all.slice(0, 5).join(', ')} and ${all.length - 5} more` : all.join(', ')
}

/** What is wrong with what `run` returned, which nobody looks at: work that is in it is not waited for. */
async function faultOf(returned: unknown): Promise<string | undefined> {
  if (typeof returned === 'function') return '`run` returned a function. Call the function and await it.'
  if (typeof returned !== 'object' || returned === null) return undefined
  if (isIterator(returned))
    return '`run` is a generator or returned one, so its code did not run. Use `async run()`, without `*`, and `await`.'
  if (returned instanceof Stream && isOpen(returned))
    return '`run` returned a stream that has not ended. Await it with `finished` or `pipeline` from `node:stream/promises`.'
  if (Array.isArray(returned) && (await holdsWork(returned)))
    return '`run` returned an array of promises, which is not awaited. Return `Promise.all(…)`.'
  return undefined
}

/**
 * What is wrong with what a backfill's `update` returned: work that is not done, where the row's new values should be.
 *
 * @example unwritable({ slug: Promise.resolve('x') }) // 'a promise for slug: await it'
 */
export function unwritable(data: object): string | undefined {
  if (typeof data === 'function') return 'a function: return data instead'
  if (isIterator(data)) return 'a generator: use a plain function, without `*`'
  if (Array.isArray(data)) return 'an array: return one object with the fields that change'
  const field = Object.keys(data).find((key) => isThenable((data as Record<string, unknown>)[key]))
  return field === undefined ? undefined : `a promise for ${field}: await it`
}

async function holdsWork(values: readonly unknown[]): Promise<boolean> {
  for (const value of values.flat(Number.POSITIVE_INFINITY)) {
    // Only a promise that is one can be looked at without being begun.
    if (isThenable(value) && !(types.isPromise(value) && (await isSettled(value)))) return true
  }
  return false
}

/** Rejects with what it rejected with: then that is what went wrong. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  const pending = {}
  return (await Promise.race([promise, pending])) !== pending
}

function isThenable(value: unknown): boolean {
  return typeof (value as PromiseLike<unknown> | null | undefined)?.then === 'function'
}

function isIterator(value: object): boolean {
  return (
    'next' in value && typeof value.next === 'function' && (Symbol.iterator in value || Symbol.asyncIterator in value)
  )
}

function isOpen(stream: Stream): boolean {
  const { destroyed, readableEnded, writableFinished } = stream as Partial<
    Record<'destroyed' | 'readableEnded' | 'writableFinished', boolean>
  >
  return destroyed === false && (readableEnded === false || writableFinished === false)
}
