import { type Acquisition, acquire, type HeldClaim } from '../attempt/claim.js'
import { orCrashed } from '../attempt/crash.js'
import type { Execution } from '../attempt/execution.js'
import { settle } from '../attempt/settle.js'
import { TaskLog } from '../attempt/task-log.js'
import { progressOf } from '../attempt/told-progress.js'
import { askWhen, type Permission } from '../attempt/when.js'
import type { Job, Work } from '../attempt/work.js'
import type { Definition } from '../define/definition.js'
import { AfterPartyError, headline, messageOf } from '../define/errors.js'
import type { Holder, LogLevel, Reason, TaskRef, TaskResult } from '../define/events.js'
import { monotonicNow } from '../ledger/clock.js'
import type { Ledger, TaskRecord } from '../ledger/contract.js'
import { shareConnections } from '../prisma/extensions.js'
import { endDeadRun } from './dead-attempt.js'
import type { Engine } from './engine.js'
import { notDone } from './order.js'
import { paramsAtClaim, type TaskParams } from './params.js'
import type { PlanEntry } from './plan.js'
import type { RunOptions } from './run-options.js'
import { workOf } from './work-of.js'

/** A result without what every result has. */
type End = Omit<TaskResult, 'version' | 'name' | 'durationMs'>

/** Claims one task, or waits for the process that has it; runs it; settles it. */
export async function runTask(engine: Engine, planned: PlanEntry, options: RunOptions): Promise<TaskResult> {
  const { version, name, definition, file } = planned
  if (!definition || !file) throw new Error(`planned without its definition: ${version}`)
  const task = { version, name }
  const began = monotonicNow()
  const finish = (end: End, stack?: string): TaskResult => {
    const result = { version, name, durationMs: Math.round(monotonicNow() - began), ...end }
    options.emit({ type: 'finished', task, result, ...(stack !== undefined && { stack }) })
    return result
  }
  try {
    const { end, stack } = await claimAndWork(engine, planned, definition, await engine.source.checksum(file), options)
    return finish(end, stack)
  } catch (error) {
    // Tasks before this one may have run: a database that goes away now is a failed run, not one that did not begin.
    if (!(error instanceof AfterPartyError)) throw error
    return finish({ outcome: 'failed', error: error.message })
  }
}

interface Ended {
  end: End
  stack?: string
}

async function claimAndWork(
  engine: Engine,
  planned: PlanEntry,
  definition: Definition,
  checksum: string | null,
  options: RunOptions,
): Promise<Ended> {
  const { version, name, record } = planned
  const task = { version, name }
  const { ledger, owner } = engine
  const { leaseMs, lockTimeoutMs, stopAt, deployId, signal, emit } = options
  const work = await workOf(definition)
  const attempt = new Attempt(engine, task, work, options)
  let params: TaskParams | undefined
  const acquisition = await acquire(task, record, {
    ledger,
    owner,
    leaseMs,
    lockTimeoutMs,
    stopAt,
    deployId,
    checksum,
    resumes: work.resumes,
    paramsAt: async (seen) => {
      params = await paramsAtClaim(planned, seen)
      return params?.text ?? null
    },
    ownParams: planned.params?.own ? planned.params.text : undefined,
    everyDeploy: work.everyDeploy,
    signal,
    evenIfAsked: planned.reason.code === 'named',
    ...((definition.when || planned.before) && {
      permission: async (seen: TaskRecord | null) =>
        (await mustComeFirst(ledger, planned)) ?? attempt.ask(definition, await paramsAtClaim(planned, seen)),
    }),
    onWaiting: onceAHolder(engine, (holder) => emit({ type: 'waiting', task, holder })),
    whileHeld: (holder) => attempt.help(holder, () => paramsAtClaim({ definition, name }, holder)),
  })
  switch (acquisition.kind) {
    case 'aborted':
      return { end: { outcome: 'interrupted', reason: { code: 'signal' } } }
    case 'held':
      return { end: { outcome: 'locked', ...(await heldBy(engine, acquisition.record)), ...attempt.helped } }
    case 'late':
      return { end: { outcome: 'paused', ...(await lateFor(engine, acquisition.record)), ...attempt.helped } }
    case 'on-hold':
      return { end: onHold(acquisition.record) }
    case 'waits':
      return { end: { outcome: 'waiting', reason: acquisition.reason } }
    case 'ended':
      return { end: { ...outcomeElsewhere(acquisition.record), ...attempt.helped } }
    case 'claimed':
      emit({ type: 'started', task, attempt: (record?.attempts ?? 0) + 1 })
      return attempt.work(acquisition, params)
  }
}

