import { setTimeout as sleep } from 'node:timers/promises'
import pRetry from 'p-retry'
import type { Reason, TaskRequest } from '../define/events.js'
import { monotonicNow } from '../ledger/clock.js'
import type { Claim, ClaimRequest, Ledger, ListedRecord, Settlement, TaskRecord } from '../ledger/contract.js'
import { isHeld, isOnHold } from '../ledger/contract.js'
import { answerWithin } from '../prisma/answer-within.js'
import { isConnectionLost } from '../prisma/database-errors.js'
import type { Execution } from './execution.js'
import type { Permission } from './when.js'

/** What asking for a task can end in. */
export type Acquisition =
  /** `before`: the record as it was when it was taken. `failed`: `when` did not end well, so the task has failed. */
  | { kind: 'claimed'; claim: HeldClaim; before: TaskRecord | null; failed?: Execution }
  /** Its `when` said not yet, and why is in its record. */
  | { kind: 'waits'; reason: Reason }
  /** Somebody asked for it not to run. */
  | { kind: 'on-hold'; record: TaskRecord }
  /** Another process ended it while we waited, or since we planned: its outcome is ours. */
  | { kind: 'ended'; record: TaskRecord }
  /** Another process has it, and we waited long enough. */
  | { kind: 'held'; record: TaskRecord }
  /** The run has had its time. `record`: another process has the task. */
  | { kind: 'late'; record: TaskRecord | null }
  | { kind: 'aborted' }

/** What a claim is made with. Durations in ms. */
export interface ClaimOptions {
  ledger: Ledger
  owner: string
  leaseMs: number
  deployId: string | undefined
  checksum: string | null
  /** The params that it was passed, as text. */
  params?: string | null
  /** Go on at the checkpoint of the attempt before, or with the results of its steps. */
  resume: ClaimRequest['resume']
}

/** What is needed to ask for a task. Durations in ms. */
export interface AcquireOptions extends Omit<ClaimOptions, 'resume' | 'params'> {
  /** Whether to go on at the checkpoint of a record, as it stands when it is claimed, or with its steps. */
  resumes(record: TaskRecord | null, deployId: string | undefined): ClaimRequest['resume']
  /** The params to note, by a record as it stands when it is claimed. */
  paramsAt?(record: TaskRecord | null): Promise<string | null>
  /** Those that were passed to this run: what another run did with others is not ours. */
  ownParams?: string | null | undefined
  /** It was named: a pause that stood when it was planned does not keep it. */
  evenIfAsked?: boolean
  /** It runs once for each deploy id: what another deploy did is not ours. */
  everyDeploy: boolean
  lockTimeoutMs: number
  /** On the monotonic clock: neither claimed nor waited for after it. */
  stopAt: number
  signal: AbortSignal
  /** Whether the task may start now; asked when nobody has it. Not there: it may. */
  permission?(record: TaskRecord | null): Promise<Permission>
  /** Something useful to do while another process has the task. */
  whileHeld?(record: TaskRecord): Promise<void>
  onWaiting(record: TaskRecord): void
}

const FIRST_LOOK_MS = 50
const SLOWEST_LOOK_MS = 1_000

/**
 * Takes a task that still stands as it was planned, or waits in place for the process that has it. Only an
 * attempt that began or ended *after* the plan is taken as ours: an older failure is what we are here to mend.
 * Of a task that runs at every deploy, it must be an attempt of this deploy.
 */
