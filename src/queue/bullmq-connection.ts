import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf } from '../define/errors.js'
import { missingPackage, optionalPackage } from './optional-package.js'
import type { QueueErrorListener } from './outages.js'
import { GOODBYE_MS, noAnswer, RING_MS, unanswered } from './unanswered.js'
import { within } from './waits.js'

/** The part of BullMQ's `Queue` and `Worker` that is used here, the same in its versions 5 and 6. */
interface Connected {
  on(event: 'error', listener: (error: Error) => void): unknown
  close(): Promise<void>
}

interface BullmqQueue extends Connected {
  addBulk(jobs: readonly BullmqJob[]): Promise<unknown>
}

/** A job to send. */
export interface BullmqJob {
  readonly name: string
  readonly data: object
  readonly opts: object
}

/** The classes of BullMQ. */
export interface Bullmq {
  readonly Queue: new (name: string, options: object) => BullmqQueue
  readonly Worker: new (name: string, work: (job: { data: unknown }) => Promise<void>, options: object) => Connected
}

/** Which queue, and where. */
export interface BullmqSource {
  readonly connection: string | object
  readonly queue: string
  readonly prefix?: string | undefined
  readonly told: QueueErrorListener
}

/** Sends jobs, and disconnects. */
export interface Sender {
  send(jobs: readonly BullmqJob[]): Promise<void>
  close(): Promise<void>
}

export async function loadBullmq(): Promise<Bullmq> {
  const module = await optionalPackage('bullmq', () => import('bullmq'), 'bullmq ioredis')
  return ('Queue' in module ? module : module.default) as Bullmq
}

/** Without its driver, BullMQ 6 waits for ever. */
export function withoutDriver(error: unknown): Error | undefined {
  return /could not load the optional 'ioredis'/.test(messageOf(error))
    ? missingPackage('ioredis', 'ioredis', error)
    : undefined
}

const LONGEST_RECONNECT_MS = 2_000

/** A connection that comes back after an outage. */
export interface Connection {
  readonly options: object
  /** From now on, what waits for the connection to come back fails instead. */
  stop(): void
  /**
   * To await before BullMQ closes: between two attempts to connect, ioredis drops the next one and says nothing, and
   * BullMQ would wait for its goodbye for ever. An outage that is noticed here is not waited for, as by `stop`.
   */
  quiet(): Promise<void>
}

export function connectionOf({ connection }: BullmqSource): Connection {
  // A client of the team's own.
  if (typeof connection === 'object' && 'duplicate' in connection)
    return { options: connection, stop() {}, async quiet() {} }
  let stopped = false
  let nextAttempt = 0
  const retryStrategy = (times: number) => {
    if (stopped) return null
    const delay = Math.min(times * 250, LONGEST_RECONNECT_MS)
    nextAttempt = Math.max(nextAttempt, performance.now() + delay)
    return delay
  }
  const stop = () => {
    stopped = true
  }
  return {
    options: {
      connectTimeout: RING_MS,
      ...(typeof connection === 'string' ? { url: connection } : connection),
      retryStrategy,
    },
    stop,
    async quiet() {
      if (nextAttempt < performance.now()) return
      stop()
      // Some ms more, because its timer must have gone off before.
      await sleep(nextAttempt - performance.now() + 50)
    },
  }
}

/** Opens a queue to send to. It is connected when the first jobs are sent. */
export async function openSender(source: BullmqSource): Promise<Sender> {
  const { Queue } = await loadBullmq()
  const { options, stop } = connectionOf(source)
  const queue = new Queue(source.queue, { connection: options, ...prefixOf(source) })
  let failure: unknown
  // An outage between two messages is nobody's business. One while a message is sent is why it fails.
  queue.on('error', (error) => {
    failure = error
  })
  return {
    async send(jobs) {
      failure = undefined
      try {
        await within(RING_MS, queue.addBulk(jobs), noAnswer)
      } catch (error) {
        throw unanswered('Redis', withoutDriver(error) ?? failure ?? error)
      }
    },
    async close() {
      stop()
      await within(GOODBYE_MS, queue.close(), noAnswer)
    },
  }
}

/** BullMQ takes a prefix that is undefined for one. */
export function prefixOf({ prefix }: BullmqSource): object {
  return prefix === undefined ? {} : { prefix }
}
