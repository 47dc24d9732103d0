import { type Duration, toMs } from '../define/duration.js'
import type { WorkQueue } from '../define/queue.js'
import { type BullmqSource, openSender, type Sender } from './bullmq-connection.js'
import { listenToBullmq } from './bullmq-listener.js'
import { type QueueErrorListener, tellTo } from './outages.js'

export type { QueueErrorListener }

/** The options of `bullmqQueue`. */
export interface BullmqQueueOptions {
  /** The URL of Redis, ioredis's options, or a client of your own, which you close. */
  connection: string | object
  /** The name of the queue. Default: `after-party` */
  queue?: string | undefined
  /** What the queue's keys in Redis begin with. Default: BullMQ's own, `bull` */
  prefix?: string | undefined
  /** After how long the message of a process that died goes to another one. Default: `30s` */
  redeliverAfter?: Duration | undefined
  /** Receives what goes wrong while a worker listens, such as an outage. Default: a warning of the process */
  onError?: QueueErrorListener | undefined
}

/** How often a message comes again after its work failed or its process died, and after how many ms the first time. */
const RETRIES = 5
const RETRY_DELAY_MS = 1_000

/**
 * A queue in Redis, by BullMQ 5 or later. BullMQ 6 needs the package `ioredis` too. It connects when it is first used.
 *
 * @example
 * import { bullmqQueue } from 'after-party/bullmq'
 *
 * export default defineConfig({ client, queue: bullmqQueue({ connection: process.env.REDIS_URL ?? '' }) })
 */
export function bullmqQueue(options: BullmqQueueOptions): WorkQueue {
  const { queue = 'after-party', redeliverAfter = '30s' } = options
  const told = tellTo(options.onError)
  const source: BullmqSource = { ...options, queue, told }

  let sending: Promise<Sender> | undefined
  const close = async (opened = sending) => {
    if (opened === sending) sending = undefined
    await opened?.then((sender) => sender.close()).catch(() => {})
  }

  return {
    async ring(messages) {
      if (messages.length === 0) return
      sending ??= openSender(source)
      const opened = sending
      try {
        await (await opened).send(
          messages.map(({ version, part }) => ({
            name: version,
            data: { version, part },
            opts: {
              attempts: RETRIES + 1,
              backoff: { type: 'exponential', delay: RETRY_DELAY_MS },
              removeOnComplete: true,
              removeOnFail: true,
            },
          })),
        )
      } catch (error) {
        // What it kept for later would be sent when nobody expects it, and keeps the process until then.
        close(opened)
        throw error
      }
    },
    listen(work, { concurrency, signal }) {
      const redelivery = {
        lockDuration: toMs(redeliverAfter),
        stalledInterval: toMs(redeliverAfter),
        maxStalledCount: RETRIES,
      }
      return listenToBullmq(work, { source, redelivery, concurrency, signal })
    },
    close: () => close(),
  }
}
