import { acquire, type HeldClaim } from '../attempt/claim.js'
import { orCrashed } from '../attempt/crash.js'
import { execute } from '../attempt/execute.js'
import { describeOwner } from '../attempt/owner.js'
import { settle } from '../attempt/settle.js'
import type { StopReason } from '../attempt/stop.js'
import { TaskLog } from '../attempt/task-log.js'
import { progressOf } from '../attempt/told-progress.js'
import type { BackfillOptions } from '../backfills/backfill-options.js'
import { executeBackfill } from '../backfills/run-backfill.js'
import { helpWith } from '../backfills/run-parts.js'
import { DEFAULT_MAX_SKIPPED } from '../define/backfill.js'
import { type Definition, isEveryDeploy } from '../define/definition.js'
import { AfterPartyError, headline, messageOf } from '../define/errors.js'
import type { LogLevel, TaskRef, TaskResult } from '../define/events.js'
import { monotonicNow } from '../ledger/clock.js'
import type { TaskRecord } from '../ledger/contract.js'
import { shareConnections } from '../prisma/extensions.js'
import { endDeadRun } from './dead-attempt.js'
import type { Engine } from './engine.js'
import type { PlanEntry } from './plan.js'
import type { RunOptions } from './run-options.js'

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
  { version, name, record }: PlanEntry,
  definition: Definition,
  checksum: string | null,
  options: RunOptions,
): Promise<Ended> {
  const task = { version, name }
  const { ledger, owner } = engine
  const { leaseMs, lockTimeoutMs, stopAt, deployId, signal, emit } = options
  const attempt = new Attempt(engine, task, definition, options)
  const acquisition = await acquire(task, record, {
    ledger,
    owner,
    leaseMs,
    lockTimeoutMs,
    stopAt,
    deployId,
    checksum,
    // A backfill goes on at its checkpoint, unless it is run by hand although it is done.
    resumes: (seen) => definition.kind === 'backfill' && seen?.status !== 'done',
    everyDeploy: isEveryDeploy(definition),
    signal,
    onWaiting: onceAHolder(engine, (holder) => emit({ type: 'waiting', task, holder })),
    whileHeld: (holder) => attempt.help(holder),
  })
  switch (acquisition.kind) {
    case 'aborted':
      return { end: { outcome: 'interrupted', error: 'stopped by a signal while it waited' } }
    case 'held':
      return {
        end: { outcome: 'locked', error: heldMessage(acquisition.record, await ledger.now()), ...attempt.helped },
      }
    case 'late':
      return { end: { outcome: 'interrupted', paused: true, error: LATE, ...attempt.helped } }
    case 'ended':
      return { end: { ...outcomeElsewhere(acquisition.record), ...attempt.helped } }
    case 'claimed':
      emit({ type: 'started', task, attempt: (record?.attempts ?? 0) + 1 })
      return attempt.work(acquisition)
  }
}

/** One process's attempt at one task. */
class Attempt {
  readonly #engine: Engine
  readonly #task: TaskRef
  readonly #definition: Definition
  readonly #options: RunOptions
  readonly #log: TaskLog
  #helped = 0
  #mayHelp = true
  #over = false
  #warned = false

  constructor(engine: Engine, task: TaskRef, definition: Definition, options: RunOptions) {
    this.#engine = engine
    this.#task = task
    this.#definition = definition
    this.#options = options
    const tell = (level: LogLevel, message: string) => options.emit({ type: 'log', task, level, message })
    this.#log = new TaskLog(tell, definition.kind === 'backfill' ? (definition.maxSkipped ?? DEFAULT_MAX_SKIPPED) : 0)
  }

  /** Rows done of a backfill that another process holds. */
  get helped(): { processed?: number } {
    return this.#helped > 0 ? { processed: this.#helped } : {}
  }

