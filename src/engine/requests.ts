import { setTimeout as sleep } from 'node:timers/promises'
import type { Holder, TaskRef, TaskRequest } from '../define/events.js'
import { monotonicNow } from '../ledger/clock.js'
import { type Hold, isHeld, isOnHold, isSettled, type RecordStatus, type TaskRecord } from '../ledger/contract.js'
import { endDeadRun } from './dead-attempt.js'
import type { Engine } from './engine.js'
import { resolveNames } from './prepare.js'
import { ring } from './ring.js'

/** What to ask of tasks. */
export interface RequestOptions {
  kind: TaskRequest['kind']
  names: readonly string[]
  by: string
  reason: string | undefined
  /** How long to wait until whoever has a task has heeded, ms. */
  waitMs: number
  signal: AbortSignal
}

/** What became of a request, for one task. */
export interface Requested extends TaskRef {
  from: RecordStatus
  to: RecordStatus
  /**
   * `none`: there was nothing to change. `done`: it is in effect. `asked`: the process that has the task heeds it at its
   * next batch or heartbeat. `revoked`: that process did not heed it, so its claim was taken from it, and nothing that it
   * still writes is committed.
   */
  effect: 'none' | 'done' | 'asked' | 'revoked'
  /** The process that had the task when it was asked. */
  holder?: Holder
}

/**
 * Asks tasks to pause, to resume or to cancel, whatever runs them. A request to a task that nobody has is carried out at
 * once; whoever has one heeds it at its next write; of a holder that is dead, the lease runs out; and from one that goes
 * on without heeding (an older release) the task is taken. Throws `task-unknown`.
 */
export async function requestTasks(engine: Engine, options: RequestOptions): Promise<Requested[]> {
  const { ledger, source } = engine
  const [{ files }, records] = await Promise.all([source.list(), ledger.records()])
  const versions = [...resolveNames(options.names, files, records, { recordsToo: true })].sort()
  const names = new Map([...records, ...files].map(({ version, name }) => [version, name]))
  const giveUpAt = monotonicNow() + options.waitMs
  // All are asked before any is waited for.
  const asked = versions.map((version) =>
    requestOne(engine, { version, name: names.get(version) ?? '' }, options, giveUpAt),
  )
  return Promise.all(asked)
}

const FIRST_LOOK_MS = 50
const SLOWEST_LOOK_MS = 500

async function requestOne(
  engine: Engine,
  task: TaskRef,
  { kind, by, reason, signal }: RequestOptions,
  giveUpAt: number,
): Promise<Requested> {
  const { ledger } = engine
  let from: RecordStatus | undefined
  let holder: Holder | undefined
  let asked: { fence: number; leaseUntil: number } | undefined
  for (let waitMs = FIRST_LOOK_MS; ; waitMs = Math.min(waitMs * 1.5, SLOWEST_LOOK_MS)) {
    const seen = await ledger.record(task.version)
    const now = await ledger.now()
    const status = seen?.status ?? 'pending'
    from ??= status
    const result = (effect: Requested['effect'], to: RecordStatus): Requested => ({
      ...task,
      from: from ?? status,
      to,
      effect,
      ...(holder && { holder }),
    })
    const request: TaskRequest = { kind, by, at: new Date(now), reason: reason ?? null }
    if (!seen || !isHeld(seen, now)) {
      if (isInEffect(seen, kind)) return result(asked ? 'done' : 'none', status)
      const hold = { ...task, status: STATUS[kind], request, at: new Date(now) }
      if (!(await ledger.hold(seen, hold))) continue
      if (seen) await endDeadRun(ledger, seen, { fence: seen.fence + 1, startedAt: hold.at })
      if (kind === 'resume' && seen?.lane === 'background') await ring(engine, [task], { emit() {} })
      return result('done', hold.status)
    }
    holder ??= { owner: seen.owner, since: seen.startedAt, leaseLeftMs: (seen.leaseUntil?.getTime() ?? now) - now }
    if (kind === 'resume') {
      if (!seen.request) return result('none', status)
      if (await ledger.ask(task.version, null)) return result('done', status)
      continue
    }
    if (asked?.fence !== seen.fence || seen.request?.kind !== kind) {
      if (!(await ledger.ask(task.version, request))) continue
      const after = await ledger.record(task.version)
      if (after) asked = { fence: after.fence, leaseUntil: after.leaseUntil?.getTime() ?? 0 }
    } else if (goesOnUnheeding(seen, asked)) {
      const hold: Hold = { ...task, status: STATUS[kind], request, at: new Date(now) }
      if (!(await ledger.revoke(seen, hold))) continue
      await endDeadRun(ledger, seen, { fence: seen.fence + 1, startedAt: hold.at })
      return result('revoked', hold.status)
    }
    if (monotonicNow() >= giveUpAt || signal.aborted) return result('asked', status)
    await sleep(Math.min(waitMs, Math.max(0, giveUpAt - monotonicNow())), undefined, { signal }).catch(() => {})
  }
}

const STATUS = { pause: 'paused', cancel: 'cancelled', resume: 'pending' } as const satisfies Record<
  TaskRequest['kind'],
  Hold['status']
>

/** Whether there is nothing to do: a task that is done stays done, and one that never stopped needs no resuming. */
function isInEffect(seen: TaskRecord | null, kind: TaskRequest['kind']): boolean {
  if (seen && isSettled(seen.status)) return true
  if (kind === 'resume') return !seen || ((seen.status === 'pending' || seen.status === 'recurring') && !isOnHold(seen))
  return seen?.request?.kind === kind && seen.status === STATUS[kind]
}

/**
 * Whoever knows of requests renews no lease after one without saying that it heeds it. What is of an older release does.
 */
function goesOnUnheeding({ leaseUntil, reason }: TaskRecord, asked: { leaseUntil: number }): boolean {
  return (leaseUntil?.getTime() ?? 0) > asked.leaseUntil && reason?.code !== 'requested'
}
