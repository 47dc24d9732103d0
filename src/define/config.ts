import type { Duration } from './duration.js'
import type { RunListener } from './events.js'
import type { WorkQueue } from './queue.js'

/**
 * Registers the type of your Prisma client, which types `prisma` in every task.
 *
 * @example
 * declare module 'after-party' {
 *   interface Register { client: ReturnType<typeof client> }
 * }
 */
// biome-ignore lint/suspicious/noEmptyInterface: it is filled in by the project's config, through declaration merging
export interface Register {}

/** What After Party needs from a Prisma client. Every `PrismaClient` has it, with or without extensions. */
export interface PrismaClientLike {
  $connect(): Promise<void>
  $disconnect(): Promise<void>
  $transaction: unknown
}

/** The client of tasks when no client is registered (see `Register`). It has no models. */
export interface UnregisteredClient extends PrismaClientLike {}

/** The registered client. For an async factory, the client that it resolves to. */
export type RegisteredClient = Register extends { client: infer Client } ? Awaited<Client> : UnregisteredClient

/** What a client does not have inside an interactive transaction. Prisma 7 nests transactions; Prisma 6 can't. */
type NotInTransaction = '$connect' | '$disconnect' | '$on' | '$use' | '$extends' | '$transaction'

/** The client inside a transaction. */
export type TransactionClient<Client = RegisteredClient> = Omit<Client, NotInTransaction>

/** What a run does with a task in a database that is new: run it, or record it as `baseline` without running it. */
export type OnFresh = 'run' | 'baseline'

/** What `after-party.config.ts` exports. */
export interface Config {
  /**
   * Returns a new Prisma client. Called twice: for the ledger and for the tasks, so that heartbeats never wait for the
   * work of a task.
   */
  client: () => PrismaClientLike | Promise<PrismaClientLike>
  /**
   * Returns the client of the ledger, if the ledger needs another user or pool. Extensions don't require it: queries of
   * the ledger never pass through them. Default: `client`.
   */
  ledgerClient?: () => PrismaClientLike | Promise<PrismaClientLike>
  /** The tasks directory, relative to the folder of the config. Default: `prisma/after-party`. */
  tasks?: string
  /** A directory with your own templates for `after-party new`: `task.hbs`, `backfill.hbs`, `test.hbs`. */
  templates?: string
  /**
   * The directory of Prisma's migrations, relative to the folder of the config. For a compiled config, relative to the
   * nearest folder above it, in the same package, that has the directory. Default: `prisma/migrations`.
   */
  migrations?: string
  /** How long a claim is valid without a heartbeat. Default: `60s`. */
  lease?: Duration
  /** How long to wait for a task that another run holds. Default: `10m`. */
  lockTimeout?: Duration
  /** How long a task may take to finish after it was asked to stop. Default: `25s`. */
  grace?: Duration
  /** What tasks do in a database that is new (`run --fresh`), unless they set `onFresh`. Default: `run`. */
  freshDatabase?: OnFresh
  /**
   * Wakes workers for background tasks: `pgBossQueue(…)`, `bullmqQueue(…)` or your own. Default: none, workers look at the
   * database every few seconds.
   */
  queue?: WorkQueue | undefined
  /** Receives the events of every run. It is not awaited, and its errors don't affect the run. */
  onEvent?: RunListener
}

/**
 * Types the config and returns it unchanged.
 *
 * @example
 * export const client = () => new PrismaClient({ adapter })
 * export default defineConfig({ client, tasks: 'prisma/after-party' })
 */
export function defineConfig(config: Config): Config {
  return config
}

/** Where tasks and Prisma's migrations are, seen from the config, unless it says so. */
export const DEFAULT_TASKS = 'prisma/after-party'
export const DEFAULT_MIGRATIONS = 'prisma/migrations'
