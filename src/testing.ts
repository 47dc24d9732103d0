import type { RegisteredClient, TransactionClient } from './config.js'
import { type Duration, toMs } from './duration.js'
import type { Engine } from './engine/engine.js'
import type { LogLevel, Outcome, RunEvent } from './engine/events.js'
import { makeOwner } from './engine/owner.js'
import { runTask as runClaimed } from './engine/run-task.js'
import { AfterPartyError } from './errors.js'
import type { ClaimWrites } from './ledger/contract.js'
import { MemoryLedger } from './ledger/memory-ledger.js'
import { checkTask } from './project/task-check.js'
import { TaskDefinitions, type TaskFile } from './project/task-files.js'
import type { TaskDefinition } from './task.js'

/** How a test runs a task. */
export interface RunTaskOptions {
  /**
   * The client that the task is given. It may be a transaction that the test has open and rolls back in the end: a
   * task with `transaction` then runs in that one, or, where Prisma nests them, in one inside it.
   */
  prisma: TransactionClient<RegisteredClient>
  /** Aborts to stop the task, as a signal does in a deploy. */
  signal?: AbortSignal
  /** How long the task may go on after it was told to stop. Default: `1s`; in a deploy it is the config's. */
  grace?: Duration
  /** What the task is given as the id of the deploy. */
  deployId?: string
}

/** Something that a task logged. */
export interface Logged {
  level: LogLevel
  message: string
}

/** What became of a task that a test ran. */
export interface TaskRunResult {
  /** `done`; `failed`: it threw, on its last try, or took too long; `interrupted`: `signal` stopped it. */
  outcome: Outcome
  /** What it logged, in order. */
  logs: Logged[]
  /** Things done, where the task tells (`progress`). */
  processed?: number
  /** The message of what made it fail. */
  error?: string
  /** The same with its stack: where it was thrown. */
  stack?: string
}

/** Any that is a timestamp: nothing but the task itself sees it. */
const FILE: TaskFile = { version: '20000101000000', name: 'task', file: '20000101000000_task.ts' }
const DEFAULT_GRACE: Duration = '1s'
const LEASE_MS = 60_000

/**
 * Runs a task once as a deploy does, with its transaction, timeout and retries, against the client of a test.
 * What deploys have run before, `environments` and the ledger's tables play no part: nothing but the task writes.
 * A task that fails is a result. Throws an `AfterPartyError` for what is not a task, or has options that are wrong.
 *
 * @example
 * const { outcome, logs } = await runTask(task, { prisma })
 * expect(outcome).toBe('done')
 */
export async function runTask(task: TaskDefinition, options: RunTaskOptions): Promise<TaskRunResult> {
  const { prisma, signal = new AbortController().signal, grace = DEFAULT_GRACE, deployId } = options
  const definition = checked(task)
  const engine: Engine = {
    ledger: new UnsharedLedger(),
    source: new TaskDefinitions({}),
    tasksClient: async () => (definition.transaction ? transactional(prisma) : prisma),
    ledgerClient: {},
    owner: makeOwner(),
    environment: 'test',
  }
  const logs: Logged[] = []
  let stack: string | undefined
  const hear = (event: RunEvent) => {
    if (event.type === 'log') logs.push({ level: event.level, message: event.message })
    if (event.type === 'finished') stack = event.stack
  }
  const planned = {
    ...FILE,
    state: 'pending' as const,
    flags: [],
    runs: true,
    reason: 'a test',
    file: FILE,
    record: null,
    definition,
  }
  const { outcome, processed, error } = await runClaimed(engine, planned, {
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
    ...(error !== undefined && { error }),
    ...(stack !== undefined && { stack }),
  }
}

/** A ledger of one run. It is not in the test's database, so nothing is written to it that a rollback should undo. */
class UnsharedLedger extends MemoryLedger {
  override within(): ClaimWrites {
    const write = async () => true
    return { settle: write, checkpoint: write }
  }
}

function checked(task: unknown): TaskDefinition {
  const result = checkTask(task)
  if ('task' in result && result.task.kind === 'task') return result.task
  throw new AfterPartyError('tasks-invalid', {
    what: 'This is not a task that can be run.',
    why: 'faults' in result ? result.faults.join('\n') : 'It is a backfill, which `runTask` does not run.',
  })
}

/** What begins a task's transaction: the client, or the transaction that the test has open already. */
function transactional(client: object): object {
  if ('$transaction' in client && typeof client.$transaction === 'function') return client
  return { $transaction: (work: (transaction: object) => Promise<unknown>) => work(client) }
}
