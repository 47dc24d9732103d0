import { type Execution, endOf } from '../attempt/execution.js'
import { orStopped, Stop } from '../attempt/stop.js'
import { HANGS_MS } from '../attempt/transaction.js'
import { allAwaited } from '../attempt/unawaited.js'
import { demandVerified } from '../attempt/verified.js'
import type { ClaimedJob } from '../attempt/work.js'
import type { BackfillDefinition } from '../define/backfill.js'
import type { Reason } from '../define/events.js'
import { plainly } from '../define/thrown.js'
import { type Client, delegateOf, primaryOf } from '../prisma/client.js'
import { readCheckpoint, skippedRowsOf } from './checkpoint.js'
import { type Start, Walker } from './range-walk.js'
import { addedRowsWarning } from './rows/added-rows.js'
import { totalOf } from './rows/ask-briefly.js'
import { type Walked, walkedOf } from './rows/target.js'
import { walkInParts } from './run-parts.js'
import { readLastKey } from './unreadable-rows.js'
import type { Walking, WalkingOptions } from './walking.js'

/** Runs a backfill from its checkpoint to its end, or until it is told to stop. */
export async function executeBackfill(definition: BackfillDefinition, job: ClaimedJob): Promise<Execution> {
  const { claim, client, ledger, signal, context, onStopping } = job
  const stop = new Stop({ signal, lost: claim.lost, asked: claim.asked, timeout: definition.timeout, onStopping })
  let walking: Walking | undefined
  const work = async () => {
    const walked = walkedOf(definition, client)
    const warning = addedRowsWarning(definition, walked)
    if (warning !== undefined) context.log.warn(warning)
    const record = await ledger.record(claim.claim.version)
    const given = {
      definition,
      options: { ...job, said: new Set<string>(), onThrottled: (reason: Reason | null) => claim.because(reason) },
      stop: stop.signal,
      walked,
      record,
    }
    walking = isSplit(given) ? walkInParts(given) : walkWhole(given)
    const end = await walking.walk()
    if (end === 'done') await verify(given)
    return end
  }
  try {
    // What is asked outside of a batch's transaction may hang too, and a throttle is not ours.
    const end = await orStopped(work, stop.signal, job.graceMs + 2 * HANGS_MS)
    const done = await walking?.done()
    return end === 'done' ? { kind: 'done', committed: false, ...done } : { kind: 'paused', ...done }
  } catch (error) {
    const ended = endOf(plainly(error), stop, 0)
    return { ...ended, ...(await walking?.done()) }
  } finally {
    stop.end()
  }
}

/**
 * Whether a backfill is walked in parts. One that began goes on as it began, whatever `concurrency` says now, or rows
 * would be done twice. Where there is one writer, parts would only wait for each other.
 */
function isSplit({ definition: { concurrency = 1 }, options: { ledger }, record }: WalkingOptions): boolean {
  const checkpoint = readCheckpoint(record?.checkpoint ?? null)
  return checkpoint ? checkpoint.splits !== undefined : concurrency > 1 && !ledger.singleWriter
}

function walkWhole(given: WalkingOptions): Walking {
  const { definition, options, stop, walked, record } = given
  let walker: Walker | undefined
  return {
    async walk() {
      walker = await Walker.begin(definition, options, stop, { walked, record, first: () => startOf(given) })
      return walker.walk()
    },
    done: async () => ({
      processed: walker?.processedNow ?? 0,
      changedMeanwhile: walker?.changedMeanwhile ?? record?.changedMeanwhile ?? 0,
      skippedRows: walker?.skipped ?? (record ? skippedRowsOf(record) : []),
    }),
  }
}

/** What the definition has to say of the work, once there is no row left. */
async function verify({ definition, options, stop, walked }: WalkingOptions): Promise<void> {
  const { verify } = definition
  const { client, context, graceMs } = options
  if (verify === true) return demandNoneLeft(client, walked, context.version)
  if (!verify) return
  const { progress: _, ...rest } = context
  const onLate = (message: string) => context.log.error(`${context.version}: ${message}`)
  await allAwaited(client, { graceMs, onLate }, (prisma) =>
    demandVerified(() => verify({ ...rest, prisma: prisma as never, signal: stop })),
  )
}

async function demandNoneLeft(client: Client, { model, walk }: Walked, version: string): Promise<void> {
  const rows = await delegateOf(primaryOf(client), model).count({ where: walk.where })
  if (rows === 0) return
  throw new Error(
    `\`verify\` failed: ${rows} ${rows === 1 ? 'row matches' : 'rows match'} \`where\` after the last batch. To walk them, start over with \`npx after-party mark ${version} --pending\``,
  )
}

async function startOf({ definition, options, walked }: WalkingOptions): Promise<Start> {
  const { client, claim, context } = options
  const bound = await readLastKey(client, walked)
  const total = bound === null ? 0 : await totalOf({ client, log: context.log }, walked, bound)
  const range = definition.follow ? { upTo: null, open: true as const } : { upTo: bound }
  return { checkpoint: { after: null, ...range, walk: claim.claim.fence, fields: walked.walk.fields }, total }
}
