import { makeOwner } from '../attempt/owner.js'
import { AfterPartyError, messageOf } from '../define/errors.js'
import type { RunNews, TaskRef, TaskResult } from '../define/events.js'
import type { WorkMessage } from '../define/queue.js'
import type { Engine } from '../engine/engine.js'
import type { PlanEntry } from '../engine/plan.js'
import { monotonicNow } from '../ledger/clock.js'
import { Alarm } from './alarm.js'
import { type DueTask, dueTasks, type Found } from './due-tasks.js'
import { LoadedTasks } from './loaded-tasks.js'

/** How to work. Durations in ms. */
export interface WorkerOptions {
  /** Does what is there, each task to its end, and ends. */
  once: boolean
  /** How many tasks, or parts of backfills, it works on at once. */
  concurrency: number
  /** How long it works on one task before it looks around. */
  sliceMs: number
  /** How long it sleeps when there is nothing to do. */
  pollMs: number
  leaseMs: number
  graceMs: number
  /** On the monotonic clock: no slice begins, and no batch, after it. */
  stopAt: number
  /** Throws while nothing may begin: migrations are pending. */
  demandReady(): Promise<void>
  signal: AbortSignal
  crashed?: AbortSignal | undefined
  emit(news: RunNews): void
}

/** What a worker did. `failed`: a task failed, `once`; or an error that nothing caught ended the worker. */
export interface WorkResult {
  outcome: 'done' | 'failed' | 'interrupted'
  /** Attempts that it made. */
  slices: number
  /** The tasks that it finished. */
  done: TaskRef[]
  /** The tasks whose latest attempt here has failed. */
  failed: TaskRef[]
}

/** Ms between two notes that a worker is there. */
const SEEN_EVERY_MS = 30_000
/** Ms: how long a task is left alone that somebody else has, or that did not start or failed here. */
const NOT_NOW_MS = 1_000
const WAITING_MS = 30_000
/** Ms: the longest pause after a look at the database that failed. */
const LONGEST_TROUBLE_MS = 30_000
/** Ms: a run that asked for a background task, and was killed before it took it, has it no longer. */
const AWAITED_MS = 10 * 60_000

/** Ms: longer than it takes to see who has a backfill, which is helped then for as long as there are parts. */
const HELP_MS = 1_000

/** Somebody rang: resolved when the task has had its turn, or needs none. */
interface Rung {
  message: WorkMessage
  answered(): void
}

/** Takes background tasks in turns, slice by slice, until it is told to stop. What one of them does stops no other. */
export class Worker {
  readonly #engine: Engine
  readonly #options: WorkerOptions
  readonly #alarm = new Alarm()
  readonly #rung: Rung[] = []
  /** Under way in this process. */
  readonly #busy = new Map<string, number>()
  /** By version, on the monotonic clock: not before. */
  readonly #notBefore = new Map<string, number>()
  readonly #leftAlone = new Set<string>()
  readonly #done = new Map<string, TaskRef>()
  readonly #failed = new Map<string, TaskRef>()
  readonly #told = new Set<string>()
  #slices = 0
  #seenAt = Number.NEGATIVE_INFINITY
  #idle = false
  #troubleMs = 0
  /** What kept it from working the last time. */
  #trouble: string | undefined
  #looked = false
  /** It ends with an error. */
  #isBroken = false

  constructor(engine: Engine, options: WorkerOptions) {
    this.#engine = { ...engine, source: new LoadedTasks(engine.source) }
    this.#options = options
  }