export async function acquire(
  task: { version: string; name: string },
  planned: ListedRecord | null,
  options: AcquireOptions,
): Promise<Acquisition> {
  const { ledger, signal } = options
  let giveUpAt = monotonicNow() + options.lockTimeoutMs
  let waitMs = FIRST_LOOK_MS
  for (let seen = planned && (await look(ledger, task.version)); ; seen = await look(ledger, task.version)) {
    if (signal.aborted) return { kind: 'aborted' }
    if (seen && hasEndedSince(planned, seen) && isOurs(seen, options)) return { kind: 'ended', record: seen }
    const held = seen && isHeld(seen, await ledger.now()) ? seen : null
    if (seen && !held && isOnHold(seen) && !mayRunAllTheSame(seen, planned, options))
      return { kind: 'on-hold', record: seen }
    if (monotonicNow() >= options.stopAt) return { kind: 'late', record: held }
    if (!held) {
      const acquired = await claimIfAllowed(task, seen, options)
      if (acquired) return acquired
      continue
    }
    const left = giveUpAt - monotonicNow()
    if (left <= 0) return { kind: 'held', record: held }
    options.onWaiting(held)
    const busySince = monotonicNow()
    await options.whileHeld?.(held)
    // Who works does not wait.
    giveUpAt += monotonicNow() - busySince
    const nextMs = Math.min(waitMs * (0.75 + Math.random() / 2), left, Math.max(0, options.stopAt - monotonicNow()))
    await sleep(nextMs, undefined, { signal }).catch(() => {})
    waitMs = Math.min(waitMs * 1.5, SLOWEST_LOOK_MS)
  }
}

/** Whoever names a task knows how it stands; not what was asked since. */
function mayRunAllTheSame(seen: TaskRecord, planned: ListedRecord | null, { evenIfAsked }: AcquireOptions): boolean {
  return evenIfAsked === true && planned !== null && isOnHold(planned) && seen.fence === planned.fence
}

/** Takes a task that nobody has, or says why it does not start yet; null: it no longer stands as it was seen. */
async function claimIfAllowed(
  task: { version: string; name: string },
  seen: TaskRecord | null,
  options: AcquireOptions,
): Promise<Acquisition | null> {
  const permission = await options.permission?.(seen)
  if (permission?.kind === 'stopped') return { kind: 'aborted' }
  if (permission?.kind === 'waits') {
    const { reason } = permission
    return (await postpone(options.ledger, task, seen, reason)) ? { kind: 'waits', reason } : null
  }
  // It may have taken its time to answer.
  if (permission?.kind === 'go' && options.signal.aborted) return { kind: 'aborted' }
  if (permission?.kind === 'go' && monotonicNow() >= options.stopAt) return { kind: 'late', record: null }
  const params = (await options.paramsAt?.(seen)) ?? null
  const claim = await claimNow(task, seen, { ...options, params, resume: options.resumes(seen, options.deployId) })
  const failed = permission?.kind === 'failed' && { failed: permission.execution }
  return claim && { kind: 'claimed', claim, before: seen, ...failed }
}

/** A record that is settled stays so: the task was named, and is done all the same. */
async function postpone(
  ledger: Ledger,
  { version, name }: { version: string; name: string },
  seen: TaskRecord | null,
  reason: Reason,
): Promise<boolean> {
  if (seen?.status === 'done' || seen?.status === 'skipped') return true
  return ledger.postpone(seen, { version, name, reason })
}

/** A waiting process outlasts a restart of the database. */
function look(ledger: Ledger, version: string): Promise<TaskRecord | null> {
  return pRetry(() => ledger.record(version), {
    retries: 6,
    minTimeout: 200,
    shouldRetry: ({ error }) => isConnectionLost(error) || isConnectionLost(error.cause),
  })
}

function hasEndedSince(planned: ListedRecord | null, seen: TaskRecord): boolean {
  const same = planned?.fence === seen.fence && planned.status === seen.status
  return !same && ['done', 'recurring', 'failed', 'skipped', 'baseline'].includes(seen.status)
}

function isOurs(
  { status, deployId, params }: TaskRecord,
  options: Pick<AcquireOptions, 'everyDeploy' | 'deployId' | 'ownParams'>,
): boolean {
  if (options.ownParams !== undefined && options.ownParams !== params) return false
  const ofADeploy = options.everyDeploy && (status === 'recurring' || status === 'failed')
  return !ofADeploy || options.deployId === undefined || options.deployId === deployId
}

