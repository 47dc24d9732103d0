import { setTimeout as sleep } from 'node:timers/promises'
import pRetry from 'p-retry'
import { type Duration, toMs } from '../duration.js'
import { codeOf, messageOf } from '../errors.js'
import type { Ledger, Settlement } from '../ledger/contract.js'
import { isWriteConflict } from '../ledger/database-errors.js'
import type { TaskContext, TaskDefinition, TransactionOptions } from '../task.js'
import type { HeldClaim } from './claim.js'

/** Why a task is told to stop. */
export type StopReason = 'signal' | 'timeout' | 'lost'

/** How the work of a claim ended. `committed`: the record was settled inside the task's transaction. */
export type Execution =
  | { kind: 'done'; committed: boolean }
  | { kind: 'threw'; error: unknown }
  | { kind: 'stopped'; reason: StopReason; error: unknown }

/** What is needed to run one task under its claim. Durations in ms. */
export interface ExecuteOptions {
  ledger: Ledger
  claim: HeldClaim
  client: object
  /** The ledger and the tasks have the same client: heartbeats would join the task's transaction. */
  sharedClient: boolean
  /** Aborts when the process should end. */
  signal: AbortSignal
  graceMs: number
  context: Omit<TaskContext<never>, 'prisma' | 'signal'>
  onRetry(error: string, attempt: number, attempts: number): void
  onStopping(reason: StopReason): void
}

const CONFLICT_TRIES = 5
const DEFAULT_TRANSACTION_TIMEOUT: Duration = '1m'
const DEFAULT_MAX_WAIT: Duration = '10s'

/** Thrown through the user's transaction, so that the database rolls it back. */
class Stopped extends Error {}
class Lost extends Error {}

interface TransactionalClient {
  $transaction<T>(work: (transaction: never) => Promise<T>, options: object): Promise<T>
}

/** Runs a task's work: its transaction, its timeout, its retries, and the ways in which it can be told to stop. */
export async function execute(task: TaskDefinition, options: ExecuteOptions): Promise<Execution> {
  const stop = new AbortController()
  let reason: StopReason | undefined
  const stopFor = (why: StopReason) => {
    if (reason !== undefined) return
    reason = why
    stop.abort(new Error(STOP_MESSAGES[why](task)))
    options.onStopping(why)
  }
  const unlisten = [
    onAbort(options.signal, () => stopFor('signal')),
    onAbort(options.claim.lost, () => stopFor('lost')),
    onTimeout(task.timeout, () => stopFor('timeout')),
  ]
  try {
    await tryAgain(task, options, stop.signal, () =>
      task.transaction ? inTransaction(task, options, stop.signal) : withoutTransaction(task, options, stop.signal),
    )
    return { kind: 'done', committed: Boolean(task.transaction) }
  } catch (error) {
    if (error instanceof Lost) return { kind: 'stopped', reason: 'lost', error: stop.signal.reason }
    if (reason !== undefined) return { kind: 'stopped', reason, error: stop.signal.reason }
    return { kind: 'threw', error: explain(error, task) }
  } finally {
    for (const off of unlisten) off()
  }
}

const STOP_MESSAGES: Record<StopReason, (task: TaskDefinition) => string> = {
  signal: () => 'stopped by a signal',
  timeout: (task) => `took longer than its timeout of ${task.timeout}`,
  lost: () => 'the claim was lost: another process may have taken the task',
}

async function withoutTransaction(task: TaskDefinition, options: ExecuteOptions, stop: AbortSignal): Promise<void> {
  const context = { ...options.context, prisma: options.client as never, signal: stop }
  await orStopped(async () => task.run(context), stop, options.graceMs)
}

async function inTransaction(task: TaskDefinition, options: ExecuteOptions, stop: AbortSignal): Promise<void> {
  const { ledger, claim, client, context, graceMs } = options
  const { timeout, maxWait, isolationLevel } = transactionOptions(task)
  const work = () =>
    (client as TransactionalClient).$transaction(
      async (transaction) => {
        await orStopped(async () => task.run({ ...context, prisma: transaction, signal: stop }), stop, graceMs)
        if (stop.aborted) throw new Stopped()
        const settled = await ledger.within(transaction).settle(claim.claim, await settlementOf(task, options))
        if (!settled) throw new Lost()
      },
      { timeout, maxWait, ...(isolationLevel && { isolationLevel }) },
    )
  if (beatsFit(options, isolationLevel)) return work()
  return claim.withoutBeats(timeout + maxWait, async () => {
    if (claim.lost.aborted) throw new Lost()
    return work()
  })
}

