import type { Outcome, Reason, TaskRequest } from '../define/events.js'
import { describeThrown, type Thrown } from '../define/thrown.js'
import type { Ledger, RecordStatus } from '../ledger/contract.js'
import { answerWithin } from '../prisma/answer-within.js'
import type { HeldClaim } from './claim.js'
import { type Execution, settlementOf } from './execution.js'
import type { Work } from './work.js'

/** How a claim ended, in the ledger. `lost`: another process has the task, and nothing was written. */
export interface Settled {
  outcome: Outcome | 'cancelled' | 'lost'
  status: RecordStatus
  /** Why it is not done, where no error of the task says so. */
  reason?: Reason
  /** What the task threw, as one message. */
  message?: string
  /** The same with its stack, for the ledger. */
  error?: string
}

/** What became of a commit is worth a look, but not worth waiting for a database that does not answer. */
const LOOK_MS = 5_000

/** Writes how the work of a claim ended into its record, unless the work's own transaction has. */
export async function settle(ledger: Ledger, work: Work, claim: HeldClaim, execution: Execution): Promise<Settled> {
  const success = await settlementOf(work, { ledger, claim })
  if (execution.kind === 'done') {
    claim.stop()
    const held = execution.committed || (await claim.settle(success))
    return { outcome: held ? 'done' : 'lost', status: success.status }
  }
  const { status, reason = null, thrown } = endOf(work, execution, await askedNow(ledger, claim, execution))
  const error = thrown?.stack ?? null
  const held = await claim.settle({ ...success, status, reason, error })
  const why = { ...(reason && { reason }), ...(thrown && { message: thrown.message, error: thrown.stack }) }
  if (held) return { outcome: status, status, ...why }
  if (!work.settlesItself) return { outcome: 'lost', status }
  // The answer to a commit can get lost after the database carried it out.
  const record = await answerWithin(LOOK_MS, ledger.record(claim.claim.version))
  const committed = record?.fence === claim.claim.fence && record.status === success.status
  return { outcome: committed ? 'done' : 'lost', status: success.status }
}

/** What is asked of work that stops because of that: it may have been taken back, or replaced, meanwhile. */
async function askedNow(ledger: Ledger, claim: HeldClaim, execution: Execution): Promise<TaskRequest | null> {
  if (execution.kind !== 'stopped' || execution.reason !== 'request') return null
  const record = await answerWithin(LOOK_MS, ledger.record(claim.claim.version)).catch(() => undefined)
  return record ? record.request : claim.request
}

/** How a record ends whose work is not done. */
function endOf(
  { timeout }: Work,
  execution: Exclude<Execution, { kind: 'done' }>,
  asked: TaskRequest | null,
): { status: 'failed' | 'interrupted' | 'paused' | 'cancelled'; reason?: Reason; thrown?: Thrown } {
  if (execution.kind === 'paused') return { status: 'paused', reason: { code: 'max-duration' } }
  if (execution.kind === 'threw' || execution.reason === 'crashed')
    return { status: 'failed', thrown: describeThrown(execution.error) }
  switch (execution.reason) {
    case 'signal':
      return { status: 'interrupted', reason: { code: 'signal' } }
    case 'timeout':
      return {
        status: 'failed',
        reason: {
          code: 'timeout',
          ...(timeout !== undefined && { text: timeout }),
        },
      }
    case 'lost':
      return { status: 'failed', reason: { code: 'lost' } }
    case 'request':
      return {
        status: asked?.kind === 'cancel' ? 'cancelled' : 'paused',
        reason: { code: 'requested', ...(asked?.reason != null && { text: asked.reason }) },
      }
  }
}
