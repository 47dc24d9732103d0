import type { WorkMessage } from '../define/queue.js'
import { type BullmqSource, connectionOf, loadBullmq, prefixOf, withoutDriver } from './bullmq-connection.js'
import { messageIn } from './message.js'
import { GOODBYE_MS, noAnswer } from './unanswered.js'
import { untilAborted, within } from './waits.js'

/** How a queue of BullMQ is listened to. */
export interface BullmqListening {
  readonly source: BullmqSource
  /** BullMQ's options for the jobs of processes that died. */
  readonly redelivery: object
  readonly concurrency: number
  readonly signal: AbortSignal
}

/** After an outage, how soon a worker asks again, in ms. */
const ASK_AGAIN_MS = 1_000

/** Runs a worker until the signal aborts. */
export async function listenToBullmq(
  work: (message: WorkMessage) => Promise<void>,
  { source, redelivery, concurrency, signal }: BullmqListening,
): Promise<void> {
  if (signal.aborted) return
  const { Worker } = await loadBullmq()
  const connection = connectionOf(source)
  const running = new Set<Promise<void>>()
  const perform = async ({ data }: { data: unknown }) => {
    // Fetched at the last moment: another worker gets it.
    if (signal.aborted) throw new Error('the worker stopped')
    const run = work(messageIn(data)).finally(() => running.delete(run))
    running.add(run)
    try {
      await run
    } catch (error) {
      source.told(error)
      throw error
    }
  }
  const worker = new Worker(source.queue, perform, {
    connection: connection.options,
    ...prefixOf(source),
    ...redelivery,
    concurrency,
    runRetryDelay: ASK_AGAIN_MS,
  })
  try {
    const broken = new Promise<never>((_, reject) => {
      let missing: Error | undefined
      worker.on('error', (error) => {
        missing ??= withoutDriver(error)
        // What follows from a missing package is no news.
        if (missing) reject(missing)
        else source.told(error)
      })
    })
    await untilAborted(broken, signal)
  } finally {
    await connection.quiet()
    const closed = worker.close()
    await Promise.allSettled(running)
    // A server that is away is not waited for: its jobs go to another worker.
    connection.stop()
    await within(GOODBYE_MS, closed, noAnswer).catch(source.told)
  }
}
