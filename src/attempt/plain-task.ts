import pRetry from 'p-retry'
import { type Duration, durationText, toMs } from '../define/duration.js'
import { messageOf } from '../define/errors.js'
import type { TaskDefinition } from '../define/task.js'
import { isUnfinished, type TaskRecord } from '../ledger/contract.js'
import { orBusy } from '../prisma/ask.js'
import type { Client } from '../prisma/client.js'
import { isBusy, isWriteConflict } from '../prisma/database-errors.js'
import { leaveConnection } from '../prisma/leave-connection.js'
import { type Execution, endOf, settlementOf } from './execution.js'
import { rolledBack } from './roll-back.js'
import { NOTHING_KEPT, StepFault, type StepStore, Steps } from './steps.js'
import { Lost, orStopped, Stop, Stopped } from './stop.js'
import { inOnePiece, inTransaction, TransactionEnded, type TransactionTimes, transactionTimes } from './transaction.js'
import { allAwaited, Unawaited } from './unawaited.js'
import { demandVerified } from './verified.js'
import type { ClaimedJob, RehearsalJob, Rehearsed, Work } from './work.js'

const CONFLICT_TRIES = 5
const DEFAULT_TRANSACTION_TIMEOUT: Duration = '1m'

/** A plain task: its transaction, its timeout, its retries, and the ways in which it can be told to stop. */
export function plainTask(task: TaskDefinition): Work {
  return {
    everyDeploy: task.everyDeploy === true,
    settlesItself: Boolean(task.transaction),
    timeout: task.timeout === undefined ? undefined : durationText(task.timeout),
    resumes: (record, deployId) => keepsSteps(task, record, deployId) && 'steps',
    execute: (job) => execute(task, job),
    ...(task.transaction && { rehearse: (job: RehearsalJob) => rehearse(task, job) }),
  }
}

async function execute(task: TaskDefinition, job: ClaimedJob): Promise<Execution> {
  const { claim, signal, onStopping } = job
  const stop = new Stop({ signal, lost: claim.lost, asked: claim.asked, timeout: task.timeout, onStopping })
  try {
    await tryAgain(task, job, stop.signal, (attempt) =>
      task.transaction
        ? withinTransaction(task, job, { stop: stop.signal, quiet: attempt > 1 })
        : outsideTransaction(task, job, stop.signal),
    )
    return { kind: 'done', committed: Boolean(task.transaction), processed: claim.processed }
  } catch (error) {
    return endOf(error, stop, claim.processed)
  } finally {
    stop.end()
  }
}

/** What is done, or was marked, starts over. So do the tasks of another deploy, where they run at every one. */
function keepsSteps(
  { everyDeploy }: TaskDefinition,
  record: TaskRecord | null,
  deployId: string | undefined,
): record is TaskRecord {
  if (record === null || !isUnfinished(record)) return false
  return !everyDeploy || deployId === undefined || record.deployId === deployId
}

async function outsideTransaction(task: TaskDefinition, job: ClaimedJob, stop: AbortSignal): Promise<void> {
  const { ledger, client, claim, graceMs } = job
  const store: StepStore = {
    read: () => ledger.stepsOf(claim.claim.version),
    async write(results) {
      if (!(await ledger.steps(claim.claim, results))) throw new Lost()
    },
  }
  await orStopped(() => runOwn(task, { ...job, store }, client, stop), stop, graceMs)
}

async function withinTransaction(
  task: TaskDefinition,
  job: ClaimedJob,
  how: { stop: AbortSignal; quiet: boolean },
): Promise<void> {
  const { stop } = how
  const { claim, client, graceMs } = job
  const times = timesOf(task)
  await inTransaction(job, times, how, async (transaction, writes) => {
    let kept: string | undefined
    // Written at the end: the heartbeats beside the transaction would wait for a record that it has locked.
    const store: StepStore = {
      read: () => writes.stepsOf(claim.claim.version),
      async write(results) {
        kept = results
      },
    }
    const work = () => runOwn(task, { ...job, store }, transaction, stop)
    await inOnePiece(client, transaction, () => orStopped(work, stop, graceMs))
    if (stop.aborted) throw new Stopped()
    if (kept !== undefined && !(await writes.steps(claim.claim, kept))) throw new Lost()
    const settled = await writes.settle(claim.claim, await settlementOf(task, job))
    if (!settled) throw new Lost()
  })
}

function timesOf({ transaction, timeout = DEFAULT_TRANSACTION_TIMEOUT }: TaskDefinition): TransactionTimes {
  return transactionTimes(transaction, timeout)
}

/** The same, rolled back. */
async function rehearse(task: TaskDefinition, { client, context, signal, graceMs }: RehearsalJob): Promise<Rehearsed> {
  const given = { context, graceMs, store: NOTHING_KEPT, onStepSkipped() {} }
  await rolledBack(client, timesOf(task), (transaction) => runOwn(task, given, transaction, signal))
  return {}
}

/** What the task's own code is run with. */
interface Given extends Pick<ClaimedJob, 'context' | 'graceMs' | 'onStepSkipped'> {
  store: StepStore
}

/** Runs the task's own code, to the end of all that it begins, and then has it look at what it did. */
async function runOwn(
  task: TaskDefinition,
  { context, graceMs, store, onStepSkipped }: Given,
  client: Client,
  stop: AbortSignal,
): Promise<void> {
  const onLate = (message: string) => context.log.error(`${context.version}: ${message}`)
  const steps = new Steps({ store, signal: stop, onSkipped: onStepSkipped })
  await allAwaited(client, { graceMs, onLate }, (prisma) =>
    steps.during(graceMs, () => task.run({ ...context, step: steps.step, prisma: prisma as never, signal: stop })),
  )
  const { verify } = task
  if (!verify || stop.aborted) return
  await allAwaited(client, { graceMs, onLate }, (prisma) =>
    demandVerified(() => verify({ ...context, prisma: prisma as never, signal: stop })),
  )
}

/** Tries again what threw: as the task's `retry` says, and after the write conflicts that transactions have. */
function tryAgain(
  task: TaskDefinition,
  { client, onRetry }: ClaimedJob,
  stop: AbortSignal,
  work: (attempt: number) => Promise<void>,
): Promise<void> {
  const attempts = task.retry?.attempts ?? (task.transaction ? CONFLICT_TRIES : 1)
  const mayRetry = (error: unknown) =>
    !stop.aborted &&
    ![Lost, TransactionEnded, Unawaited, StepFault].some((final) => error instanceof final) &&
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
