import type { Duration } from './duration.js'
import type { RunListener } from './events.js'

/**
 * Where a project tells After Party the type of its own Prisma client, so that tasks are typed by it.
 *
 * @example
 * declare module 'after-party' {
 *   interface Register { client: ReturnType<typeof client> }
 * }
 */
// biome-ignore lint/suspicious/noEmptyInterface: it is filled in by the project's config, through declaration merging
export interface Register {}

/** What After Party itself needs of a Prisma client. Every `PrismaClient`, extended or not, has it. */
export interface PrismaClientLike {
  $connect(): Promise<void>
  $disconnect(): Promise<void>
  $transaction: unknown
}

/** What tasks see of a client that no config has registered: see `Register`. It has no models. */
export interface UnregisteredClient extends PrismaClientLike {}

/** The project's own client, when its config registered one; what a factory that is async promises. */
export type RegisteredClient = Register extends { client: infer Client } ? Awaited<Client> : UnregisteredClient

/** What a client does not have inside an interactive transaction. Prisma 7 nests transactions; Prisma 6 can't. */
type NotInTransaction = '$connect' | '$disconnect' | '$on' | '$use' | '$extends' | '$transaction'

/** The client as it is inside a transaction. */
export type TransactionClient<Client = RegisteredClient> = Omit<Client, NotInTransaction>

/** What `after-party.config.ts` exports. */
export interface Config {
  /**
   * Makes a Prisma client. Called twice: one client is the ledger's, so that its heartbeats never wait
   * for the work, the other is given to the tasks.
   */
  client: () => PrismaClientLike | Promise<PrismaClientLike>
  /**
   * Makes the ledger's client, if it needs another user or pool. Extensions are no reason: the ledger's own queries
   * never pass through them. Default: `client`.
   */
  ledgerClient?: () => PrismaClientLike | Promise<PrismaClientLike>
  /** The directory of the task files, from the config file's folder. Default: `prisma/after-party`. */
  tasks?: string
  /** A directory whose `task.hbs` takes the place of the built-in template of `after-party new`. */
  templates?: string
  /**
   * The directory of Prisma's migrations, from the config file's folder; of a compiled config, from the nearest folder
   * above it in the package that has it. Default: `prisma/migrations`.
   */
  migrations?: string
  /** How long a claim stands without a heartbeat. Default: `60s`. */
  lease?: Duration
  /** How long to wait for a task that another run has. Default: `10m`. */
  lockTimeout?: Duration
  /** How long a task may go on after it was told to stop. Default: `25s`. */
  grace?: Duration
  /** Hears what happens in every run. Nobody waits for it, and what it throws changes nothing. */
  onEvent?: RunListener
}

/**
 * Types the config; returns it as it is.
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
