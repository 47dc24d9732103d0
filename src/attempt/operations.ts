import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { types } from 'node:util'
import { monotonicNow } from '../ledger/clock.js'

/** Operations that were asked for and are not over, by their names on the client: `post.update`. */
export interface LeftOver {
  /** Still running. */
  running: readonly string[]
  /** Never awaited, so Prisma never ran them. Writes only: of a read that never ran, nobody had the result. */
  neverRun: readonly string[]
}

type Function = (...args: unknown[]) => unknown

/** Reads, by their names on a model. What runs under another name may write. */
const READ = /^(find|count$|aggregate$|groupBy$)/

/** Nobody's work is lost with these. */
const OF_CONNECTION = new Set(['$connect', '$disconnect'])

/**
 * What a Prisma client is asked to do while a team's own code has it. The client that the code is given is the team's
 * own behind a proxy, so that only the code's own operations are counted, and nothing is added to a client that may be
 * in use elsewhere. A proxy and not an extension: an extension has no `$on`, and hears nothing of what is never awaited.
 */
export class Operations {
  readonly #running = new Set<{ name: string }>()
  readonly #neverRun = new Set<{ name: string }>()
  readonly #onLate: (name: string) => void
  #heardOfEnd: () => void = () => {}
  #over = false

  /** `onLate` hears of every operation that begins after `end`. */
  constructor(onLate: (name: string) => void) {
    this.#onLate = onLate
  }

  get left(): LeftOver {
    const names = (operations: Set<{ name: string }>) => [...operations].map(({ name }) => name)
    return { running: names(this.#running), neverRun: names(this.#neverRun) }
  }

  /** The client, or a transaction of one, watched. What is not Prisma's, as in a team's own tests, stays what it is. */
  watch<Client extends object>(client: Client): Client {
    if (!isPrisma(client)) return client
    const models = new Map<string, { model: object; watched: object }>()
    const watched: Client = new Proxy(client, {
      get: (target, key) => {
        const value: unknown = Reflect.get(target, key)
        if (typeof key === 'symbol' || key.startsWith('_') || OF_CONNECTION.has(key)) return value
        if (typeof value === 'function') return this.#method(value as Function, key, { watched, target })
        if (!isModel(value)) return value
        const known = models.get(key)
        if (known?.model === value) return known.watched
        const model = { model: value, watched: this.#model(value, key) }
        models.set(key, model)
        return model.watched
      },
    })
    return watched
  }

  /** Waits until nothing runs, and nothing that waited for it begins the next; not longer than so many ms. */
  async quiet(ms: number): Promise<void> {
    const until = monotonicNow() + ms
    await nextTurn()
    for (let left = ms; this.#running.size > 0 && left > 0; left = until - monotonicNow()) {
      const over = new AbortController()
      const ended = new Promise<void>((resolve) => {
        this.#heardOfEnd = resolve
      })
      await Promise.race([ended, sleep(left, undefined, { signal: over.signal }).catch(() => {})])
      over.abort()
      // What awaited it may go on to the next.
      await nextTurn()
    }
  }

  /** The code has ended, with this left over: what begins from here on is late. */
  end(): LeftOver {
    this.#over = true
    return this.left
  }

  #model(model: object, name: string): object {
    return new Proxy(model, {
      get: (target, key) => {
        const value: unknown = Reflect.get(target, key)
        if (typeof value !== 'function' || typeof key === 'symbol') return value
        const how = { mayWrite: !READ.test(key) }
        const result = (given: unknown) => this.#watchResult(given, `${name}.${key}`, how)
        return new Proxy(value as Function, new CallProxy({ self: (self) => self, args: (args) => args, result }))
      },
    })
  }

  /** Prisma's own methods are called on the client itself: nothing of theirs depends on the proxy. */
  #method(method: Function, name: string, { watched, target }: { watched: object; target: object }): Function {
    return new Proxy(
      method,
      new CallProxy({
        self: (self) => (self === watched ? target : self),
        args: (args) => (name === '$transaction' ? this.#withWatchedTransaction(args) : args),
        result: (result) => (result === target ? watched : this.#watchResult(result, name, { mayWrite: true })),
      }),
    )
  }

  #withWatchedTransaction([work, ...options]: unknown[]): unknown[] {
    if (typeof work !== 'function') return [work, ...options]
    return [(transaction: object, ...rest: unknown[]) => work(this.watch(transaction), ...rest), ...options]
  }

  #watchResult(result: unknown, name: string, how: { mayWrite: boolean }): unknown {
    if (typeof result !== 'object' || result === null) return result
    if (types.isPromise(result)) return this.#untilOver(result, name)
    if (isPrismaPromise(result)) return this.#watchLazy(result, name, how)
    return this.watch(result)
  }

  /** An operation of Prisma's begins when it is awaited, or as one of a transaction's, or further down a relation. */
  #watchLazy(operation: PrismaPromise, name: string, how: { mayWrite: boolean }): PrismaPromise {
    const entry = { name }
    if (how.mayWrite) this.#neverRun.add(entry)
    const begun = () => this.#neverRun.delete(entry)
    const until = (): Promise<unknown> => {
      begun()
      return this.#untilOver(operation, name)
    }
    const own: Partial<Record<string | symbol, Function>> = {
      // biome-ignore lint/suspicious/noThenProperty: it stands for one of Prisma's, which has one
      then: (...handlers) => until().then(...(handlers as Parameters<Promise<unknown>['then']>)),
      catch: (...handlers) => until().catch(...(handlers as Parameters<Promise<unknown>['catch']>)),
      finally: (...handlers) => until().finally(...(handlers as Parameters<Promise<unknown>['finally']>)),
    }
    return new Proxy(operation, {
      get: (target, key) => {
        const value: unknown = Reflect.get(target, key)
        if (typeof value !== 'function') return value
        return (
          own[key] ??
          ((...args: unknown[]) => {
            begun()
            const result = Reflect.apply(value, target, args)
            return key === 'requestTransaction' ? result : this.#watchResult(result, `${name}.${String(key)}`, how)
          })
        )
      },
    })
  }

