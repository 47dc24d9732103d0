import { readCheckpoint } from '../backfills/checkpoint.js'
import { partsOf, recordsOfParts } from '../backfills/parts.js'
import type { TaskState } from '../define/events.js'
import { isHeld } from '../ledger/contract.js'
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

/** How far each part is, by version: of the backfills that were split, and are not done. `now`: the database's clock. */
export async function partsOfEach(
  { ledger }: Engine,
  tasks: readonly PlanEntry[],
  now: number,
): Promise<Map<string, PartStatus[]>> {
  const parts = new Map<string, PartStatus[]>()
  for (const { version, state, record, definition } of tasks) {
    const parted = definition?.kind === 'backfill' && (definition.concurrency ?? 1) > 1
    if (!parted || !record?.attempts || !isPending(state)) continue
    const checkpoint = readCheckpoint((await ledger.record(version))?.checkpoint ?? null)
    if (!checkpoint?.splits) continue
    const records = await recordsOfParts(ledger, partsOf(version, checkpoint))
    parts.set(
      version,
      records.map((found, i) => {
        const { status = 'pending', processed = 0, owner = null } = found ?? {}
        const state = found && status === 'running' && !isHeld(found, now) ? 'interrupted' : status
        return { part: i + 1, state, processed, owner }
      }),
    )
  }
  return parts
}
