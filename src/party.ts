/// <reference lib="esnext.disposable" preserve="true" />
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { makeOwner, requester } from './attempt/owner.js'
import type { Config, PrismaClientLike } from './define/config.js'
import { DEFAULT_MIGRATIONS, DEFAULT_TASKS } from './define/config.js'
import type { Definition } from './define/definition.js'
import { type Duration, toMs } from './define/duration.js'
import type { Lane, PlannedTask, RunListener, RunResult, TaskRequest } from './define/events.js'
import type { CheckResult } from './deploy/check.js'
import type { Migrations } from './deploy/pending-migrations.js'
import type { Engine, RunEngine } from './engine/engine.js'
import { fanOut } from './engine/fan-out.js'
import { demandLedgerColumns, demandSameDates } from './engine/ledger-types.js'
import type { Marked, MarkOptions } from './engine/mark.js'
import { demandMigrations } from './engine/migrations-first.js'
import { plannedTask } from './engine/plan.js'
import type { Rehearsal } from './engine/rehearse.js'
import type { Requested } from './engine/requests.js'
import { planRun, run } from './engine/run.js'
import { demandDatabase, runDatabaseOf } from './engine/run-database.js'
import type { HistoryOptions, Status, StatusOptions, TaskAttempt } from './engine/status.js'
import type { TagFilter } from './engine/tags.js'
import type { Waited } from './engine/wait.js'
import { appliedMigrations } from './ledger/applied-migrations.js'
import { monotonicNow } from './ledger/clock.js'
import { PrismaLedger } from './ledger/prisma-ledger.js'
import { type Client, clientOf } from './prisma/client.js'
import { shareConnections } from './prisma/extensions.js'
import { TsxLoader } from './project/loader.js'
import { makeClient } from './project/make-client.js'
import { readMigrations } from './project/migration-files.js'
import { TaskDefinitions, TaskDirectory, type TaskSource } from './project/task-files.js'
import type { WorkResult } from './worker/worker.js'

/** The options of `createAfterParty`: the config, with tasks as a directory or as definitions by file name. */
export interface AfterPartyOptions extends Omit<Config, 'tasks' | 'templates' | 'migrations'> {
  /** Prisma's migrations directory. `run` throws if migrations are pending. Default: not checked. */
  migrations?: string | undefined
  /** A directory, or `{ '20261122103000_backfill_slugs': task }`. Default: `prisma/after-party`. */
  tasks?: string | Readonly<Record<string, Definition>>
  /** The environment. Default: `AFTER_PARTY_ENV`, then `NODE_ENV`, then `development`. */
  environment?: string
}

/** The options of `run`. */
export interface PartyRunOptions extends TagFilter {
  /** Run these tasks, even if they are done. Default: all pending tasks. */
  names?: readonly string[]
  /** Whose tasks to run: those that a deploy waits for, or those in the background. Default: `foreground`. */
  lane?: Lane | undefined
  /** Versions of background tasks that this run waits for, because something depends on them. Default: none. */
  awaited?: readonly string[] | undefined
  /** Run only tasks that are not newer than this version. */
  upTo?: string | undefined
  /** The id of the deploy. `everyDeploy` tasks run once per id, even with several replicas. */
  deployId?: string | undefined
  /** Values for the `params` of the one task in `names`, by their names. Default: those of an attempt that failed, or none. */
  params?: object | undefined
  lease?: Duration | undefined
  lockTimeout?: Duration | undefined
  grace?: Duration | undefined
  /** Start no task and no batch of a backfill after this time. The next run resumes. */
  maxDuration?: Duration | undefined
  /** For backfills in this run: rows per batch. Default: as each says. */
  batchSize?: number | undefined
  /** For backfills in this run: how long to pause after each batch. Default: as each says. */
  pause?: Duration | undefined
  /**
   * The database is new: no migration was applied before this deploy. Tasks that are pending and set to `baseline`, by
   * `onFresh` or by `freshDatabase` of the config, are recorded without running.
   */
  fresh?: boolean | undefined
  /**
   * Throws `wrong-database`, before anything runs, unless the database has this name, or if its name can't be found out.
   * For SQLite: the name of the file, with or without its extension.
   */
  expectDatabase?: string | undefined
  /** Run even if migrations are pending. */
  skipMigrationCheck?: boolean | undefined
  /** Stops the run: no new task starts, and the running task is asked to stop. */
  signal?: AbortSignal
  /** Abort it with an error that nothing caught, to mark the running task as failed with that error. */
  crashed?: AbortSignal
  /** Receives the events of this run, in addition to `onEvent` of the config. */
  onEvent?: RunListener
}