  /** Counts something as running until it settles. What rejects still rejects for whoever was given it. */
  #untilOver(running: PromiseLike<unknown>, name: string): Promise<unknown> {
    if (this.#over) this.#onLate(name)
    const entry = { name }
    this.#running.add(entry)
    const over = () => {
      this.#running.delete(entry)
      this.#heardOfEnd()
    }
    return Promise.resolve(
      running.then(
        (value) => {
          over()
          return value
        },
        (error) => {
          over()
          throw error
        },
      ),
    )
  }
}

/** What a call of a method becomes. */
interface Call {
  self(self: unknown): unknown
  args(args: unknown[]): unknown[]
  result(result: unknown): unknown
}

/**
 * Errors of Prisma show the line that called it: the first in the stack that is not its own, nor of a method of some
 * `Proxy`. So this one is called so, and nothing of ours is between it and Prisma.
 */
class CallProxy implements ProxyHandler<Function> {
  readonly #call: Call

  constructor(call: Call) {
    this.#call = call
  }

  apply(method: Function, self: unknown, args: unknown[]): unknown {
    const call = this.#call
    return call.result(Reflect.apply(method, call.self(self), call.args(args)))
  }
}

interface PrismaPromise extends PromiseLike<unknown> {
  readonly [Symbol.toStringTag]: 'PrismaPromise'
}

function isPrismaPromise(value: object): value is PrismaPromise {
  return (value as Partial<PrismaPromise>)[Symbol.toStringTag] === 'PrismaPromise'
}

function isPrisma(value: object): boolean {
  return '_createPrismaPromise' in value
}

function isModel(value: unknown): value is object {
  return typeof value === 'object' && value !== null && 'findMany' in value
}
