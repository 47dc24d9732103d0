import { type Execution, endOf } from '../attempt/execution.js'
import { orStopped, Stop } from '../attempt/stop.js'
import { HANGS_MS } from '../attempt/transaction.js'
import type { BackfillDefinition } from '../define/backfill.js'
import { plainly } from '../define/thrown.js'
import type { BackfillOptions } from './backfill-options.js'
import { readCheckpoint } from './checkpoint.js'
import { type Start, Walker } from './range-walk.js'
import { addedRowsWarning } from './rows/added-rows.js'
import { totalOf } from './rows/ask-briefly.js'
import { type Walked, walkedOf } from './rows/target.js'
import { type Tally, walkPartitions } from './run-parts.js'
import { listingLeftOut } from './skipped-rows.js'
import { readLastKey } from './unreadable-rows.js'

/** Runs a backfill from its checkpoint to its end, or until it is told to stop. */
export async function executeBackfill(definition: BackfillDefinition, options: BackfillOptions): Promise<Execution> {
  const { claim, client, signal, onStopping } = options
  const stop = new Stop({ signal, lost: claim.lost, timeout: definition.timeout, onStopping })
  const tally: Tally = { processed: 0 }
  try {
    const walked = walkedOf(definition, client)
    const warning = addedRowsWarning(definition, walked)
    if (warning !== undefined) options.context.log.warn(warning)
    const walk = (await isSplit(definition, options)) ? walkPartitions : walkAll
    // What is asked outside of a batch's transaction may hang too, and a throttle is not ours.
    const walking = () => walk(definition, { ...options, said: new Set() }, stop.signal, walked, tally)
    const end = await orStopped(walking, stop.signal, options.graceMs + 2 * HANGS_MS)
    return end === 'done' ? { kind: 'done', committed: false, ...tally } : { kind: 'paused', ...tally }
  } catch (error) {
    return { ...endOf(plainly(error), stop, tally.processed), ...tally }
  } finally {
    stop.end()
  }
}

/**
 * Whether a backfill is walked in parts. One that began goes on as it began, whatever `concurrency` says now, or rows
 * would be done twice. Where there is one writer, parts would only wait for each other.
 */
async function isSplit({ concurrency = 1 }: BackfillDefinition, { ledger, claim }: BackfillOptions): Promise<boolean> {
  const checkpoint = readCheckpoint((await ledger.record(claim.claim.version))?.cursor ?? null)
  return checkpoint ? checkpoint.splits !== undefined : concurrency > 1 && !ledger.singleWriter
}

async function walkAll(
  definition: BackfillDefinition,
  options: BackfillOptions,
  stop: AbortSignal,
  walked: Walked,
  tally: Tally,
): Promise<'done' | 'paused'> {
  const walker = await Walker.begin(definition, options, stop, walked, () => startOf(definition, options, walked))
  const { claim, ledger, context } = options
  const leftOut = async () => readCheckpoint((await ledger.record(claim.claim.version))?.cursor ?? null)?.skipped ?? []
  try {
    return await (definition.onError === 'skip'
      ? listingLeftOut(context.log, leftOut, () => walker.walk())
      : walker.walk())
  } finally {
    tally.processed = walker.processedNow
  }
}

async function startOf(
  definition: BackfillDefinition,
  { client, claim, context }: BackfillOptions,
  walked: Walked,
): Promise<Start> {
  const { walk } = walked
  const bound = await readLastKey(client, walked)
  const total = bound === null ? 0 : await totalOf({ client, log: context.log }, walked, bound)
  const range = definition.follow ? { upTo: null, open: true as const } : { upTo: bound }
  return { checkpoint: { after: null, ...range, skipped: [], walk: claim.claim.fence, fields: walk.fields }, total }
}
