import { makeOwner } from './attempt/owner.js'
import type { BackfillDefinition } from './define/backfill.js'
import { checkTask } from './define/check.js'
import type { RegisteredClient, TransactionClient } from './define/config.js'
import type { Definition } from './define/definition.js'
import { type Duration, toMs } from './define/duration.js'
import { AfterPartyError } from './define/errors.js'
import type { LogLevel, Reason, RunNews, SkippedRow, TaskOutcome } from './define/events.js'
import type { TaskDefinition } from './define/task.js'
import type { Engine } from './engine/engine.js'
import { planParams } from './engine/params.js'
import type { PlanEntry } from './engine/plan.js'
import { runTask as runClaimed } from './engine/run-task.js'
import type { ClaimWrites } from './ledger/contract.js'
import { MemoryLedger } from './ledger/memory-ledger.js'
import { clientOf } from './prisma/client.js'
import { TaskDefinitions, type TaskFile } from './project/task-files.js'

/** The options of `runTask`. */
export interface RunTaskOptions {
  /**
   * The client for the task. It can be a transaction that your test opens and rolls back at the end. A task with
   * `transaction` then runs in it, or in a nested transaction if your version of Prisma supports those.
   */
  prisma: TransactionClient<RegisteredClient>
  /** Abort it to stop the task, as a signal does in a deploy. */
  signal?: AbortSignal
  /** How long the task may take to finish after it was asked to stop. Default: `1s`. A deploy uses the config. */
  grace?: Duration
  /** The deploy id for the task. */
  deployId?: string
  /** Values for the task's `params`, by their names. Default: none, as in a deploy. */
  params?: object
}

/** A log message of a task. */
export interface Logged {
  level: LogLevel
  message: string
}

/** The result of `runTask`. */
export interface TaskRunResult {
  /**
   * `done`, `failed` (it threw on its last try, or took too long), `interrupted` (`signal` stopped it) or `waiting` (its
   * `when` said not yet).
   */
  outcome: TaskOutcome
  /** The log messages, in order. */
  logs: Logged[]
  /** Number of processed items, if the task reports it (`progress`). */
  processed?: number
  /** Of a backfill: the rows that it skipped (`onError: 'skip'`), in this run. */
  skippedRows?: SkippedRow[]
  /** Why it is not done, if it threw no error. */
  reason?: Reason
  /** The message of the error that it threw. */
  error?: string
  /** The message with its stack. */
  stack?: string
}

/** Any that is a timestamp: nothing but the task itself sees it. */
const FILE: TaskFile = { version: '20000101000000', name: 'task', file: '20000101000000_task.ts' }
const DEFAULT_GRACE: Duration = '1s'
const LEASE_MS = 60_000

/**
 * Runs a task once, as a deploy does, with its transaction, timeout and retries. Ignores earlier deploys and
 * `environments`, and doesn't use the ledger's tables: only the task writes to the database.
 * A failed task is a result. Throws an `AfterPartyError` if `task` is not a task, has invalid options or refuses `params`.
 *
 * @example
 * const { outcome, logs } = await runTask(task, { prisma })
 * expect(outcome).toBe('done')
 */
export async function runTask(task: TaskDefinition, options: RunTaskOptions): Promise<TaskRunResult> {
  return runOnce(checked(task, 'task'), new StagedLedger(), options)
}

/** The options of `runBackfill`. */
export interface RunBackfillOptions extends RunTaskOptions {
  /** Interrupts the backfill after this number of batches, as a signal does in a deploy. The next run resumes there. */
  batches?: number
  /** The result of an earlier run of the same backfill: resumes at its checkpoint. */
  after?: BackfillRunResult
}

/** The result of `runBackfill`. */
export interface BackfillRunResult extends TaskRunResult {
  /** Number of processed rows in this run. */
  processed: number
  /** The checkpoint, for `after`. */
  readonly checkpoint: BackfillCheckpoint
}

/** An opaque checkpoint of a backfill. */
export interface BackfillCheckpoint {
  readonly [HELD]: StagedLedger
}

const HELD = Symbol('ledger')

/**
 * Runs a backfill as a deploy does, batch by batch. Checkpoints are kept in the result, not in the database. Ignores
 * `concurrency` and `pause`. Throws as `runTask` does.
 *
 * @example
 * const first = await runBackfill(backfill, { prisma, batches: 2 })
 * expect(first.outcome).toBe('interrupted')
 * const second = await runBackfill(backfill, { prisma, after: first })
 * expect(second.outcome).toBe('done')
 */
