/**
 * Makes a Prisma client that ends or stops its own process at one exact write: what a pod's eviction does at the
 * worst of times. It is copied into the projects of the chaos suite; the product knows nothing of it.
 *
 *     CHAOS_KILL=before:settle         SIGKILL before the first settle is sent
 *     CHAOS_KILL=after:checkpoint#3    SIGKILL when the third checkpoint is answered
 *     CHAOS_KILL=during:commit         SIGKILL while the database is at it
 *     CHAOS_KILL=before:any#17         SIGKILL before the 17th write of any kind
 *     CHAOS_STOP=before:work           SIGSTOP, likewise
 *     CHAOS_KILL=before:awake#2        SIGKILL before the second write of any kind after it stood still
 *     CHAOS_AWAIT=beat                 tasks wait for the first heartbeat before they work
 *     CHAOS_AWAIT=signal               tasks say that they are at work, and wait until they are told to stop
 */
import { writeSync } from 'node:fs'

/** The writes of a run, by what they are for. */
export type Point =
  | 'claim'
  | 'beat'
  | 'checkpoint'
  | 'step'
  | 'settle'
  | 'work'
  | 'commit'
  | 'open-history'
  | 'end-history'
  | 'end-dead-history'
  | 'ask'
  | 'hold'
  | 'note'
  | 'seen'

type Moment = 'before' | 'during' | 'after'

interface Write {
  data: Record<string, unknown>
  where?: Record<string, unknown>
}

type Transact = (work: (transaction: object) => Promise<unknown>, options: object) => Promise<unknown>

type Operation = (...args: never[]) => Promise<unknown>
type Operations = Record<string, (...args: never[]) => Point>

const DURING_MS = 5

const orders = [orderOf(process.env.CHAOS_KILL, 'SIGKILL'), orderOf(process.env.CHAOS_STOP, 'SIGSTOP')].filter(
  (order) => order !== undefined,
)
const passed = new Map<string, number>()
let stoodStill = false
let beaten = () => {}
const firstBeat = new Promise<void>((resolve) => {
  beaten = resolve
})

/** Before a task's own work: what the test wants it to wait for. */
export async function awaited({ signal, log }: { signal: AbortSignal; log(message: string): void }): Promise<void> {
  if (process.env.CHAOS_AWAIT === 'beat') await firstBeat
  if (process.env.CHAOS_AWAIT !== 'signal') return
  log('at work')
  await new Promise((resolve) => signal.addEventListener('abort', resolve))
  signal.throwIfAborted()
}

const WATCHED: Record<string, Operations> = {
  afterPartyTaskRecord: {
    create: ({ data }: Write) => (data.status === 'pending' ? 'note' : recordPoint(data)),
    updateMany: ({ data }: Write) => recordPoint(data),
  },
  afterPartyTaskRun: {
    create: () => 'open-history',
    updateMany: ({ where }: Write) => (where?.id === undefined ? 'end-dead-history' : 'end-history'),
  },
  post: { create: () => 'work', updateMany: () => 'work' },
}

/**
 * The client, with every write of the ledger and of the tasks watched, inside of transactions too. Not an extension of
 * the client, for the ledger goes round those.
 */
export function chaotic<Client extends object>(client: Client): Client {
  return watchingCommits(watchingWrites(client))
}

function watchingWrites<Client extends object>(client: Client): Client {
  return new Proxy(client, {
    get(target, key) {
      const value = Reflect.get(target, key) as unknown
      if (key === '$executeRawUnsafe')
        return (...args: never[]) => pass('work', () => (value as Operation).apply(target, args))
      const operations = WATCHED[String(key)]
      return operations ? watchingOperations(value as object, operations) : value
    },
  })
}

function watchingOperations(delegate: object, operations: Operations): object {
  return new Proxy(delegate, {
    get(target, name) {
      const operation = Reflect.get(target, name) as Operation
      const point = operations[String(name)]
      return point ? (...args: never[]) => pass(point(...args), () => operation(...args)) : operation
    },
  })
}

function recordPoint(data: Record<string, unknown>): Point {
  if (data.status === 'running') return 'claim'
  if (data.status !== undefined) return data.request ? 'hold' : 'settle'
  if ('request' in data) return 'ask'
  if ('state' in data) return 'step'
  if ('lane' in data) return 'note'
  if ('seenAt' in data) return 'seen'
  return 'checkpoint' in data ? 'checkpoint' : 'beat'
}

function watchingCommits<Client extends object>(client: Client): Client {
  return new Proxy(client, {
    get(target, key) {
      const value = Reflect.get(target, key) as unknown
      if (key !== '$transaction') return value
      const transact = value as Transact
      const watched: Transact = async (work, options) => {
        let nth: Nth = {}
        const whole = async (transaction: object) => {
          const result = await work(watchingWrites(transaction))
          nth = count('commit')
          obey('before', 'commit', nth)
          obey('during', 'commit', nth)
          return result
        }
        const result = await transact.call(target, whole, options).catch((error) => {
          uncount(nth)
          throw error
        })
        obey('after', 'commit', nth)
        return result
      }
      return watched
    },
  })
}

async function pass<Result>(point: Point, query: () => Promise<Result>): Promise<Result> {
  const nth = count(point)
  obey('before', point, nth)
  obey('during', point, nth)
  const result = await query().catch((error) => {
    uncount(nth)
    throw error
  })
  obey('after', point, nth)
  if (point === 'beat') beaten()
  return result
}

/** The how manieth of its kind a write is, and of all; and of those since the process stood still. */
type Nth = Record<string, number>

function count(point: Point): Nth {
  const names = [point, 'any', ...(stoodStill ? ['awake'] : [])]
  return Object.fromEntries(
    names.map((name) => {
      const nth = (passed.get(name) ?? 0) + 1
      passed.set(name, nth)
      return [name, nth]
    }),
  )
}

/** What was refused is sent again, and is the same write then. */
function uncount(nth: Nth): void {
  for (const name of Object.keys(nth)) passed.set(name, (passed.get(name) ?? 1) - 1)
}

function obey(moment: Moment, point: Point, nth: Nth): void {
  for (const order of orders) {
    if (nth[order.point] !== order.nth || order.moment !== moment || order.obeyed) continue
    // What is refused and sent again counts as the same write: it stops the process once.
    order.obeyed = true
    const strike = () => {
      writeSync(2, `chaos: ${order.signal} ${moment} ${point}\n`)
      process.kill(process.pid, order.signal)
      stoodStill = true
    }
    if (moment === 'during') setTimeout(strike, Math.random() * DURING_MS)
    else strike()
  }
}

function orderOf(text: string | undefined, signal: 'SIGKILL' | 'SIGSTOP') {
  if (text === undefined) return undefined
  const [, moment, point, nth] = /^(before|during|after):([a-z-]+)(?:#(\d+))?$/.exec(text) ?? []
  if (point === undefined) throw new Error(`not a point: ${text}`)
  return { signal, moment, point, nth: Number(nth ?? 1), obeyed: false }
}
