import { type Duration, toMs } from '../define/duration.js'
import type { WorkMessage, WorkQueue } from '../define/queue.js'
import { type QueueErrorListener, tellTo } from './outages.js'
import {
  type OpenedPgBoss,
  openPgBoss,
  type PgBossJob,
  type PgBossLike,
  type PgBossSource,
} from './pg-boss-instance.js'
import { listenToPgBoss } from './pg-boss-listener.js'
import { noAnswer, RING_MS, unanswered } from './unanswered.js'
import { within } from './waits.js'

export type { PgBossJob, PgBossLike, QueueErrorListener }

/** The options of `pgBossQueue`: one of `connectionString` and `boss`. */
export interface PgBossQueueOptions {
  /** The URL of the PostgreSQL database that has pg-boss's tables. They are created if they are missing. */
  connectionString?: string | undefined
  /**
   * Your own `PgBoss`: an instance that you start and stop, or a function that makes one, which is then started and
   * stopped for you.
   */
  boss?: PgBossLike | (() => PgBossLike | Promise<PgBossLike>) | undefined
  /** The name of the queue. It is created if it is missing. Default: `after-party` */
  queue?: string | undefined
  /** The schema of pg-boss's tables, with `connectionString`. Default: pg-boss's own, `pgboss` */
  schema?: string | undefined
  /**
   * Whether messages are sent in the transaction that writes the records, so that they commit or roll back with them.
   * Set it to `false` if pg-boss has another database than the ledger. Default: `true`
   */
  inTransaction?: boolean | undefined
  /** How often a worker looks for messages. Default: `2s` */
  pollingInterval?: Duration | undefined
  /**
   * After how long the message of a process that died goes to another one. It must be longer than the longest slice of
   * work. Default: `15m`
   */
  redeliverAfter?: Duration | undefined
  /** Receives what goes wrong while a worker listens, such as an outage. Default: a warning of the process */
  onError?: QueueErrorListener | undefined
}

/** How often a message comes again after its work failed or its process died, and after how many s the first time. */
const RETRY = { retryLimit: 5, retryDelay: 1, retryBackoff: true }

/**
 * A queue in PostgreSQL, by pg-boss 10 or later. It connects when it is first used.
 *
 * @example
 * import { pgBossQueue } from 'after-party/pg-boss'
 *
 * export default defineConfig({ client, queue: pgBossQueue({ connectionString: process.env.DATABASE_URL }) })
 */
export function pgBossQueue(options: PgBossQueueOptions): WorkQueue {
  const { queue = 'after-party', pollingInterval = '2s', redeliverAfter = '15m', inTransaction = true } = options
  const redeliverAfterMs = toMs(redeliverAfter)
  const told = tellTo(options.onError)
  const source: PgBossSource = { ...options, queue, redeliverAfterMs, told }
  const jobOptions = { ...RETRY, expireInSeconds: Math.max(1, Math.ceil(redeliverAfterMs / 1000)) }

  let sending: Promise<OpenedPgBoss> | undefined
  const sender = () => {
    sending ??= openPgBoss(source, false).catch((error) => {
      sending = undefined
      throw error
    })
    return sending
  }

  const close = async () => {
    const opened = sending
    sending = undefined
    await opened?.then((sender) => sender.close()).catch(() => {})
  }
  const send = async (messages: readonly WorkMessage[], more: object = {}) => {
    const { boss } = await sender()
    for (const { version, part } of messages) await boss.send(queue, { version, part }, { ...jobOptions, ...more })
  }

  return {
    inTransaction,
    async ring(messages, transaction) {
      if (messages.length === 0) return
      // What Prisma says about its transaction is for who runs it: it may be one to try again.
      if (transaction && inTransaction)
        return within(RING_MS, send(messages, { db: sqlOf(transaction) }), () => unanswered('pg-boss', noAnswer()))
      // Connections that a restart of the server has ended look open until they are used.
      const sendAgain = () => close().then(() => send(messages))
      try {
        await within(RING_MS, send(messages).catch(sendAgain), noAnswer)
      } catch (error) {
        throw unanswered('pg-boss', error)
      }
    },
    listen(work, { concurrency, signal }) {
      const open = () => openPgBoss(source, true)
      return listenToPgBoss(work, { open, queue, pollMs: toMs(pollingInterval), concurrency, signal, told })
    },
    close,
  }
}

/** A Prisma transaction, as pg-boss takes connections. */
function sqlOf(transaction: object): object {
  const prisma = transaction as { $queryRawUnsafe(sql: string, ...values: unknown[]): Promise<unknown[]> }
  return {
    executeSql: async (text: string, values: readonly unknown[] = []) => ({
      rows: await prisma.$queryRawUnsafe(text, ...values.map(parameter)),
    }),
  }
}

/** pg takes more than Prisma does. */
function parameter(value: unknown): unknown {
  if (value === undefined) return null
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : value
}
