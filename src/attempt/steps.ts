import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import type { SuperJSON, SuperJSONResult } from 'superjson'
import { inspected, messageOf } from '../define/errors.js'
import { loadSerializer } from '../define/serializer.js'
import type { Step } from '../define/task.js'
import { Unawaited } from './unawaited.js'

/** Where the results of a task's steps are kept, as one text. */
export interface StepStore {
  read(): Promise<string | null>
  /** All results so far. What it throws, the step throws. */
  write(results: string): Promise<void>
}

/** Keeps nothing: for a rehearsal, which leaves nothing. */
export const NOTHING_KEPT: StepStore = { read: async () => null, write: async () => {} }

/** A step that can't be one, or whose result can't be kept: the task must be changed, so it is not tried again. */
export class StepFault extends Error {}

const LONGEST_RESULT_KB = 64

/** The steps of one try at a task: each is done once, and its result is kept as soon as it is over. */
export class Steps {
  readonly #store: StepStore
  readonly #signal: AbortSignal
  readonly #onSkipped: (name: string) => void
  readonly #named = new Set<string>()
  readonly #running = new Map<string, Promise<unknown>>()
  #results: Promise<Map<string, SuperJSONResult>> | undefined
  #written: Promise<void> = Promise.resolve()
  #fault: StepFault | undefined
  /** The task's code has ended: no step begins. */
  #ended = false
  /** What still runs has had its time: another try may be at work, and nothing is kept any more. */
  #over = false

  constructor(given: { store: StepStore; signal: AbortSignal; onSkipped(name: string): void }) {
    this.#store = given.store
    this.#signal = given.signal
    this.#onSkipped = given.onSkipped
  }

  /** The function that the task is given. */
  readonly step: Step = async (name, run) => {
    this.#demandNew(name, run)
    this.#signal.throwIfAborted()
    const running = this.#doOnce(name, run)
    this.#running.set(name, running)
    try {
      return await running
    } finally {
      this.#running.delete(name)
    }
  }

  /** Runs the task's own code, which must await its steps. After an error, those that still run are given `graceMs`. */
  async during<T>(graceMs: number, code: () => T | Promise<T>): Promise<T> {
    try {
      const result = await code()
      if (this.#fault) throw this.#fault
      if (this.#running.size > 0) throw new Unawaited(unawaited([...this.#running.keys()]))
      return result
    } catch (error) {
      this.#ended = true
      await this.#quiet(graceMs)
      throw error
    } finally {
      this.#ended = true
      this.#over = true
    }
  }

  async #doOnce<Result>(name: string, run: () => Promise<Result> | Result): Promise<Result> {
    this.#results ??= this.#store.read().then(parsed)
    const results = await this.#results
    // Loaded by the first step: most tasks have none.
    const superjson = await loadSerializer()
    const kept = results.get(name)
    if (kept) {
      this.#onSkipped(name)
      return superjson.deserialize<Result>(kept)
    }
    const result = await run()
    results.set(name, this.#demandKeepable(name, result, superjson))
    await this.#write(results)
    return result
  }

  /** One write after the other, each with all that is done by then. */
  #write(results: ReadonlyMap<string, SuperJSONResult>): Promise<void> {
    const write = async () => {
      if (!this.#over) await this.#store.write(JSON.stringify(Object.fromEntries(results)))
    }
    const written = this.#written.then(write)
    this.#written = written.catch(() => {})
    return written
  }

  #demandNew(name: unknown, run: unknown): void {
    const fault = this.#faultOf(name, run)
    if (fault !== undefined) throw this.#noted(new StepFault(fault))
    this.#named.add(name as string)
  }

  #faultOf(name: unknown, run: unknown): string | undefined {
    if (typeof name !== 'string' || name.trim() === '')
      return `\`step\` takes a name first, as a string that isn't empty. It got ${inspected(name)}.`
    if (typeof run !== 'function') return `\`step('${name}', …)\` takes a function. It got ${inspected(run)}.`
    if (this.#ended) return `The step '${name}' started after \`run\` ended. Await every step in \`run\`.`
    if (this.#named.has(name)) return `The task has two steps with the name '${name}'. Give each step its own name.`
    return undefined
  }

  #demandKeepable(name: string, result: unknown, superjson: SuperJSON): SuperJSONResult {
    try {
      return keepable(name, result, superjson)
    } catch (error) {
      throw this.#noted(error instanceof StepFault ? error : new StepFault(cantKeep(name, messageOf(error))))
    }
  }

  /** Code that catches it does not make it right: the task fails with it all the same. */
  #noted(fault: StepFault): StepFault {
    this.#fault ??= fault
    return fault
  }

  async #quiet(ms: number): Promise<void> {
    if (this.#running.size === 0) return
    const over = new AbortController()
    const ended = Promise.allSettled(this.#running.values())
    await Promise.race([ended, sleep(ms, undefined, { signal: over.signal }).catch(() => {})])
    over.abort()
  }
}

function parsed(text: string | null): Map<string, SuperJSONResult> {
  return new Map(Object.entries(text === null ? {} : (JSON.parse(text) as Record<string, SuperJSONResult>)))
}

/** A result as it is kept. Throws when it is too large, or would not come back as it is. */
function keepable(name: string, result: unknown, superjson: SuperJSON): SuperJSONResult {
  const text = superjson.stringify(result)
  const kilobytes = Buffer.byteLength(text) / 1024
  if (kilobytes > LONGEST_RESULT_KB)
    throw new StepFault(
      `The result of the step '${name}' has ${Math.ceil(kilobytes)} KB. The maximum is ${LONGEST_RESULT_KB} KB. Return less, such as ids, or write it to a table.`,
    )
  const lost = lostIn(result, superjson.parse(text), 'it')
  if (lost !== undefined) throw new StepFault(cantKeep(name, `${lost} would not come back as it is`))
  return JSON.parse(text) as SuperJSONResult
}

function cantKeep(name: string, why: string): string {
  return `The result of the step '${name}' can't be kept: ${why}. Return plain data: texts, numbers, dates, lists and objects of these.`
}

/** Deeper down, the whole of what is there is named. */
const DEEPEST = 20

/** The first value that did not come back as it was, by its place: `it.user.name`. */
function lostIn(value: unknown, back: unknown, place: string, depth = 0): string | undefined {
  if (isDeepStrictEqual(value, back)) return undefined
  if (!isRecord(value) || !isRecord(back) || depth === DEEPEST) return `${place} (${kindOf(value)})`
  for (const key of new Set([...Object.keys(value), ...Object.keys(back)])) {
    const lost = lostIn(value[key], back[key], `${place}.${key}`, depth + 1)
    if (lost !== undefined) return lost
  }
  // Nothing but its prototype: null, as of a parsed query.
  return undefined
}

/** A list or an object that is no instance of a class. */
function isRecord(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return Array.isArray(value) || prototype === Object.prototype || prototype === null
}

function kindOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) return `a ${typeof value}`
  return isRecord(value) ? 'an object' : `a ${value.constructor?.name ?? 'class'}`
}

function unawaited(names: readonly string[]): string {
  const which = names.map((name) => `'${name}'`).join(', ')
  return `\`run\` returned while a step was still running: ${which}. Await every step: \`await step(…)\`.`
}
