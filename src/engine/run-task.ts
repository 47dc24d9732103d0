import { type Definition, isEveryDeploy } from '../definition.js'
import { messageOf, withoutUrls } from '../errors.js'
import { monotonicNow } from '../ledger/clock.js'
import type { RecordStatus, TaskRecord } from '../ledger/contract.js'
import { executeBackfill } from './backfill/backfill.js'
import { acquire, type HeldClaim } from './claim.js'
import type { Engine } from './engine.js'
import type { Outcome, TaskResult } from './events.js'
import { type ExecuteOptions, type Execution, execute, settlementOf } from './execute.js'
import { describeOwner } from './owner.js'
import type { PlannedTask } from './plan.js'
import type { RunOptions } from './run.js'
import type { StopReason } from './stop.js'
import { TaskLog } from './task-log.js'

/** Claims one task, or waits for the process that has it; runs it; settles it. */
export async function runTask(engine: Engine, task: PlannedTask, options: RunOptions): Promise<TaskResult> {
  const { version, name, definition, file } = task
  if (!definition || !file) throw new Error(`planned without its definition: ${version}`)
  const began = monotonicNow()
  const finish = (end: Omit<TaskResult, 'version' | 'name' | 'durationMs'>, stack?: string): TaskResult => {
    const result = { version, name, durationMs: Math.round(monotonicNow() - began), ...end }
    options.emit({ type: 'finished', task: { version, name }, result, ...(stack !== undefined && { stack }) })
    return result
  }
  const acquisition = await acquire(task, task.record, {
    ledger: engine.ledger,
    owner: engine.owner,
    leaseMs: options.leaseMs,
    lockTimeoutMs: options.lockTimeoutMs,
    deployId: options.deployId,
    checksum: await engine.source.checksum(file),
    // A backfill goes on at its checkpoint, unless it is run by hand although it is done.
    resume: definition.kind === 'backfill' && task.record?.status !== 'done',
    signal: options.signal,
    onWaiting: onceAHolder(
      (record, now) => options.emit({ type: 'waiting', task, holder: holderOf(record, now) }),
      engine,
    ),
  })
  switch (acquisition.kind) {
    case 'aborted':
      return finish({ outcome: 'interrupted', error: 'stopped by a signal while it waited' })
    case 'held':
      return finish({ outcome: 'locked', error: heldMessage(acquisition.record, await engine.ledger.now()) })
    case 'ended':
      return finish(outcomeElsewhere(acquisition.record))
    case 'claimed': {
      const attempt = (task.record?.attempts ?? 0) + 1
      options.emit({ type: 'started', task: { version, name }, attempt })
      const { end, stack } = await work(engine, task, definition, acquisition.claim, options)
      return finish(end, stack)
    }
  }
}

interface WorkEnd {
  end: Omit<TaskResult, 'version' | 'name' | 'durationMs'>
  stack?: string
}

/** The work of one claim, from its first row in the history to its settled record. */
async function work(
  engine: Engine,
  { version, name }: PlannedTask,
  definition: Definition,
  claim: HeldClaim,
  options: RunOptions,
): Promise<WorkEnd> {
  const { ledger, owner } = engine
  const { deployId, emit, signal, graceMs } = options
  const task = { version, name }
  const { fence } = claim.claim
  const runId = `${version}#${fence}`
  const taskLog = new TaskLog((level, message) => emit({ type: 'log', task, level, message }))
  await ledger.addRun({
    id: runId,
    version,
    name,
    fence,
    status: 'running',
    startedAt: claim.startedAt,
    finishedAt: null,
    owner,
    deployId: deployId ?? null,
    processed: 0,
    error: null,
    log: null,
  })
  const client = await engine.tasksClient()
  const executeOptions: ExecuteOptions = {
    ledger,
    claim,
    client,
    sharedClient: client === engine.ledgerClient,
    signal,
    graceMs,
    context: {
      log: taskLog.log,
      version,
      deployId,
      progress(processed, total) {
        claim.progress(processed, total ?? null)
        emit({ type: 'progress', task, processed, total: total ?? null })
      },
    },
    onRetry: (error, attempt, attempts) => emit({ type: 'retrying', task, error, attempt, attempts }),
    onStopping: (reason) => emit({ type: 'stopping', task, reason: STOPPING[reason], graceMs }),
  }
  const execution =
    definition.kind === 'task'
      ? await execute(definition, executeOptions)
      : await executeBackfill(definition, {
          ...executeOptions,
          stopAt: options.stopAt,
          onProgress: (done, total) => emit({ type: 'progress', task, processed: done, total }),
        })
  const settled = await settle(ledger, definition, claim, execution)
  if (settled.outcome === 'lost') return { end: { outcome: 'locked', error: LOST } }
  const { processed } = execution
  await ledger.endRun(runId, {
    status: settled.status,
    finishedAt: new Date(await ledger.now()),
    processed: processed ?? 0,
    error: settled.error ?? null,
    log: taskLog.tail,
  })
  const error = settled.error === undefined ? {} : { error: messageOf(settled.thrown) }
  return {
    end: {
      outcome: settled.outcome,
      ...(processed !== undefined && { processed }),
      ...(settled.paused && { paused: true as const }),
      ...error,
    },
    ...(settled.error !== undefined && { stack: settled.error }),
  }
}

