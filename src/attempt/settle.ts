import { type Definition, isEveryDeploy } from '../define/definition.js'
import { messageOf } from '../define/errors.js'
import type { Outcome } from '../define/events.js'
import { describeThrown } from '../define/thrown.js'
import type { Ledger, RecordStatus } from '../ledger/contract.js'
import { answerWithin } from '../prisma/answer-within.js'
import type { HeldClaim } from './claim.js'
import { type Execution, settlementOf } from './execute.js'

/** How a claim ended, in the ledger. `lost`: another process has the task, and nothing was written. */
export interface Settled {
  outcome: Outcome | 'lost'
  status: RecordStatus
  /** For the result: one message. */
  message?: string
  /** For the ledger: the message with its stack. */
  error?: string
  paused?: true
}

/** What became of a commit is worth a look, but not worth waiting for a database that does not answer. */
const LOOK_MS = 5_000

const PAUSED = 'stopped after --max-duration; the next run goes on here'

/** Writes how the work of a claim ended into its record, unless the work's own transaction has. */
export async function settle(
  ledger: Ledger,
  definition: Definition,
  claim: HeldClaim,
  execution: Execution,
): Promise<Settled> {
  const success = await settlementOf({ everyDeploy: isEveryDeploy(definition) }, { ledger, claim })
  if (execution.kind === 'done') {
    claim.stop()
    const held = execution.committed || (await claim.settle(success))
    return { outcome: held ? 'done' : 'lost', status: success.status }
  }
  if (execution.kind === 'paused') {
    const held = await claim.settle({ ...success, status: 'interrupted', error: PAUSED })
    const outcome = held ? 'interrupted' : 'lost'
    return { outcome, status: 'interrupted', paused: true, message: PAUSED, error: PAUSED }
  }
  const interrupted = execution.kind === 'stopped' && execution.reason === 'signal'
  const status = interrupted ? 'interrupted' : 'failed'
  // Where it was told to stop is our code, and tells nobody anything.
  const ours = execution.kind === 'stopped' && execution.reason !== 'crashed'
  const { message, stack } = describeThrown(execution.error)
  const error = ours ? messageOf(execution.error) : stack
  const held = await claim.settle({ ...success, status, error })
  if (held) return { outcome: status, status, message, error }
  if (!definition.transaction) return { outcome: 'lost', status }
  // The answer to a commit can get lost after the database carried it out.
  const record = await answerWithin(LOOK_MS, ledger.record(claim.claim.version))
  const committed = record?.fence === claim.claim.fence && record.status === success.status
  return { outcome: committed ? 'done' : 'lost', status: success.status }
}
