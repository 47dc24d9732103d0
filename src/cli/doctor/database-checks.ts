import { type Duration, toMs } from '../../define/duration.js'
import { demandMigrations } from '../../engine/migrations-first.js'
import { appliedMigrations } from '../../ledger/applied-migrations.js'
import { clockOffset, monotonicNow } from '../../ledger/clock.js'
import { shareConnections } from '../../prisma/extensions.js'
import { adapterNameOf, majorOf, providerOf } from '../../prisma/internals.js'
import { readMigrations } from '../../project/migration-files.js'
import { formatMs } from '../terminal.js'
import type { Found } from './finding.js'

interface RawClient {
  $queryRawUnsafe?(query: string): Promise<Record<string, unknown>[]>
}

/** The ledger's heartbeats must not wait for, or be part of, what a task does. */
export function checkClients(client: object, ledgerClient: object): Found {
  if (!shareConnections(client, ledgerClient)) return { state: 'ok', what: 'tasks and ledger have a client each' }
  return {
    state: 'warning',
    what: 'Tasks and ledger share one Prisma client.',
    why: 'On SQLite, a heartbeat becomes part of an open transaction. Elsewhere, a full pool can keep heartbeats waiting.',
    next: 'Create a client in `client` each time it is called, or set `ledgerClient` to a function that does.',
  }
}

/** Whether all migrations are applied. */
export async function checkMigrations(client: object, directory: string): Promise<Found> {
  const [onDisk, applied] = [await readMigrations(directory), await appliedMigrations(client)]
  if (applied === null)
    return { state: 'ok', what: 'Prisma Migrate has no table in this database, so `run` checks no migrations' }
  demandMigrations(onDisk, applied)
  return { state: 'ok', what: `every migration is applied (${onDisk.names?.length ?? 0})` }
}

const CLOCKS_APART_MS = 5_000

/** After Party uses the database's clock, the team's code this machine's. */
export async function checkClock(client: object): Promise<Found> {
  const ahead = (await clockOffset(client)) - (Date.now() - monotonicNow())
  if (Math.abs(ahead) < CLOCKS_APART_MS) return { state: 'ok', what: "this machine's clock and the database's agree" }
  return {
    state: 'warning',
    what: `The database's clock is ${formatMs(Math.abs(ahead))} ${ahead > 0 ? 'ahead of' : 'behind'} this machine's.`,
    why: "After Party uses the database's clock. `new Date()` in your tasks uses this machine's.",
    next: 'Synchronize both clocks (NTP).',
  }
}

/** How SQLite's one writer at a time is waited for. Nothing where the database has many. */
export async function checkLocking(client: object): Promise<Found[]> {
  const raw = client as RawClient
  if (providerOf(client) !== 'sqlite' || !raw.$queryRawUnsafe) return []
  const pragma = async (name: string) => Object.values((await raw.$queryRawUnsafe?.(`PRAGMA ${name}`))?.[0] ?? {})[0]
  const [mode, timeout] = [String(await pragma('journal_mode')), Number(await pragma('busy_timeout'))]
  const found: Found[] = []
  if (timeout === 0)
    found.push({
      state: 'warning',
      what: 'SQLite refuses a second writer at once, because the client sets no timeout.',
      next: 'Set one in milliseconds: `new PrismaLibSql({ url, timeout: 5000 })`.',
    })
  // Of these, a process that waits may lose what it wrote, or end after half a minute.
  const lockOut = adapterNameOf(client) === '@prisma/adapter-better-sqlite3' || majorOf(client) === 6
  if (mode !== 'wal' && lockOut)
    found.push({
      state: 'warning',
      what: `The journal mode of SQLite is ${mode}: readers and the writer lock each other out.`,
      next: 'Run `PRAGMA journal_mode = WAL` once for this file, if several processes use it.',
    })
  return found.length > 0
    ? found
    : [{ state: 'ok', what: `SQLite waits ${formatMs(timeout)} for another writer, journal mode ${mode}` }]
}

const POOLER = /[?&]pgbouncer=true|:6543\/|:6432\/|-pooler\.|\.pooler\./

/** Whether a URL in the environment leads through a pooler of connections. */
export function checkPooler(env: NodeJS.ProcessEnv): Found[] {
  const names = Object.keys(env).filter(
    (name) => /^(postgres(ql)?|mysql):/.test(env[name] ?? '') && POOLER.test(env[name] ?? ''),
  )
  if (names.length === 0) return []
  return [
    {
      state: 'ok',
      what: `${names.join(', ')} leads through a connection pooler. Transaction mode works: After Party uses no session locks`,
    },
  ]
}

/** Where a platform says which it is: how long it waits after its signal before it kills, unless told otherwise. */
const PLATFORMS = [
  { variable: 'KUBERNETES_SERVICE_HOST', name: 'Kubernetes', killMs: 30_000, setting: 'terminationGracePeriodSeconds' },
  { variable: 'FLY_APP_NAME', name: 'Fly.io', killMs: 5_000, setting: 'kill_timeout' },
  { variable: 'DYNO', name: 'Heroku', killMs: 30_000, setting: undefined },
  { variable: 'ECS_CONTAINER_METADATA_URI_V4', name: 'Amazon ECS', killMs: 30_000, setting: 'stopTimeout' },
  { variable: 'RENDER', name: 'Render', killMs: 30_000, setting: 'maxShutdownDelaySeconds' },
] as const
const FUNCTIONS = ['AWS_LAMBDA_FUNCTION_NAME', 'VERCEL', 'NETLIFY'] as const

/** Lease and grace against what the platform allows. */
export function checkTimes(config: { lease?: Duration; grace?: Duration }, env: NodeJS.ProcessEnv): Found {
  const [leaseMs, graceMs] = [toMs(config.lease ?? '60s'), toMs(config.grace ?? '25s')]
  const times = `lease ${formatMs(leaseMs)}, grace ${formatMs(graceMs)}`
  const platform = PLATFORMS.find(({ variable }) => env[variable])
  if (platform && platform.killMs <= graceMs)
    return {
      state: 'warning',
      what: `${platform.name} kills a process ${formatMs(platform.killMs)} after its signal by default, and tasks have ${formatMs(graceMs)} to finish.`,
      why: `A task that is killed is taken over when its lease ends (${formatMs(leaseMs)}).`,
      next: `${platform.setting ? `Set \`${platform.setting}\` to more than ${formatMs(graceMs)}, or set` : 'Set'} \`grace\` in the config to less.`,
    }
  if (FUNCTIONS.some((name) => env[name]))
    return {
      state: 'warning',
      what: 'This looks like a function, which has a time limit.',
      why: `A task that is killed there is taken over when its lease ends (${formatMs(leaseMs)}).`,
      next: 'Pass `--max-duration` with less than the limit, or run After Party in CI.',
    }
  return { state: 'ok', what: platform ? `${times}, on ${platform.name}` : times }
}