/** The options that say which tasks run. */
type PartyPlanOptions = Pick<
  PartyRunOptions,
  'names' | 'deployId' | 'fresh' | 'upTo' | 'expectDatabase' | 'tags' | 'excludeTags' | 'params' | 'lane' | 'awaited'
>

/** The options of `work`. */
export interface PartyWorkOptions {
  /** Stops the worker: no new batch starts, and running tasks are asked to stop. */
  signal?: AbortSignal
  /** Do what is there, each task to its end, and return. Default: `false`, work until `signal` aborts. */
  once?: boolean
  /** How many tasks, or parts of backfills, to work on at once. Default: 1. */
  concurrency?: number
  /** How long to work on one task before the others get their turn. Default: `60s`. */
  slice?: Duration | undefined
  /** How long to sleep when there is nothing to do. Default: `5s`. */
  poll?: Duration | undefined
  /** Start no slice and no batch after this time. Default: no limit. */
  maxDuration?: Duration | undefined
  lease?: Duration | undefined
  grace?: Duration | undefined
  expectDatabase?: string | undefined
  /** Work even if migrations are pending. Default: `false`, it waits until they are applied. */
  skipMigrationCheck?: boolean
  /** Abort it with an error that nothing caught, to mark the running tasks as failed with that error. */
  crashed?: AbortSignal
  /** Receives the events, in addition to `onEvent` of the config. */
  onEvent?: RunListener
}

/** The options of `pause`, `resume` and `cancel`. */
export interface PartyRequestOptions {
  /** Who asks. Default: the user and the host of this process. */
  by?: string
  /** Why, for `status` and `history`. */
  reason?: string | undefined
  /** How long to wait for the process that has the task to stop. Default: `2m`. With 0: not at all. */
  timeout?: Duration | undefined
  signal?: AbortSignal
}

/** The options of `wait`. */
export interface PartyWaitOptions {
  /** Only tasks of deploys, or only those in the background. Default: both. */
  lane?: Lane | undefined
  /** Default: no limit. */
  timeout?: Duration | undefined
  signal?: AbortSignal
}

