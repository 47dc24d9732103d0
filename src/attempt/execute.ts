import pRetry from 'p-retry'
import { type Duration, toMs } from '../define/duration.js'
import { messageOf } from '../define/errors.js'
import type { TaskContext, TaskDefinition } from '../define/task.js'
import type { Settlement } from '../ledger/contract.js'
import { orBusy } from '../prisma/ask.js'
import { isBusy, isWriteConflict } from '../prisma/database-errors.js'
import { leaveConnection } from '../prisma/leave-connection.js'
import { Crashed, Lost, orStopped, Stop, Stopped, type StopReason } from './stop.js'
import {
  inOnePiece,
  inTransaction,
  type TransactionDependencies,
  TransactionEnded,
  transactionTimes,
} from './transaction.js'
import { allAwaited, Unawaited } from './unawaited.js'

/** How the work of a claim ended. `committed`: the record was settled inside the task's transaction. */
export type Execution = (
  | { kind: 'done'; committed: boolean }
  | { kind: 'threw'; error: unknown }
  | { kind: 'stopped'; reason: StopReason; error: unknown }
  /** It used up the run's time, and left the rest for the next run. */
  | { kind: 'paused' }
) & {
  /** Rows, in this attempt. */
  processed?: number | undefined
  /** The same with those of the processes that helped, where some may have. */
  together?: number
}

/** What is needed to run one task under its claim. Durations in ms. */
export interface ExecuteOptions extends TransactionDependencies {
  /** Aborts when the process should end. */
  signal: AbortSignal
  context: Omit<TaskContext<never>, 'prisma' | 'signal'>
  onRetry(error: string, attempt: number, attempts: number): void
  onStopping(reason: StopReason): void
}

const CONFLICT_TRIES = 5
const DEFAULT_TRANSACTION_TIMEOUT: Duration = '1m'

/** Runs a task's work: its transaction, its timeout, its retries, and the ways in which it can be told to stop. */
export async function execute(task: TaskDefinition, options: ExecuteOptions): Promise<Execution> {
  const { claim, signal, onStopping } = options
  const stop = new Stop({ signal, lost: claim.lost, timeout: task.timeout, onStopping })
  try {
    await tryAgain(task, options, stop.signal, (attempt) =>
      task.transaction
        ? withinTransaction(task, options, { stop: stop.signal, quiet: attempt > 1 })
        : outsideTransaction(task, options, stop.signal),
    )
    return { kind: 'done', committed: Boolean(task.transaction), processed: claim.processed }
  } catch (error) {
    return endOf(error, stop, claim.processed)
  } finally {
    stop.end()
  }
}

/** What something thrown out of a claim's work means. */
export function endOf(error: unknown, stop: Stop, processed: number | undefined): Execution {
  const reason = error instanceof Lost ? 'lost' : stop.reason
  if (reason === undefined) return { kind: 'threw', error, processed }
  const told: unknown = stop.signal.reason ?? error
  return { kind: 'stopped', reason, error: told instanceof Crashed ? told.cause : told, processed }
}

/** The settled record of work that is done, as it is written beside the work. */
export async function settlementOf(
  { everyDeploy }: { everyDeploy?: boolean | undefined },
  { ledger, claim }: Pick<ExecuteOptions, 'ledger' | 'claim'>,
): Promise<Settlement> {
  return {
    status: everyDeploy ? 'recurring' : 'done',
    finishedAt: new Date(await ledger.now()),
    error: null,
    ...(claim.processed !== undefined && { processed: claim.processed }),
  }
}

async function outsideTransaction(task: TaskDefinition, options: ExecuteOptions, stop: AbortSignal): Promise<void> {
  await orStopped(() => runOwn(task, options, options.client, stop), stop, options.graceMs)
}

async function withinTransaction(
  task: TaskDefinition,
  options: ExecuteOptions,
  how: { stop: AbortSignal; quiet: boolean },
): Promise<void> {
  const { stop } = how
  const { claim, client, graceMs } = options
  const times = transactionTimes(task.transaction, task.timeout ?? DEFAULT_TRANSACTION_TIMEOUT)
  await inTransaction(options, times, how, async (transaction, writes) => {
    await inOnePiece(client, transaction, () =>
      orStopped(() => runOwn(task, options, transaction, stop), stop, graceMs),
    )
    if (stop.aborted) throw new Stopped()
    const settled = await writes.settle(claim.claim, await settlementOf(task, options))
    if (!settled) throw new Lost()
  })
}

/** Runs the task's own code, to the end of all that it begins. */
function runOwn(
  task: TaskDefinition,
  { context, graceMs }: Pick<ExecuteOptions, 'context' | 'graceMs'>,
  client: object,
  stop: AbortSignal,
): Promise<void> {
  const onLate = (message: string) => context.log.error(`${context.version}: ${message}`)
  return allAwaited(client, { graceMs, onLate }, (prisma) =>
    task.run({ ...context, prisma: prisma as never, signal: stop }),
  )
}

/** Tries again what threw: as the task's `retry` says, and after the write conflicts that transactions have. */
function tryAgain(
  task: TaskDefinition,
  { client, onRetry }: ExecuteOptions,
  stop: AbortSignal,
  work: (attempt: number) => Promise<void>,
): Promise<void> {
  const attempts = task.retry?.attempts ?? (task.transaction ? CONFLICT_TRIES : 1)
  const mayRetry = (error: unknown) =>
    !stop.aborted &&
    !(error instanceof Lost || error instanceof TransactionEnded || error instanceof Unawaited) &&
    (task.retry !== undefined || isWriteConflict(error) || isBusy(error))
  const tried = (attempt: number) =>
    orBusy(
      () => work(attempt),
      () => leaveConnection(client),
    )
  return pRetry((attempt) => tried(attempt).catch((error) => Promise.reject(new Thrown(error))), {
    retries: attempts - 1,
    factor: 2,
    minTimeout: toMs(task.retry?.delay ?? (task.retry ? '1s' : 100)),
    signal: stop,
    shouldRetry: ({ error }) => mayRetry(error.cause),
    onFailedAttempt: ({ error, attemptNumber, retriesLeft }) => {
      if (retriesLeft > 0 && mayRetry(error.cause)) onRetry(messageOf(error.cause), attemptNumber, attempts)
    },
  }).catch((error) => {
    throw error instanceof Thrown ? error.cause : error
  })
}

/** Carries what a task threw past the retries, which want an `Error` and take every `TypeError` for final. */
class Thrown extends Error {
  constructor(cause: unknown) {
    super(messageOf(cause), { cause })
  }
}