  /** Takes parts of a backfill that another process holds, rather than wait for it. */
  async help(holder: TaskRecord): Promise<void> {
    if (this.#definition.kind !== 'backfill' || !this.#mayHelp) return
    const { processed, failed } = await helpWith(this.#definition, await this.#workOptions(() => {}), holder)
    this.#helped += processed
    // It would fail again at the next look.
    this.#mayHelp = !failed
  }

  /** The work of one claim, from its first row in the history to its settled record. */
  async work({ claim, before }: { claim: HeldClaim; before: TaskRecord | null }): Promise<Ended> {
    try {
      if (before) await this.#endDeadRun(claim, before)
      return await this.#work(claim)
    } finally {
      // Whatever threw: a claim that nobody works under must run out.
      claim.stop()
    }
  }

  async #work(claim: HeldClaim): Promise<Ended> {
    const { ledger } = this.#engine
    const runId = await this.#openRun(claim)
    const work = { ...(await this.#workOptions((...told) => claim.progress(...told))), claim }
    const definition = this.#definition
    const execution = await orCrashed(this.#options, (signal) =>
      definition.kind === 'task'
        ? execute(definition, { ...work, signal })
        : executeBackfill(definition, { ...work, signal }),
    )
    this.#over = true
    const settled = await settle(ledger, this.#definition, claim, execution)
    if (settled.outcome === 'lost') return { end: { outcome: 'locked', error: LOST } }
    const { processed, together = processed } = execution
    await this.#closeRun(runId, {
      status: settled.status,
      finishedAt: new Date(await ledger.now()),
      processed: together ?? 0,
      error: settled.error ?? null,
      log: this.#log.tail,
    })
    const end: End = {
      outcome: settled.outcome,
      ...(processed !== undefined && { processed }),
      ...(settled.paused && { paused: true }),
      ...(settled.message !== undefined && { error: settled.message }),
    }
    return { end, ...(settled.error !== undefined && { stack: settled.error }) }
  }

  /** Of the attempt before, if its process died before it could. */
  async #endDeadRun({ claim: { version, fence }, startedAt }: HeldClaim, before: TaskRecord): Promise<void> {
    const { ledger } = this.#engine
    // It may have committed a batch between our look and our claim, which goes on from there.
    const now = before.status === 'running' ? await ledger.record(version) : null
    const { cursor, processed } = now?.cursor == null ? before : now
    await endDeadRun(ledger, { ...before, cursor, processed }, { fence, startedAt })
  }

  async #openRun({ claim, startedAt }: HeldClaim): Promise<string> {
    const { version, name, owner, fence } = claim
    const id = `${version}#${fence}`
    const open = { finishedAt: null, processed: 0, error: null, log: null }
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
      ...open,
    })
    return id
  }

  /** Who says one thing that can't be is likely to go on. */
  #warnOnce(message: string): void {
    if (!this.#warned) this.#log.log.warn(message)
    this.#warned = true
  }

  /** The record is settled already: a history that can't be written is worth a warning, not a failed deploy. */
  async #closeRun(id: string, end: Parameters<Engine['ledger']['endRun']>[1]): Promise<void> {
    await this.#engine.ledger.endRun(id, end).catch((error) => {
      this.#log.log.warn(`The history could not be written: ${messageOf(error)}`)
    })
  }

  async #workOptions(
    onTold: (processed: number, total: number | null) => void,
  ): Promise<Omit<BackfillOptions, 'claim'>> {
    const { ledger, owner, ledgerClient } = this.#engine
    const { signal, graceMs, leaseMs, deployId, stopAt, emit } = this.#options
    const task = this.#task
    const client = await this.#engine.tasksClient()
    const tellProgress = (processed: number, total: number | null) => emit({ type: 'progress', task, processed, total })
    return {
      ledger,
      client,
      sharedClient: shareConnections(client, ledgerClient),
      signal,
      graceMs,
      name: task.name,
      owner,
      leaseMs,
      deployId,
      stopAt,
      context: {
        log: this.#log.log,
        version: task.version,
        deployId,
        progress: (processed, total = undefined) => {
          const told = this.#over ? undefined : progressOf(processed, total)
          if (told?.refused !== undefined) this.#warnOnce(told.refused)
          if (!told || !('processed' in told)) return
          onTold(told.processed, told.total)
          tellProgress(told.processed, told.total)
        },
      },
      onProgress: tellProgress,
      onRetry: (error, attempt, attempts) => emit({ type: 'retrying', task, error, attempt, attempts }),
      onStopping: (reason) => {
        if (reason !== 'crashed') emit({ type: 'stopping', task, reason: STOPPING[reason], graceMs })
      },
    }
  }
}

const LOST =
  'lost its claim: it went without a heartbeat for longer than its lease, and another process took the task. Nothing more was written'

const LATE = 'another process has it, and --max-duration is over; the next run goes on here'

const STOPPING: Record<Exclude<StopReason, 'crashed'>, string> = {
  signal: 'a signal',
  timeout: 'its timeout',
  lost: 'its claim was lost',
}

function outcomeElsewhere(record: TaskRecord): End {
  if (record.status !== 'failed') return { outcome: 'done', elsewhere: true }
  const where = record.owner === null ? 'another process' : describeOwner(record.owner)
  const error = `failed in ${where}: ${headline(record.error ?? '') || 'no error was kept'}`
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
function onceAHolder({ ledger }: Engine, tell: (holder: ReturnType<typeof holderOf>) => void) {
  let told: number | undefined
  return (record: TaskRecord) => {
    if (told === record.fence) return
    told = record.fence
    void ledger.now().then((now) => tell(holderOf(record, now)))
  }
}