/** After Party as a library: the engine of the command line. Close it when you are done. */
export interface AfterParty {
  /** Runs pending tasks. A failed task is a result. Throws an `AfterPartyError` if nothing could run. */
  run(options?: PartyRunOptions): Promise<RunResult>
  /** Runs pending tasks in transactions that are rolled back, and returns what they did and how long they took. */
  rehearse(
    options?: PartyPlanOptions & Pick<PartyRunOptions, 'signal' | 'onEvent' | 'grace' | 'skipMigrationCheck'>,
  ): Promise<Rehearsal[]>
  /** Returns what `run` would do, with the reason for each task. */
  plan(options?: PartyPlanOptions): Promise<PlannedTask[]>
  /** Checks the task files and the gates of the migrations. With `offline`, without the database. */
  check(options?: { offline?: boolean } & Pick<PartyRunOptions, 'deployId' | 'expectDatabase'>): Promise<CheckResult>
  /** Returns which of Prisma's migrations are pending, and which of their gates are open. Without `migrations`: of `prisma/migrations`. */
  migrations(): Promise<Migrations>
  /** Runs background tasks until `signal` aborts, side by side with workers in other processes. A failed task is a result. */
  work(options?: PartyWorkOptions): Promise<WorkResult>
  /** Asks tasks to pause, whatever process runs them: at their next batch or heartbeat. They stay paused until `resume`. */
  pause(names: readonly string[], options?: PartyRequestOptions): Promise<Requested[]>
  /** Takes back `pause` and `cancel`, and the failures of a background task: the next run or worker goes on with it. */
  resume(names: readonly string[], options?: PartyRequestOptions): Promise<Requested[]>
  /** Asks tasks to stop for good. A backfill keeps its checkpoint, should it be resumed. */
  cancel(names: readonly string[], options?: PartyRequestOptions): Promise<Requested[]>
  /** Waits until tasks are done, whatever process runs them. Without names: all of them. */
  wait(names?: readonly string[], options?: PartyWaitOptions): Promise<Waited>
  /** Returns the state of every task, or of those with some tags. */
  status(options?: StatusOptions): Promise<Status>
  /** Sets the recorded state of tasks, without running them. */
  mark(options: MarkOptions): Promise<Marked[]>
  /** Returns attempts, latest first. */
  history(options?: HistoryOptions): Promise<TaskAttempt[]>
  /** Disconnects the clients that it created. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * Creates an After Party instance from a client factory and tasks. It connects at the first call.
 *
 * @example
 * const party = createAfterParty({ client: () => new PrismaClient({ adapter }), tasks: 'prisma/after-party' })
 * const { outcome } = await party.run()
 * await party.close()
 */
export function createAfterParty(options: AfterPartyOptions): AfterParty {
  const lazy = lazyEngine(options)
  const freshOf = ({ fresh }: Pick<PartyRunOptions, 'fresh'>) => (fresh ? (options.freshDatabase ?? 'run') : undefined)
  const inDatabase = async (expectDatabase?: string): Promise<RunEngine> => {
    const engine = await lazy.engine()
    const database = await runDatabaseOf(engine.ledgerClient)
    if (expectDatabase !== undefined) demandDatabase(database, expectDatabase)
    // Tasks write through a client that may have been made for another database.
    if (expectDatabase !== undefined && options.ledgerClient)
      demandDatabase(await runDatabaseOf(await engine.tasksClient()), expectDatabase)
    return { ...engine, database }
  }
  const request = async (
    kind: TaskRequest['kind'],
    names: readonly string[],
    { by = requester(), reason, timeout = '2m', signal = new AbortController().signal }: PartyRequestOptions = {},
  ): Promise<Requested[]> => {
    const { requestTasks } = await import('./engine/requests.js')
    return requestTasks(await lazy.engine(), { kind, names, by, reason, waitMs: toMs(timeout), signal })
  }
  const migrated = async ({
    skipMigrationCheck,
    expectDatabase,
  }: Pick<PartyRunOptions, 'skipMigrationCheck' | 'expectDatabase'>): Promise<RunEngine> => {
    const engine = await inDatabase(expectDatabase)
    if (options.migrations !== undefined && !skipMigrationCheck)
      demandMigrations(await readMigrations(options.migrations), await appliedMigrations(engine.ledgerClient))
    return engine
  }
  return {
    async run(given = {}) {
      // Two runs of one party at once are two owners: neither may take the other's claim for its own.
      return run(
        { ...(await migrated(given)), owner: makeOwner() },
        {
          ...(given.names && { names: given.names }),
          tags: given.tags,
          excludeTags: given.excludeTags,
          params: given.params,
          upTo: given.upTo,
          lane: given.lane,
          awaited: given.awaited,
          deployId: given.deployId,
          fresh: freshOf(given),
          leaseMs: toMs(given.lease ?? options.lease ?? '60s'),
          lockTimeoutMs: toMs(given.lockTimeout ?? options.lockTimeout ?? '10m'),
          graceMs: toMs(given.grace ?? options.grace ?? '25s'),
          stopAt: given.maxDuration === undefined ? Number.POSITIVE_INFINITY : monotonicNow() + toMs(given.maxDuration),
          signal: given.signal ?? new AbortController().signal,
          crashed: given.crashed,
          pace: { batchSize: given.batchSize, pause: given.pause },
          emit: fanOut([options.onEvent, given.onEvent]),
        },
      )
    },
    // What a deploy with nothing to do never needs is loaded when it is asked for.
    async rehearse(given = {}) {
      const { rehearse } = await import('./engine/rehearse.js')
      return rehearse(await migrated(given), {
        ...(given.names && { names: given.names }),
        tags: given.tags,
        excludeTags: given.excludeTags,
        params: given.params,
        upTo: given.upTo,
        lane: given.lane,
        deployId: given.deployId,
        fresh: freshOf(given),
        graceMs: toMs(given.grace ?? options.grace ?? '25s'),
        signal: given.signal ?? new AbortController().signal,
        emit: fanOut([options.onEvent, given.onEvent]),
      })
    },
    async plan(given = {}) {
      const { expectDatabase } = given
      const engine = expectDatabase === undefined ? await lazy.engine() : await inDatabase(expectDatabase)
      return (await planRun(engine, { ...given, fresh: freshOf(given) })).map(plannedTask)
    },
    async check({ offline = false, deployId, expectDatabase } = {}) {
      const { check } = await import('./deploy/check.js')
      if (!offline && expectDatabase !== undefined) await inDatabase(expectDatabase)
      const engine = offline ? undefined : lazy.engine
      return check(lazy.source, options.migrations, { engine, deployId, freshDatabase: options.freshDatabase })
    },
    async migrations() {
      const { readPendingMigrations } = await import('./deploy/pending-migrations.js')
      return readPendingMigrations(lazy.engine, options.migrations ?? DEFAULT_MIGRATIONS)
    },
    async work(given = {}) {
      const { Worker } = await import('./worker/worker.js')
      const { once = false, concurrency = 1, crashed, signal = new AbortController().signal } = given
      const engine = await inDatabase(given.expectDatabase)
      return new Worker(engine, {
        demandReady: async () => {
          if (options.migrations !== undefined && !given.skipMigrationCheck)
            demandMigrations(await readMigrations(options.migrations), await appliedMigrations(engine.ledgerClient))
        },
        ...{ once, concurrency, crashed, signal },
        sliceMs: toMs(given.slice ?? '60s'),
        pollMs: toMs(given.poll ?? '5s'),
        stopAt: given.maxDuration === undefined ? Number.POSITIVE_INFINITY : monotonicNow() + toMs(given.maxDuration),
        leaseMs: toMs(given.lease ?? options.lease ?? '60s'),
        graceMs: toMs(given.grace ?? options.grace ?? '25s'),
        emit: fanOut([options.onEvent, given.onEvent]),
      }).work()
    },
    pause: (names, given) => request('pause', names, given),
    resume: (names, given) => request('resume', names, given),
    cancel: (names, given) => request('cancel', names, given),
    async wait(names, { lane, timeout, signal = new AbortController().signal } = {}) {
      const { waitForTasks } = await import('./engine/wait.js')
      const timeoutMs = timeout === undefined ? Number.POSITIVE_INFINITY : toMs(timeout)
      return waitForTasks(await lazy.engine(), { names, lane, timeoutMs, signal })
    },
    async status(given) {
      const { status } = await import('./engine/status.js')
      return status(await lazy.engine(), given)
    },
    async mark(given) {
      const { mark } = await import('./engine/mark.js')
      return mark(await lazy.engine(), given)
    },
    async history(given = {}) {
      const { history } = await import('./engine/status.js')
      return history(await lazy.engine(), given)
    },
    close: lazy.close,
    [Symbol.asyncDispose]: lazy.close,
  }
}

const DISCONNECT_MS = 5_000

interface LazyEngine {
  readonly source: TaskSource
  engine(): Promise<Engine>
  close(): Promise<void>
}

function lazyEngine(options: AfterPartyOptions): LazyEngine {
  const source = sourceOf(options.tasks ?? DEFAULT_TASKS)
  const opened = new Set<PrismaClientLike>()
  const open = async (name: 'client' | 'ledgerClient'): Promise<PrismaClientLike> => {
    const client = await makeClient(name, options[name] ?? options.client)
    opened.add(client)
    return client
  }
  let engine: Promise<Engine> | undefined
  let tasksClient: Promise<Client> | undefined
  const build = async (): Promise<Engine> => {
    const ledgerClient = await open(options.ledgerClient ? 'ledgerClient' : 'client')
    const ledger = new PrismaLedger(ledgerClient)
    await demandLedgerColumns(ledgerClient)
    const openForTasks = async (): Promise<PrismaClientLike> => {
      const client = await open('client')
      if (shareConnections(client, ledgerClient)) return client
      await demandLedgerColumns(client)
      await demandSameDates(ledgerClient, client)
      await ledger.giveWay()
      return client
    }
    return {
      ledger,
      ledgerClient,
      source,
      tasksClient: () => {
        tasksClient ??= openForTasks()
          .then(clientOf)
          .catch((error) => {
            tasksClient = undefined
            throw error
          })
        return tasksClient
      },
      queue: options.queue,
      owner: makeOwner(),
      // An empty variable counts as not set.
      environment: options.environment || process.env.AFTER_PARTY_ENV || process.env.NODE_ENV || 'development',
    }
  }
  return {
    source,
    engine: () => {
      engine ??= build().catch((error) => {
        engine = undefined
        throw error
      })
      return engine
    },
    close: async () => {
      const said = new AbortController()
      // One that can't say goodbye (Prisma 6 without its engine) is gone all the same, and whoever closes has a result,
      // or an error, that matters more.
      const goodbyes = [...[...opened].map(async (client) => client.$disconnect()), options.queue?.close?.()]
      const disconnected = Promise.allSettled(goodbyes).finally(() => said.abort())
      // A connection that hangs would say goodbye for ever, or, with nothing left open, end the process here.
      await Promise.race([disconnected, sleep(DISCONNECT_MS, undefined, { signal: said.signal }).catch(() => {})])
      opened.clear()
      engine = undefined
      tasksClient = undefined
    },
  }
}

function sourceOf(tasks: string | Readonly<Record<string, Definition>>): TaskSource {
  if (typeof tasks !== 'string') return new TaskDefinitions(tasks)
  const loader = new TsxLoader()
  return new TaskDirectory(path.resolve(tasks), (file) => loader.defaultExport(file))
}