/** Why a task does not start yet, because of those that it comes after; null: they are done. */
async function mustComeFirst(ledger: Ledger, { before = [] }: PlanEntry): Promise<Permission | null> {
  const open = await notDone(ledger, before)
  if (open.length === 0) return null
  return { kind: 'waits', reason: { code: 'after', text: open.map(({ name }) => name).join(', ') } }
}

function onHold({ status, request, reason }: TaskRecord): End {
  const cancelled = status === 'cancelled' || request?.kind === 'cancel'
  return { outcome: cancelled ? 'cancelled' : 'paused', reason: { ...reason, code: 'requested' } }
}

/** One process's attempt at one task. */
class Attempt {
  readonly #engine: Engine
  readonly #task: TaskRef
  readonly #work: Work
  readonly #options: RunOptions
  readonly #log: TaskLog
  #helped = 0
  #mayHelp = true
  #over = false
  #warned = false

  constructor(engine: Engine, task: TaskRef, work: Work, options: RunOptions) {
    this.#engine = engine
    this.#task = task
    this.#work = work
    this.#options = options
    const tell = (level: LogLevel, message: string) => options.emit({ type: 'log', task, level, message })
    this.#log = new TaskLog(tell)
  }

  /** Rows done of a backfill that another process holds. */
  get helped(): { processed?: number } {
    return this.#helped > 0 ? { processed: this.#helped } : {}
  }

  /** Takes parts of a backfill that another process holds, rather than wait for it. */
  async help(holder: TaskRecord, paramsOf: () => Promise<TaskParams | undefined>): Promise<void> {
    if (!this.#work.help || !this.#mayHelp) return
    const params = await paramsOf().catch(() => 'unknown' as const)
    this.#mayHelp = params !== 'unknown'
    if (params === 'unknown') return
    const { processed, failed } = await this.#work.help(await this.#job(() => {}, params), holder)
    this.#helped += processed
    // It would fail again at the next look.
    this.#mayHelp = !failed
  }

  /** What the task's `when` says of starting it now. */
  async ask(definition: Definition, params: TaskParams | undefined): Promise<Permission> {
    return askWhen(definition, { ...(await this.#job(() => {}, params)), crashed: this.#options.crashed })
  }

  /** The work of one claim, from its first row in the history to its settled record. */
  async work(
    { claim, before, failed }: Extract<Acquisition, { kind: 'claimed' }>,
    params: TaskParams | undefined,
  ): Promise<Ended> {
    try {
      if (before) await this.#endDeadRun(claim, before)
      return await this.#workUnder(claim, params, failed)
    } finally {
      // Whatever threw: a claim that nobody works under must run out.
      claim.stop()
    }
  }

  async #workUnder(claim: HeldClaim, params: TaskParams | undefined, failed: Execution | undefined): Promise<Ended> {
    const { ledger } = this.#engine
    const runId = await this.#openRun(claim, params?.text ?? null)
    const job = { ...(await this.#job((...told) => claim.progress(...told), params)), claim }
    const execution = failed ?? (await orCrashed(this.#options, (signal) => this.#work.execute({ ...job, signal })))
    this.#over = true
    const settled = await settle(ledger, this.#work, claim, execution)
    if (settled.outcome === 'lost') return { end: { outcome: 'locked', reason: { code: 'lost' } } }
    const { processed, together = processed, changedMeanwhile = 0, skippedRows = [] } = execution
    await this.#closeRun(runId, {
      status: settled.status,
      finishedAt: new Date(await ledger.now()),
      processed: together ?? 0,
      changedMeanwhile,
      skippedRows: [...skippedRows],
      reason: settled.reason ?? null,
      error: settled.error ?? null,
      log: this.#log.tail,
    })
    const end: End = {
      outcome: settled.outcome,
      ...(processed !== undefined && { processed }),
      ...(changedMeanwhile > 0 && { changedMeanwhile }),
      ...(skippedRows.length > 0 && { skipped: skippedRows.length }),
      ...(settled.reason && { reason: settled.reason }),
      ...(settled.message !== undefined && { error: settled.message }),
    }
    return { end, ...(settled.error !== undefined && { stack: settled.error }) }
  }

  /** Of the attempt before, if its process died before it could. */
  async #endDeadRun({ claim: { version, fence }, startedAt }: HeldClaim, before: TaskRecord): Promise<void> {
    const { ledger } = this.#engine
    // It may have committed a batch between our look and our claim, which goes on from there.
    const now = before.status === 'running' ? await ledger.record(version) : null
    const { checkpoint, processed, changedMeanwhile, skippedRows } = now?.checkpoint == null ? before : now
    const last = { ...before, checkpoint, processed, changedMeanwhile, skippedRows }
    await endDeadRun(ledger, last, { fence, startedAt })
  }

  async #openRun({ claim, startedAt }: HeldClaim, params: string | null): Promise<string> {
    const { version, name, owner, fence } = claim
    const id = `${version}#${fence}`
    const none = { processed: 0, changedMeanwhile: 0, skippedRows: [] }
    const open = { finishedAt: null, ...none, reason: null, error: null, log: null }
    const deployId = this.#options.deployId ?? null
    await this.#engine.ledger.addRun({
      id,
      version,
      name,
      fence,
      status: 'running',
      startedAt,
      owner,
      deployId,
      params,
      ...open,
    })
    return id
  }

  /** Parts that nobody else hears of are still done: by whoever split them. */
  async #ringForParts(parts: readonly number[]): Promise<void> {
    const { version } = this.#task
    await this.#engine.queue?.ring(parts.map((part) => ({ version, part }))).catch((error) => {
      this.#options.emit({ type: 'queue-failed', error: messageOf(error) })
    })
  }

  /** Who says one thing that can't be is likely to go on. */
  #warnOnce(message: string): void {
    if (!this.#warned) this.#log.log.warn(message)
    this.#warned = true
  }

  /** The record is settled already: a history that can't be written is worth a warning, not a failed deploy. */
  async #closeRun(id: string, end: Parameters<Engine['ledger']['endRun']>[1]): Promise<void> {
    await this.#engine.ledger.endRun(id, end).catch((error) => {
      this.#log.log.warn(`Could not write the history: ${messageOf(error)}`)
    })
  }

  async #job(onTold: (processed: number, total: number | null) => void, params: TaskParams | undefined): Promise<Job> {
    const { ledger, owner, ledgerClient } = this.#engine
    const { signal, graceMs, leaseMs, deployId, stopAt, emit, pace = {}, partsAtOnce } = this.#options
    const task = this.#task
    const client = await this.#engine.tasksClient()
    const tellProgress = (processed: number, total: number | null, batch?: number) =>
      emit({ type: 'progress', task, processed, total, ...(batch !== undefined && { batch }) })
    return {
      ledger,
      client,
      sharedClient: shareConnections(client, ledgerClient),
      task,
      signal,
      graceMs,
      owner,
      leaseMs,
      deployId,
      pace,
      partsAtOnce,
      stopAt,
      context: {
        log: this.#log.log,
        version: task.version,
        deployId,
        params: params?.value,
        progress: (processed, total = undefined) => {
          const told = this.#over ? undefined : progressOf(processed, total)
          if (told?.refused !== undefined) this.#warnOnce(told.refused)
          if (!told || !('processed' in told)) return
          onTold(told.processed, told.total)
          tellProgress(told.processed, told.total)
        },
      },
      onProgress: tellProgress,
      onSplit: (parts) => void this.#ringForParts(parts),
      onSkipped: (row) => emit({ type: 'skipped', task, row }),
      onStepSkipped: (step) => emit({ type: 'step-skipped', task, step }),
      onRetry: (error, attempt, attempts) => emit({ type: 'retrying', task, error, attempt, attempts }),
      onStopping: (reason) => {
        if (reason !== 'crashed') emit({ type: 'stopping', task, reason, graceMs })
      },
    }
  }
}

