import { setTimeout as sleep } from 'node:timers/promises'
import { AfterPartyError } from '../define/errors.js'
import type { Lane } from '../define/events.js'
import { monotonicNow } from '../ledger/clock.js'
import { isConnectionLost } from '../prisma/database-errors.js'
import type { Engine } from './engine.js'
import { isPending } from './plan.js'
import { faultsError, resolveNames } from './prepare.js'
import { status, type TaskStatus } from './status.js'
import { isLeftAlone } from './try-again.js'

/** How to wait. Durations in ms. */
export interface WaitForOptions {
  /** Default: all tasks. */
  names?: readonly string[] | undefined
  lane?: Lane | undefined
  timeoutMs: number
  signal: AbortSignal
}

/**
 * What the wait ended with. `done`: all of them are done. `failed`: one has failed, and no worker tries it again.
 * `cancelled`: one was cancelled. `timeout`: the time was up first. `interrupted`: the signal came first.
 */
export interface Waited {
  outcome: 'done' | 'failed' | 'cancelled' | 'timeout' | 'interrupted'
  /** Those that are not done. */
  open: TaskStatus[]
}

const FIRST_LOOK_MS = 200
const SLOWEST_LOOK_MS = 2_000

/** Waits until tasks are done here, whoever runs them. Throws `task-unknown`. */
export async function waitForTasks(
  engine: Engine,
  { names, lane, timeoutMs, signal }: WaitForOptions,
): Promise<Waited> {
  const { source, ledger } = engine
  const giveUpAt = monotonicNow() + timeoutMs
  const { files } = await source.list()
  const chosen = names?.length ? resolveNames(names, files, await ledger.records(), { recordsToo: true }) : undefined
  let open: TaskStatus[] = []
  for (let waitMs = FIRST_LOOK_MS; ; waitMs = Math.min(waitMs * 1.5, SLOWEST_LOOK_MS)) {
    const now = await lookAt(engine, lane)
    if (now) {
      const { tasks, faults } = now
      if (faults.length > 0) throw faultsError(faults, source.place)
      open = tasks.filter(
        ({ version, state }) =>
          (chosen?.has(version) ?? true) && (isPending(state) || (chosen !== undefined && state === 'cancelled')),
      )
      if (open.length === 0) return { outcome: 'done', open }
      if (open.some(({ state }) => state === 'cancelled')) return { outcome: 'cancelled', open }
      for (const task of open)
        if (task.state === 'failed' && (await isOver(engine, task))) return { outcome: 'failed', open }
    }
    if (signal.aborted) return { outcome: 'interrupted', open }
    const left = giveUpAt - monotonicNow()
    if (left <= 0) return { outcome: 'timeout', open }
    await sleep(Math.min(waitMs, left), undefined, { signal }).catch(() => {})
  }
}

/** Whoever waits outlasts a restart of the database. */
async function lookAt(engine: Engine, lane: Lane | undefined) {
  try {
    return await status(engine, { lane, onlyOpen: true })
  } catch (error) {
    if (error instanceof AfterPartyError && error.code !== 'database-unreachable') throw error
    if (!(error instanceof AfterPartyError) && !isConnectionLost(error)) throw error
    return undefined
  }
}

/** Nobody tries a task of a deploy again but the next deploy. */
async function isOver({ ledger }: Engine, { version, flags }: TaskStatus): Promise<boolean> {
  if (!flags.includes('background')) return true
  return isLeftAlone(ledger, version)
}
