import type { SkippedRow } from '../define/events.js'
import type { Settlement } from '../ledger/contract.js'
import { Crashed, Lost, type Stop, type StopCause } from './stop.js'
import type { ClaimedJob } from './work.js'

/** How the work of a claim ended. `committed`: the record was settled inside the task's transaction. */
export type Execution = (
  | { kind: 'done'; committed: boolean }
  | { kind: 'threw'; error: unknown }
  | { kind: 'stopped'; reason: StopCause; error: unknown }
  /** It used up the run's time, and left the rest for the next run. */
  | { kind: 'paused' }
) & {
  /** Rows, in this attempt. */
  processed?: number | undefined
  /** The same with those of the processes that helped, where some may have. */
  together?: number
  /** Rows that somebody else changed while a batch had them, in all attempts and by every process. */
  changedMeanwhile?: number
  /** Rows skipped, in all attempts and by every process. */
  skippedRows?: readonly SkippedRow[]
}

/** What something thrown out of a claim's work means. */
export function endOf(error: unknown, stop: Stop, processed: number | undefined): Execution {
  const reason = error instanceof Lost ? 'lost' : stop.reason
  if (reason === undefined) return { kind: 'threw', error, processed }
  const told: unknown = stop.signal.reason ?? error
  return { kind: 'stopped', reason, error: told instanceof Crashed ? told.cause : told, processed }
}

/** The settled record of work that is done, as it is written beside the work. */
export async function settlementOf(
  { everyDeploy }: { everyDeploy?: boolean | undefined },
  { ledger, claim }: Pick<ClaimedJob, 'ledger' | 'claim'>,
): Promise<Settlement> {
  return {
    status: everyDeploy ? 'recurring' : 'done',
    finishedAt: new Date(await ledger.now()),
    reason: null,
    error: null,
    ...(claim.processed !== undefined && { processed: claim.processed }),
  }
}