function outcomeElsewhere({ status, owner, error }: TaskRecord): End {
  if (status !== 'failed') return { outcome: 'done', elsewhere: true }
  const reason: Reason = { code: 'failed-elsewhere', ...(owner !== null && { text: owner }) }
  const why = headline(error ?? '')
  return { outcome: 'failed', elsewhere: true, reason, ...(why !== '' && { error: why }) }
}

async function heldBy({ ledger }: Engine, record: TaskRecord): Promise<Pick<End, 'reason' | 'holder'>> {
  const reason: Reason = { code: 'held', ...(record.owner !== null && { text: record.owner }) }
  return { reason, holder: holderOf(record, await ledger.now()) }
}

async function lateFor(engine: Engine, record: TaskRecord | null): Promise<Pick<End, 'reason' | 'holder'>> {
  const { reason, ...held } = record ? await heldBy(engine, record) : {}
  return { reason: { ...reason, code: 'max-duration' }, ...held }
}

function holderOf(record: TaskRecord, now: number): Holder {
  const leaseLeftMs = Math.max(0, (record.leaseUntil?.getTime() ?? 0) - now)
  return { owner: record.owner, since: record.startedAt, leaseLeftMs }
}

/** Says once for each holder that we wait. */
function onceAHolder({ ledger }: Engine, tell: (holder: Holder) => void) {
  let told: number | undefined
  return (record: TaskRecord) => {
    if (told === record.fence) return
    told = record.fence
    void ledger.now().then((now) => tell(holderOf(record, now)))
  }
}