const LOST =
  'lost its claim: it went without a heartbeat for longer than its lease, and another process took the task. Nothing more was written'

const STOPPING: Record<StopReason, string> = { signal: 'a signal', timeout: 'its timeout', lost: 'its claim was lost' }

interface Settled {
  outcome: Outcome | 'lost'
  status: RecordStatus
  thrown?: unknown
  error?: string
  paused?: true
}

const PAUSED = 'stopped after --max-duration; the next run goes on here'

async function settle(
  ledger: Engine['ledger'],
  definition: Definition,
  claim: HeldClaim,
  execution: Execution,
): Promise<Settled> {
  const success = await settlementOf({ everyDeploy: isEveryDeploy(definition) }, { ledger, claim })
  if (execution.kind === 'done') {
    claim.stop()
    const held = execution.committed || (await claim.settle(success))
    return { outcome: held ? 'done' : 'lost', status: success.status }
  }
  if (execution.kind === 'paused') {
    const held = await claim.settle({ ...success, status: 'interrupted', error: PAUSED })
    return {
      outcome: held ? 'interrupted' : 'lost',
      status: 'interrupted',
      paused: true,
      thrown: PAUSED,
      error: PAUSED,
    }
  }
  const interrupted = execution.kind === 'stopped' && execution.reason === 'signal'
  const status = interrupted ? 'interrupted' : 'failed'
  const error = stackOf(execution.error)
  const held = await claim.settle({ ...success, status, error })
  if (held) return { outcome: status, status, thrown: execution.error, error }
  // The answer to a commit can get lost after the database carried it out.
  const record = await ledger.record(claim.claim.version)
  const committed = record?.fence === claim.claim.fence && record.status === success.status
  return { outcome: committed ? 'done' : 'lost', status: success.status }
}

function stackOf(error: unknown): string {
  const text = error instanceof Error && error.stack ? error.stack : messageOf(error)
  return withoutUrls(text)
}

function outcomeElsewhere(record: TaskRecord): Omit<TaskResult, 'version' | 'name' | 'durationMs'> {
  if (record.status !== 'failed') return { outcome: 'done', elsewhere: true }
  const where = record.owner === null ? 'another process' : describeOwner(record.owner)
  const error = `failed in ${where}: ${record.error?.split('\n')[0] ?? 'no error was kept'}`
  return { outcome: 'failed', elsewhere: true, error }
}

function holderOf(record: TaskRecord, now: number) {
  const leaseLeftMs = Math.max(0, (record.leaseUntil?.getTime() ?? 0) - now)
  return { owner: record.owner ?? 'another process', since: record.startedAt, leaseLeftMs }
}

function heldMessage(record: TaskRecord, now: number): string {
  const { owner, since, leaseLeftMs } = holderOf(record, now)
  const left = `${Math.ceil(leaseLeftMs / 1000)} s of its lease left`
  return `held by ${describeOwner(owner)}, since ${since?.toISOString() ?? 'an unknown time'}, ${left}`
}

/** Says once for each holder that we wait. */
function onceAHolder(tell: (record: TaskRecord, now: number) => void, { ledger }: Engine) {
  let told: number | undefined
  return (record: TaskRecord) => {
    if (told === record.fence) return
    told = record.fence
    void ledger.now().then((now) => tell(record, now))
  }
}
