import type { Throttle, ThrottleContext } from '../define/backfill.js'
import type { Duration } from '../define/duration.js'
import { durationText, toMs } from '../define/duration.js'
import { clientOf, primaryOf } from '../prisma/client.js'
import { withoutExtensions } from '../prisma/extensions.js'
import { providerOf } from '../prisma/internals.js'

type ThrottleFunction = (context: ThrottleContext<never>) => Promise<Throttle>

/** How long to wait before it is looked at again. */
const WAIT: Duration = '1s'

/**
 * Holds a backfill back while the first column of the first row of a query is above a limit. Null, and no row, are not.
 *
 * @example throttle: throttles.query('SELECT count(*) FROM jobs WHERE done_at IS NULL', 1000)
 */
function query(sql: string, limit: number): ThrottleFunction {
  return async ({ prisma }) => above('query', await numberOf(prisma, sql), limit, String)
}

/**
 * Holds a backfill back while a replica of PostgreSQL is further behind than this, as `pg_stat_replication` of the
 * primary has it. Your user needs the role `pg_monitor`.
 *
 * @example throttle: throttles.replicaLag('2s')
 */
function replicaLag(limit: Duration): ThrottleFunction {
  return async ({ prisma }) => {
    const provider = providerOf(prisma)
    if (provider !== 'postgresql')
      throw new Error(
        `throttles.replicaLag can't measure ${provider ?? 'this database'}, whose primary doesn't know how far its replicas are: use throttles.query, or a function that asks a replica`,
      )
    const sql = 'SELECT EXTRACT(EPOCH FROM max(replay_lag)) * 1000 FROM pg_stat_replication'
    return above('replica lag', await numberOf(prisma, sql), toMs(limit), (ms) => durationText(Math.round(ms)))
  }
}

const ACTIVE: Record<string, string> = {
  postgresql:
    "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND backend_type = 'client backend' AND pid <> pg_backend_pid()",
  // Its own thread is one of them.
  mysql: "SELECT count(*) - 1 FROM information_schema.PROCESSLIST WHERE COMMAND NOT IN ('Sleep', 'Daemon')",
}

/**
 * Holds a backfill back while more queries than this are being run by the server of PostgreSQL, MySQL or MariaDB. Your
 * user sees those of others with `pg_monitor`, or with `PROCESS`.
 *
 * @example throttle: throttles.activeQueries(20)
 */
function activeQueries(limit: number): ThrottleFunction {
  return async ({ prisma }) => {
    const provider = providerOf(prisma)
    const sql = ACTIVE[provider ?? '']
    if (sql === undefined) throw new Error(`throttles.activeQueries can't measure ${provider ?? 'this database'}`)
    return above('active queries', await numberOf(prisma, sql), limit, String)
  }
}

/** Throttles for backfills: what they measure, and what it may be at most. `status` shows them while they hold back. */
export const throttles = { query, replicaLag, activeQueries }

function above(what: string, value: number, limit: number, text: (value: number) => string): Throttle {
  return value > limit ? { wait: WAIT, reason: `${what} ${text(value)} > ${text(limit)}` } : false
}

async function numberOf(prisma: object, sql: string): Promise<number> {
  const [row = {}] = await withoutExtensions(primaryOf(clientOf(prisma))).$queryRawUnsafe(sql)
  const [value = null] = Object.values(row)
  const number = Number(value)
  if (Number.isNaN(number)) throw new Error(`a throttle's query must return a number, and returned ${String(value)}`)
  return number
}