  /** Throws, before it has worked, what keeps it from looking at the tasks. */
  async work(): Promise<WorkResult> {
    const { concurrency, signal, crashed } = this.#options
    const wake = () => this.#alarm.ring()
    const stops = [signal, ...(crashed ? [crashed] : [])]
    for (const stop of stops) stop.addEventListener('abort', wake)
    const over = new AbortController()
    const listening = this.#listen(over.signal)
    // Where one of them ends with an error, the others finish what they have.
    const loops = await Promise.allSettled(Array.from({ length: concurrency }, () => this.#loop()))
    over.abort()
    for (const { answered } of this.#rung.splice(0)) answered()
    await listening
    for (const stop of stops) stop.removeEventListener('abort', wake)
    const thrown = loops.find((loop) => loop.status === 'rejected')
    if (thrown) throw thrown.reason
    const failed = [...this.#failed.values()]
    const outcome = crashed?.aborted || (this.#options.once && failed.length > 0) ? 'failed' : 'done'
    return {
      outcome: outcome === 'done' && signal.aborted ? 'interrupted' : outcome,
      slices: this.#slices,
      done: [...this.#done.values()],
      failed,
    }
  }

  get #isOver(): boolean {
    const { signal, crashed, stopAt } = this.#options
    return this.#isBroken || signal.aborted || crashed?.aborted === true || monotonicNow() >= stopAt
  }

  async #loop(): Promise<void> {
    while (!this.#isOver) {
      const rung = this.#rung.shift()
      try {
        const found = await dueTasks(this.#engine, this.#failed)
        await this.#noteSeen(found)
        this.#looked = true
        this.#troubleMs = 0
        const task = this.#choose(found, rung?.message)
        if (task) await this.#slice(task)
        else if (!rung && !(await this.#rest(found))) return
      } catch (error) {
        this.#isBroken = !this.#looked || this.#options.once
        if (this.#isBroken) throw error
        this.#idle = false
        await this.#restAfter(error)
      } finally {
        rung?.answered()
      }
    }
  }

  /** Sleeps until there may be something to do. False: that is what `once` ends at. */
  async #rest({ tasks, now }: Found): Promise<boolean> {
    const { once, pollMs, stopAt, emit } = this.#options
    if (once && this.#busy.size === 0) return false
    if (!this.#idle && this.#busy.size === 0) emit({ type: 'idle', waiting: tasks.map(({ task }) => refOf(task)) })
    this.#idle = true
    const nextTry = tasks.flatMap(({ at }) => (at !== undefined && at > now ? at - now : []))
    const soonest = once ? NOT_NOW_MS : pollMs * (0.75 + Math.random() / 2)
    await this.#alarm.sleep(Math.max(0, Math.min(soonest, ...nextTry, stopAt - monotonicNow())))
    return true
  }

  /** The task whose turn it is: the one that was rung for, or the one that nobody has touched for longest. */
  #choose({ tasks, now, faults }: Found, message: WorkMessage | undefined): PlanEntry | undefined {
    for (const { file, message: fault } of faults) this.#tellOnce(`${file}: ${fault}`)
    const free = tasks.filter((due) => this.#isDue(due, now, due.task.version === message?.version))
    const rung = message && free.find(({ task }) => task.version === message.version)
    return (message ? rung : free[0])?.task
  }

  #isDue({ task, at, failures }: DueTask, now: number, isRung: boolean): boolean {
    const { version, state } = task
    if (at === undefined) {
      if (!this.#leftAlone.has(version)) this.#options.emit({ type: 'left-alone', task: refOf(task), failures })
      this.#leftAlone.add(version)
      return false
    }
    this.#leftAlone.delete(version)
    if (at > now || isAwaited(task, now)) return false
    if (this.#options.once && this.#failed.has(version)) return false
    const parts = hasParts(task) && !this.#engine.ledger.singleWriter
    if (!parts && (this.#busy.has(version) || state === 'running')) return false
    return isRung || monotonicNow() >= (this.#notBefore.get(version) ?? 0)
  }

  /** One attempt at a task, for as long as a slice. */
  async #slice(task: PlanEntry): Promise<void> {
    const { version } = task
    const { sliceMs, stopAt, leaseMs, graceMs, signal, crashed, emit, demandReady } = this.#options
    this.#busy.set(version, (this.#busy.get(version) ?? 0) + 1)
    // Signals of a process that works for days would keep all that ever listened to them.
    const stop = new AbortController()
    const onAbort = () => stop.abort(signal.reason)
    signal.addEventListener('abort', onAbort)
    if (signal.aborted) onAbort()
    try {
      await demandReady()
      this.#trouble = undefined
      const { runTask } = await import('../engine/run-task.js')
      const result = await runTask({ ...this.#engine, owner: makeOwner() }, task, {
        leaseMs,
        // Who has parts to spare is helped; for anything else there is no waiting.
        lockTimeoutMs: hasParts(task) ? HELP_MS : 0,
        graceMs,
        stopAt: Math.min(monotonicNow() + sliceMs, stopAt),
        partsAtOnce: 1,
        signal: stop.signal,
        crashed,
        emit: (news) => {
          if (!isOfSomebodyElse(news)) emit(news)
        },
      })
      this.#hear(task, result)
      if (isUnfinished(result))
        await this.#engine.queue?.ring([{ version, part: null }]).catch((error) => this.#tellOnce(messageOf(error)))
    } finally {
      signal.removeEventListener('abort', onAbort)
      const others = (this.#busy.get(version) ?? 1) - 1
      if (others > 0) this.#busy.set(version, others)
      else this.#busy.delete(version)
    }
  }

  #hear(task: PlanEntry, { outcome, processed = 0 }: TaskResult): void {
    const { version } = task
    if (outcome !== 'locked' && outcome !== 'waiting') {
      this.#slices += 1
      this.#idle = false
    }
    const ref = refOf(task)
    this.#failed.delete(version)
    if (outcome === 'failed') this.#failed.set(version, ref)
    // A failure that no history has (no client could be made) would be the next thing that it does, again and again.
    if (outcome === 'waiting' || outcome === 'failed') this.#notBefore.set(version, monotonicNow() + WAITING_MS)
    else if (outcome === 'locked' && processed === 0) this.#notBefore.set(version, monotonicNow() + NOT_NOW_MS)
    if (outcome !== 'done') return
    this.#done.set(version, ref)
    // Others may have waited for this one.
    this.#notBefore.clear()
    this.#alarm.ring()
  }

  async #noteSeen({ tasks, now }: Found): Promise<void> {
    if (monotonicNow() - this.#seenAt < SEEN_EVERY_MS) return
    this.#seenAt = monotonicNow()
    const waiting = tasks.filter(({ task }) => task.record?.lane === 'background' && task.state !== 'running')
    if (waiting.length > 0)
      await this.#engine.ledger.sawWaiting(
        waiting.map(({ task }) => task.version),
        new Date(now),
      )
  }

  /** Hears the queue until the signal aborts. A queue that fails is asked again: the ledger is looked at meanwhile. */
  async #listen(signal: AbortSignal): Promise<void> {
    const { queue } = this.#engine
    const { once, concurrency } = this.#options
    if (!queue || once) return
    const work = (message: WorkMessage) =>
      new Promise<void>((answered) => {
        if (signal.aborted || this.#isOver) return answered()
        this.#rung.push({ message, answered })
        this.#alarm.ring()
      })
    while (!signal.aborted && !this.#isOver) {
      try {
        await queue.listen(work, { concurrency, signal })
      } catch (error) {
        this.#options.emit({ type: 'queue-failed', error: messageOf(error) })
        await this.#alarm.sleep(LONGEST_TROUBLE_MS)
      }
    }
  }

  /** The database is away, or is being changed: it is asked again, after a pause that grows. */
  async #restAfter(error: unknown): Promise<void> {
    if (!(error instanceof Error)) throw error
    const said = error instanceof AfterPartyError ? [error.what, error.why].filter(Boolean).join(' ') : messageOf(error)
    if (said !== this.#trouble) this.#options.emit({ type: 'work-failed', error: said })
    this.#trouble = said
    this.#troubleMs = Math.min(Math.max(1_000, this.#troubleMs * 2), LONGEST_TROUBLE_MS)
    await this.#alarm.sleep(this.#troubleMs)
  }

  #tellOnce(error: string): void {
    if (!this.#told.has(error)) this.#options.emit({ type: 'work-failed', error })
    this.#told.add(error)
  }
}

function refOf({ version, name }: TaskRef): TaskRef {
  return { version, name }
}

/** Whether a deploy that needs it, or somebody who named it, is about to take it. */
function isAwaited({ record, state }: PlanEntry, now: number): boolean {
  if (record?.lane !== 'foreground' || state === 'running') return false
  return now - (record.seenAt?.getTime() ?? 0) < AWAITED_MS
}

function hasParts({ definition }: PlanEntry): boolean {
  return definition?.kind === 'backfill' && (definition.concurrency ?? 1) > 1
}

/** There is more to do, and nobody else is known to do it. */
function isUnfinished({ outcome, reason }: TaskResult): boolean {
  return outcome === 'paused' && reason?.code === 'max-duration'
}

/** That another process has a task is no news: a worker goes on with something else. */
function isOfSomebodyElse(news: RunNews): boolean {
  if (news.type === 'waiting') return true
  return news.type === 'finished' && news.result.outcome === 'locked' && news.result.reason?.code === 'held'
}