/** Takes a task that nobody has, if it still stands as it was seen; null: somebody else was first. */
export async function claimNow(
  { version, name }: { version: string; name: string },
  seen: TaskRecord | null,
  options: ClaimOptions,
): Promise<HeldClaim | null> {
  const { ledger, owner, leaseMs, deployId, checksum, params = null, resume } = options
  const [asked, now] = [monotonicNow(), await ledger.now()]
  const startedAt = new Date(now)
  const leaseUntil = new Date(now + leaseMs)
  const claim = await ledger.claim(seen, {
    version,
    name,
    owner,
    leaseUntil,
    startedAt,
    checksum,
    deployId: deployId ?? null,
    params,
    resume,
  })
  if (!claim) return null
  return new HeldClaim(ledger, claim, { leaseMs, deadline: asked + leaseMs, startedAt })
}

/** A database that does not answer for this long, past the lease, counts as gone. */
const NO_ANSWER_MS = 1_000

/** Progress is written at most this often. */
const PROGRESS_EVERY_MS = 2_000

/**
 * A claim that this process has, kept alive by heartbeats until it is settled or lost. The deadline is kept on
 * the local monotonic clock, from before each heartbeat was sent, so that it can only be too early.
 */
export class HeldClaim {
  readonly startedAt: Date
  readonly #ledger: Ledger
  readonly #leaseMs: number
  readonly #lost = new AbortController()
  readonly #asked = new AbortController()
  #claim: Claim
  #deadline: number
  #timer: NodeJS.Timeout | undefined
  #beating: Promise<void> = Promise.resolve()
  #paused = false
  #stopped = false
  #progress: { processed: number; total: number | null } | undefined
  #progressWritten = true
  /** Why the work does not go on, as the record has it or will have it. */
  #reason: Reason | null = null

  constructor(ledger: Ledger, claim: Claim, times: { leaseMs: number; deadline: number; startedAt: Date }) {
    this.#ledger = ledger
    this.#claim = claim
    this.#leaseMs = times.leaseMs
    this.#deadline = times.deadline
    this.startedAt = times.startedAt
    this.#schedule(this.#leaseMs / 4)
  }

  /** What its writes are conditional on. */
  get claim(): Claim {
    return this.#claim
  }