export async function runBackfill(
  backfill: BackfillDefinition,
  { batches = Number.POSITIVE_INFINITY, after, ...options }: RunBackfillOptions,
): Promise<BackfillRunResult> {
  const ledger = after?.checkpoint[HELD] ?? new StagedLedger()
  const enough = new AbortController()
  // The first progress tells where the run begins, each after it a batch.
  let told = -1
  const onProgress = () => {
    told += 1
    if (told >= batches) enough.abort()
  }
  const signal = options.signal ? AbortSignal.any([options.signal, enough.signal]) : enough.signal
  const { pause: _, ...definition } = checked(backfill, 'backfill')
  // In one part: side by side, parts would leave it to chance what so many batches are, and need several connections.
  const result = await runOnce({ ...definition, concurrency: 1 }, ledger, { ...options, signal }, onProgress)
  return { ...result, processed: result.processed ?? 0, checkpoint: { [HELD]: ledger } }
}

async function runOnce(
  definition: Definition,
  ledger: StagedLedger,
  { prisma, signal = new AbortController().signal, grace = DEFAULT_GRACE, deployId, params }: RunTaskOptions,
  onProgress: () => void = () => {},
): Promise<TaskRunResult> {
  const inTransaction = definition.transaction ?? definition.kind === 'backfill'
  const engine: Engine = {
    ledger,
    source: new TaskDefinitions({}),
    tasksClient: async () => clientOf(inTransaction ? ledger.watching(prisma) : prisma),
    ledgerClient: {},
    owner: makeOwner(),
    environment: 'test',
  }
  const logs: Logged[] = []
  const skippedRows: SkippedRow[] = []
  let stack: string | undefined
  const hear = (event: RunNews) => {
    if (event.type === 'log') logs.push({ level: event.level, message: event.message })
    if (event.type === 'skipped') skippedRows.push(event.row)
    if (event.type === 'progress') onProgress()
    if (event.type === 'finished') stack = event.stack
  }
  const record = await ledger.record(FILE.version)
  const planned: PlanEntry = {
    ...FILE,
    state: 'pending',
    flags: [],
    runs: true,
    reason: { code: 'new' },
    file: FILE,
    record,
    definition,
  }
  const { tasks } = await planParams(engine, [planned], { params, byName: true })
  const { outcome, processed, reason, error } = await runClaimed(engine, tasks[0] ?? planned, {
    deployId,
    leaseMs: LEASE_MS,
    lockTimeoutMs: 0,
    graceMs: toMs(grace),
    stopAt: Number.POSITIVE_INFINITY,
    signal,
    emit: hear,
  })
  return {
    outcome,
    logs,
    ...(processed !== undefined && { processed }),
    ...(skippedRows.length > 0 && { skippedRows }),
    ...(reason && { reason }),
    ...(error !== undefined && { error }),
    ...(stack !== undefined && { stack }),
  }
}

/** A ledger beside the test's database: what it notes inside a transaction counts once that has committed. */
class StagedLedger extends MemoryLedger {
  readonly #staged = new WeakMap<object, (() => Promise<boolean>)[]>()

  override within(transaction: object): ClaimWrites {
    const stage = (write: () => Promise<boolean>) => {
      this.#staged.get(transaction)?.push(write)
      return Promise.resolve(true)
    }
    return {
      beat: (claim, beat) => stage(() => this.beat(claim, beat)),
      settle: (claim, settlement) => stage(() => this.settle(claim, settlement)),
      checkpoint: (claim, checkpoint) => stage(() => this.checkpoint(claim, checkpoint)),
      steps: (claim, results) => stage(() => this.steps(claim, results)),
      stepsOf: (version) => this.stepsOf(version),
    }
  }

  /** The client, its transactions watched for their ends. */
  watching(client: object): object {
    const begin = transactionsOf(client)
    const watched = async (work: (transaction: object) => Promise<unknown>, options: object) => {
      const staged: (() => Promise<boolean>)[] = []
      const result = await begin((transaction) => {
        // In the test's own transaction, this is the same one for every batch.
        this.#staged.set(transaction, staged)
        return work(transaction)
      }, options)
      for (const write of staged) await write()
      return result
    }
    return new Proxy(client, {
      get: (target, key) => {
        if (key === '$transaction') return watched
        const value: unknown = Reflect.get(target, key)
        return typeof value === 'function' && String(key).startsWith('$') ? value.bind(target) : value
      },
    })
  }
}

function checked<Kind extends Definition['kind']>(given: unknown, kind: Kind): Extract<Definition, { kind: Kind }> {
  const result = checkTask(given)
  if ('task' in result && result.task.kind === kind) return result.task as Extract<Definition, { kind: Kind }>
  throw new AfterPartyError('tasks-invalid', {
    what: `This is not a valid ${kind}.`,
    why:
      'faults' in result
        ? result.faults.join('\n')
        : `It is a ${result.task.kind}: run it with \`${result.task.kind === 'task' ? 'runTask' : 'runBackfill'}\`.`,
  })
}

type Begin = (work: (transaction: object) => Promise<unknown>, options: object) => Promise<unknown>

/** What begins a transaction: the client, or the transaction that the test has open already. */
function transactionsOf(client: object): Begin {
  if (!('$transaction' in client) || typeof client.$transaction !== 'function') return (work) => work(client)
  const { $transaction } = client
  return (work, options) => $transaction.call(client, work, options)
}
