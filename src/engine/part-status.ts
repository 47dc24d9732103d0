import type { TaskState } from '../define/events.js'
import { isHeld } from '../ledger/contract.js'
import { partColumns } from '../ledger/rows.js'
import type { Engine } from './engine.js'
import { isPending, type PlanEntry } from './plan.js'

/** One part of a backfill. */
export interface PartStatus {
  part: number
  state: TaskState
  /** Rows. */
  processed: number
  /** The process that holds it, or held it last. */
  owner: string | null
}

/** By version: of the backfills in parts that are not done. */
export async function partsOfEach(
  { ledger }: Engine,
  tasks: readonly PlanEntry[],
  now: number,
): Promise<Map<string, PartStatus[]>> {
  const open = tasks.filter(({ state, record, definition }) => {
    const parted = definition?.kind === 'backfill' && (definition.concurrency ?? 1) > 1
    return parted && record !== null && record.attempts > 0 && isPending(state)
  })
  const parts = new Map<string, PartStatus[]>()
  if (open.length === 0) return parts
  for (const record of await ledger.partsOf(open.map(({ version }) => version))) {
    const version = partColumns(record.version).partOf ?? ''
    const state = record.status === 'running' && !isHeld(record, now) ? 'interrupted' : record.status
    const { part, processed, owner } = record
    parts.set(version, [...(parts.get(version) ?? []), { part: part ?? 0, state, processed, owner }])
  }
  return parts
}