  /** The same for a write that is not the one to notice a request. */
  get unheeding(): Claim {
    return { heeds: null, ...this.#claim }
  }

  /** Aborts when somebody asked to pause or cancel the task. */
  get asked(): AbortSignal {
    return this.#asked.signal
  }

  /** What was asked, as far as this process knows. */
  get request(): TaskRequest | null {
    return this.#claim.heeds ?? null
  }

  /** Takes note of a request: from now on its writes count in spite of it, so that the work can end in order. */
  heed(request: TaskRequest): void {
    if (this.#claim.heeds) return
    this.#claim = { ...this.#claim, heeds: request }
    this.#asked.abort(new Error(`asked to ${request.kind}`))
    // Whoever asked can see it.
    if (!this.#paused) this.#schedule(0)
  }

  /**
   * Looks whether a write was refused because of a request, and takes note of that: sent again, it may count. `sent`:
   * what the write was conditional on, for somebody else in this process may have noted the request since.
   */
  async wasAsked(sent: Claim): Promise<boolean> {
    if (sent.heeds !== undefined) return false
    if (this.#claim.heeds) return true
    const { version, fence, owner } = sent
    const record = await this.#ledger.record(version)
    const ours = record?.fence === fence && record.owner === owner && record.status === 'running'
    // Without a request, it was taken back meanwhile.
    if (ours && record.request) this.heed(record.request)
    return ours
  }

  /** Aborts when another process may have taken the task. */
  get lost(): AbortSignal {
    return this.#lost.signal
  }

  /** Things done so far, as the task told. */
  get processed(): number | undefined {
    return this.#progress?.processed
  }

  /** Remembers how far the task is; the next heartbeat writes it, soon. */
  progress(processed: number, total: number | null): void {
    this.#progress = { processed, total }
    this.#writeSoon()
  }

  /** Remembers why the work does not go on; null: it does. The next heartbeat writes it, soon. */
  because(reason: Reason | null): void {
    if (reason?.code === this.#reason?.code && reason?.text === this.#reason?.text) return
    this.#reason = reason
    this.#writeSoon()
  }

  #writeSoon(): void {
    if (!this.#progressWritten) return
    this.#progressWritten = false
    if (!this.#paused) this.#schedule(Math.min(PROGRESS_EVERY_MS, this.#leaseMs / 4))
  }

  /**
   * Runs something during which no heartbeat may be sent: an open transaction that it would join (SQLite, one
   * client for all) or break (a snapshot that the heartbeat's write makes stale). The lease is made to last.
   */
  async withoutBeats<T>(forMs: number, work: () => Promise<T>): Promise<T> {
    this.#pause()
    await this.#beating
    if (this.#deadline - monotonicNow() < forMs) await this.#beat(forMs + this.#leaseMs)
    try {
      return await work()
    } finally {
      this.#paused = false
      this.#schedule(this.#leaseMs / 4)
    }
  }

  /** The lease that a checkpoint may write; `heard` counts once the checkpoint is committed. */
  async nextLease(): Promise<{ leaseUntil: Date; heard(): void }> {
    const deadline = monotonicNow() + this.#leaseMs
    const leaseUntil = new Date((await this.#ledger.now()) + this.#leaseMs)
    return {
      leaseUntil,
      // Also when that is sooner: it is what the database has now.
      heard: () => {
        this.#deadline = deadline
      },
    }
  }

  /** Ends the claim in the ledger. False when it was lost. A lost connection is tried again until the lease is over. */
  async settle(settlement: Settlement): Promise<boolean> {
    this.stop()
    await this.#beating
    if (this.lost.aborted) return false
    const left = () => Math.max(this.#deadline - monotonicNow(), NO_ANSWER_MS)
    return pRetry(() => answerWithin(left(), this.#ledger.settle(this.claim, settlement)), {
      retries: 100,
      factor: 1.3,
      minTimeout: 100,
      maxTimeout: 2_000,
      maxRetryTime: Math.max(0, this.#deadline - monotonicNow()),
      shouldRetry: ({ error }) => isConnectionLost(error) || isConnectionLost(error.cause),
    })
  }

  /** Sends no more heartbeats. */
  stop(): void {
    this.#stopped = true
    this.#pause()
  }

  #pause(): void {
    this.#paused = true
    clearTimeout(this.#timer)
  }

  #schedule(inMs: number): void {
    clearTimeout(this.#timer)
    if (this.#paused || this.#stopped || this.lost.aborted) return
    this.#timer = setTimeout(() => {
      this.#beating = this.#beat(this.#leaseMs).then(() => this.#schedule(this.#leaseMs / 4))
    }, inMs)
  }

  /** Beats until it is heard, or until the lease is over: then another process may have the task. */
  async #beat(leaseMs: number): Promise<void> {
    for (;;) {
      const sent = monotonicNow()
      try {
        const now = await this.#ledger.now()
        this.#progressWritten = true
        const told = { ...this.#progress, reason: this.#reason }
        const claim = this.#claim
        const beat = this.#ledger.beat(claim, { leaseUntil: new Date(now + leaseMs), ...told })
        const held = await answerWithin(Math.max(this.#deadline - sent, NO_ANSWER_MS), beat)
        if (held) this.#deadline = sent + leaseMs
        else if (await this.wasAsked(claim)) continue
        else if (!(await this.#isSettledByUs())) this.#lost.abort()
        return
      } catch {
        if (this.#stopped) return
        // Whatever the database says, only time tells whether the claim still stands.
        if (monotonicNow() >= this.#deadline) return this.#lost.abort()
        await sleep(Math.min(1_000, this.#leaseMs / 20))
      }
    }
  }

  /** A heartbeat that waited for the task's own transaction finds the record settled, by this very claim. */
  async #isSettledByUs(): Promise<boolean> {
    const { version, fence, owner } = this.claim
    const record = await this.#ledger.record(version)
    return record?.fence === fence && record.owner === owner && record.status !== 'running'
  }
}
