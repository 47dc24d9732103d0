import { isOnHold } from '../ledger/contract.js'
import { isHandedOver, isPending, type PlanEntry } from './plan.js'

/** What waits for a worker. */
export interface WorkerStatus {
  /** How many tasks wait. */
  waiting: number
  /** When a worker was last seen. Null: never, as far as these tasks know. */
  seenAt: Date | null
  /** Whether no worker was seen for so long that there may be none. */
  overdue: boolean
}

/** Ms. A worker looks around far more often. */
const OVERDUE_MS = 5 * 60_000

/** What of these tasks waits for a worker; null: nothing. Pure. `now`: the database's clock, ms. */
export function workerStatus(tasks: readonly PlanEntry[], now: number): WorkerStatus | null {
  const ofWorkers = tasks.filter(({ flags, state }) => flags.includes('background') && isPending(state))
  const waiting = ofWorkers.filter(
    ({ state, record }) => state !== 'running' && isHandedOver(record) && !(record && isOnHold(record)),
  )
  if (waiting.length === 0) return null
  const times = ofWorkers.flatMap(({ record, state }) =>
    state === 'running' ? now : (record?.seenAt?.getTime() ?? []),
  )
  const seen = times.length > 0 ? Math.max(...times) : null
  return {
    waiting: waiting.length,
    seenAt: seen === null ? null : new Date(seen),
    overdue: seen === null || now - seen > OVERDUE_MS,
  }
}
