import { providerOf } from '../prisma/internals.js'

/** The one raw statement of the ledger: the database's clock, in ms since 1970, as a column `ms`. */
const CLOCK_QUERIES: Record<string, string> = {
  postgresql: 'SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS ms',
  cockroachdb: 'SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS ms',
  // Not from the session's time: in the hour that daylight saving repeats, that one is an hour wrong.
  mysql: "SELECT TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6)) / 1e3 AS ms",
  sqlite: "SELECT (julianday('now') - 2440587.5) * 86400000.0 AS ms",
  sqlserver: "SELECT CAST(DATEDIFF_BIG(ms, '1970-01-01', SYSUTCDATETIME()) AS FLOAT) AS ms",
}

interface RawClient {
  $queryRawUnsafe?(query: string): Promise<{ ms: unknown }[]>
  $runCommandRaw?(command: object): Promise<{ localTime?: { $date?: string } }>
}

/** Ms on a clock of this process that never jumps, even when somebody sets the time of day. */
export function monotonicNow(): number {
  return performance.timeOrigin + performance.now()
}

/**
 * How far the database's clock is ahead of `monotonicNow`, in ms. Half of the question's round trip is taken for
 * the way back. It is asked twice, and the shorter round trip counts: the first may have to connect. A provider
 * whose clock is not known counts as having this machine's.
 */
export async function clockOffset(client: object): Promise<number> {
  const [first, second] = [await compareClocks(client), await compareClocks(client)]
  return first.roundTrip < second.roundTrip ? first.offset : second.offset
}

async function compareClocks(client: object): Promise<{ offset: number; roundTrip: number }> {
  const asked = monotonicNow()
  const there = await databaseNow(client as RawClient)
  const answered = monotonicNow()
  const offset = there === undefined ? Date.now() - answered : there - (asked + answered) / 2
  return { offset, roundTrip: answered - asked }
}

async function databaseNow(client: RawClient): Promise<number | undefined> {
  const provider = providerOf(client)
  if (provider === 'mongodb') {
    const date = (await client.$runCommandRaw?.({ hello: 1 }))?.localTime?.$date
    return date === undefined ? undefined : Date.parse(date)
  }
  const query = provider === undefined ? undefined : CLOCK_QUERIES[provider]
  if (query === undefined) return undefined
  const rows = await client.$queryRawUnsafe?.(query)
  const ms = Number(rows?.[0]?.ms)
  return Number.isFinite(ms) ? ms : undefined
}