/** The settled record of a task whose work is done, as it is written beside the work. */
export async function settlementOf(
  task: TaskDefinition,
  { ledger, claim }: Pick<ExecuteOptions, 'ledger' | 'claim'>,
): Promise<Settlement> {
  return {
    status: task.everyDeploy ? 'recurring' : 'done',
    finishedAt: new Date(await ledger.now()),
    error: null,
    ...(claim.processed !== undefined && { processed: claim.processed }),
  }
}

/**
 * Whether heartbeats may go on beside an open transaction. Not where they would join it (one client for all),
 * wait for it (one writer at a time), or make its snapshot stale, so that its own last write can't commit.
 */
function beatsFit({ sharedClient, ledger }: ExecuteOptions, isolationLevel: string | undefined): boolean {
  const snapshot = isolationLevel !== undefined && !/^Read/.test(isolationLevel)
  return !sharedClient && !ledger.singleWriter && !snapshot
}

function transactionOptions(task: TaskDefinition): Required<Pick<Timing, 'timeout' | 'maxWait'>> & Timing {
  const given: TransactionOptions = typeof task.transaction === 'object' ? task.transaction : {}
  return {
    timeout: toMs(given.timeout ?? task.timeout ?? DEFAULT_TRANSACTION_TIMEOUT),
    maxWait: toMs(given.maxWait ?? DEFAULT_MAX_WAIT),
    ...(given.isolationLevel && { isolationLevel: given.isolationLevel }),
  }
}

interface Timing {
  timeout?: number
  maxWait?: number
  isolationLevel?: string
}

/** Tries again what threw: as the task's `retry` says, and after the write conflicts that transactions have. */
function tryAgain(
  task: TaskDefinition,
  { onRetry }: ExecuteOptions,
  stop: AbortSignal,
  work: () => Promise<void>,
): Promise<void> {
  const attempts = task.retry?.attempts ?? (task.transaction ? CONFLICT_TRIES : 1)
  const mayRetry = (error: unknown) =>
    !stop.aborted && !(error instanceof Lost) && (task.retry !== undefined || isWriteConflict(error))
  return pRetry(() => work().catch((error) => Promise.reject(new Thrown(error))), {
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

/** The work's end, or, when it was told to stop and has not after the grace period, `Stopped`. */
async function orStopped(work: () => Promise<unknown>, stop: AbortSignal, graceMs: number): Promise<void> {
  if (stop.aborted) throw new Stopped()
  const over = new AbortController()
  const overdue = new Promise<never>((_, reject) => {
    const off = onAbort(stop, () => {
      sleep(graceMs, undefined, { signal: over.signal }).then(
        () => reject(new Stopped()),
        () => {},
      )
    })
    over.signal.addEventListener('abort', off)
  })
  try {
    await Promise.race([work(), overdue])
  } finally {
    over.abort()
  }
}

function explain(error: unknown, task: TaskDefinition): unknown {
  if (codeOf(error) !== 'P2028' || !task.transaction) return error
  const { timeout } = transactionOptions(task)
  const message = `the transaction took longer than ${timeout} ms, or could not begin: raise \`transaction.timeout\`, or split the work`
  return new Error(`${message} (${messageOf(error)})`, { cause: error })
}

function onAbort(signal: AbortSignal, listener: () => void): () => void {
  if (signal.aborted) listener()
  else signal.addEventListener('abort', listener, { once: true })
  return () => signal.removeEventListener('abort', listener)
}

function onTimeout(timeout: Duration | undefined, listener: () => void): () => void {
  if (timeout === undefined) return () => {}
  const timer = setTimeout(listener, toMs(timeout))
  return () => clearTimeout(timer)
}
