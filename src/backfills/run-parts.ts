import { claimNow } from '../attempt/claim.js'
import { endOf } from '../attempt/execution.js'
import { describeOwner } from '../attempt/owner.js'
import { Lost, orStopped, Stop } from '../attempt/stop.js'
import { HANGS_MS } from '../attempt/transaction.js'
import type { BackfillDefinition } from '../define/backfill.js'
import { headline, messageOf } from '../define/errors.js'
import { monotonicNow } from '../ledger/clock.js'
import type { Settlement, TaskRecord } from '../ledger/contract.js'
import { isHeld } from '../ledger/contract.js'
import { delegateOf } from '../prisma/client.js'
import type { BackfillOptions } from './backfill-options.js'
import { type Checkpoint, readCheckpoint, writeCheckpoint } from './checkpoint.js'
import { demandFewLeftOut } from './checkpoint-keeper.js'
import { wait } from './pace.js'
import { isOf, type Partition, partitionRecords, partitionsOf, processedIn, skippedIn } from './parts.js'
import { demandSameCursor, Walker } from './range-walk.js'
import { askBriefly, totalOf } from './rows/ask-briefly.js'
import { splitKeys } from './rows/pages.js'
import { type Walked, walkedOf } from './rows/target.js'
import { listingLeftOut } from './skipped-rows.js'
import { readLastKey } from './unreadable-rows.js'

/** What was done of a backfill. */
export interface Tally {
  /** Rows, by this process. */
  processed: number
  /** Rows, in this attempt, by helpers too; not known before it ends. */
  together?: number
}

/** Everybody who works on parts of one walk in this process. */
interface Crew {
  definition: BackfillDefinition
  options: Omit<BackfillOptions, 'claim'>
  stop: AbortSignal
  walked: Walked
  partitions: readonly Partition[]
  tally: Tally
  onProgress(): void
  /** Whether a part that failed may be tried by this process. */
  mayTryAgain(record: TaskRecord): boolean
}

const LOOK_MS = 250

/**
 * Walks a backfill in parts, side by side, for the process that holds the backfill itself. Parts that another process
 * has taken are waited for; the backfill is done when all are.
 */
export async function walkPartitions(
  definition: BackfillDefinition,
  options: BackfillOptions,
  stop: AbortSignal,
  walked: Walked,
  tally: Tally,
): Promise<'done' | 'paused'> {
  const { claim, ledger, context } = options
  const { checkpoint, processed, total } = await splitUp(definition, options, walked)
  const partitions = partitionsOf(claim.claim.version, checkpoint)
  // The history of a backfill is that of the process that holds it, so what helpers did and left out is there too.
  const leftOut = async () => skippedIn(await partitionRecords(ledger, partitions))
  const work = () => walkThem(definition, options, { stop, walked, tally, partitions, total })
  try {
    return await listingLeftOut(context.log, leftOut, work)
  } finally {
    const rows = await partitionRecords(ledger, partitions).then(processedIn, () => undefined)
    if (rows !== undefined) {
      claim.progress(rows, total)
      tally.together = rows - processed
    }
  }
}

async function walkThem(
  definition: BackfillDefinition,
  options: BackfillOptions,
  { total, ...walk }: Pick<Crew, 'stop' | 'walked' | 'tally' | 'partitions'> & { total: number | null },
): Promise<'done' | 'paused'> {
  const { stop, tally, partitions } = walk
  const { claim, ledger, stopAt, onProgress } = options
  const standing = await partitionRecords(ledger, partitions)
  const before = new Map(standing.map((record) => [record?.version, record?.fence]))
  const leftOut = { rows: skippedIn(standing).length }
  const mayTryAgain = ({ version, fence }: TaskRecord) => fence === before.get(version)
  for (;;) {
    const records = await partitionRecords(ledger, partitions)
    const processed = processedIn(records)
    const others = processed - tally.processed
    claim.progress(processed, total)
    onProgress(processed, total)
    if (records.every((record) => record?.status === 'done')) {
      const all = skippedIn(records)
      demandFewLeftOut(definition, all.length, all.at(-1))
      return 'done'
    }
    const failed = records.find((record) => record?.status === 'failed' && !mayTryAgain(record))
    if (failed) throw new PartitionFailed(failed)
    stop.throwIfAborted()
    if (monotonicNow() >= stopAt) return 'paused'
    const tell = () => {
      claim.progress(others + tally.processed, total)
      onProgress(others + tally.processed, total)
    }
    const crew: Crew = { ...walk, definition, options: { ...options, leftOut }, onProgress: tell, mayTryAgain }
    const worked = await workOnFree(crew)
    if (!worked) await wait(LOOK_MS, stop)
  }
}

/**
 * Takes parts of a backfill that another process holds, until none is free: instead of waiting, a second process
 * lends a hand. Returns the rows that it did, and whether it failed. A part that fails is recorded so: the holder's
 * run ends there.
 */
export async function helpWith(
  definition: BackfillDefinition,
  options: Omit<BackfillOptions, 'claim'>,
  parent: TaskRecord,
): Promise<{ processed: number; failed: boolean }> {
  const checkpoint = readCheckpoint(parent.cursor)
  if (!checkpoint?.splits) return { processed: 0, failed: false }
  const tally = { processed: 0 }
  let failed = false
  const never = new AbortController().signal
  const stop = new Stop({ signal: options.signal, lost: never, timeout: definition.timeout, onStopping: () => {} })
  try {
    const walked = walkedOf(definition, options.client)
    const partitions = partitionsOf(parent.version, checkpoint)
    demandSameCursor(checkpoint, walked.walk)
    const leftOut = { rows: skippedIn(await partitionRecords(options.ledger, partitions)).length }
    const crew: Crew = {
      definition,
      options: { ...options, said: new Set(), leftOut },
      stop: stop.signal,
      walked,
      partitions,
      tally,
      onProgress: () => {},
      mayTryAgain: () => false,
    }
    while (!stop.signal.aborted && monotonicNow() < options.stopAt) if (!(await workOnFree(crew))) break
  } catch (error) {
    failed = true
    options.context.log.warn(`Helping ${describeOwner(parent.owner ?? 'another process')} ended: ${messageOf(error)}`)
  } finally {
    stop.end()
  }
  return { processed: tally.processed, failed }
}

/** A part that failed: the backfill fails for the same reason. */
class PartitionFailed extends Error {
  constructor({ version, error }: TaskRecord) {
    super(`part ${version.split('/')[1]} failed: ${headline(error ?? '') || 'no error was kept'}`)
  }
}

/** The parts as they were made, now or before, and the rows done when the attempt before this one said so last. */
async function splitUp(
  definition: BackfillDefinition,
  { claim, client, context, ledger }: BackfillOptions,
  walked: Walked,
): Promise<{ checkpoint: Checkpoint; processed: number; total: number | null }> {
  const { model, walk } = walked
  const record = await ledger.record(claim.claim.version)
  const known = readCheckpoint(record?.cursor ?? null)
  if (known?.splits) {
    demandSameCursor(known, walk)
    return { checkpoint: known, processed: record?.processed ?? 0, total: record?.total ?? null }
  }
  const bound = await readLastKey(client, walked)
  const asker = { client, log: context.log }
  const total = bound === null ? 0 : await totalOf(asker, walked, bound)
  const parts = definition.concurrency ?? 1
  const split = (reader: object) => splitKeys(delegateOf(reader, model), walk, bound, { total: total ?? 0, parts })
  const one = 'The rows could not be split, so they are walked in one part'
  // Where a part ends is found by counting.
  if (total === null && parts > 1) context.log.warn(`${one}: there is no total`)
  const splits = total ? ((await askBriefly(asker, one, split)) ?? []) : []
  const { fields } = walk
  const checkpoint: Checkpoint = { after: null, upTo: bound, skipped: [], walk: claim.claim.fence, fields, splits }
  const { leaseUntil, heard } = await claim.nextLease()
  const from = record?.cursor ?? null
  const written = { from, cursor: writeCheckpoint(checkpoint), processed: 0, total, leaseUntil }
  if (!(await ledger.checkpoint(claim.claim, written))) throw new Lost()
  heard()
  return { checkpoint, processed: 0, total }
}

/** Works on parts that nobody has, side by side; whether there was one. The first that fails stops the others. */
async function workOnFree(crew: Crew): Promise<boolean> {
  const failure = new AbortController()
  const queue = [...crew.partitions]
  const together = { ...crew, stop: AbortSignal.any([crew.stop, failure.signal]) }
  let worked = false
  const worker = async () => {
    for (let partition = queue.shift(); partition && !together.stop.aborted; partition = queue.shift()) {
      const took = await workOn(together, partition).catch((error) => {
        failure.abort(new Error('another part of the backfill failed'))
        throw error
      })
      worked ||= took
    }
  }
  const results = await Promise.allSettled(Array.from({ length: crew.definition.concurrency ?? 1 }, worker))
  const rejected = results.find((result) => result.status === 'rejected')
  if (rejected) throw rejected.reason
  return worked
}

/** Claims one part, if nobody has it, and walks it. A part that fails is recorded so: its holder's run ends there. */
async function workOn(crew: Crew, partition: Partition): Promise<boolean> {
  const { definition, options, stop, walked, tally, onProgress } = crew
  const { ledger, owner, leaseMs, task, deployId } = options
  const { version, range, walk } = partition
  const seen = await ledger.record(version)
  if (seen && !(await isFree(crew, seen, partition))) return false
  const resume = isOf(seen, partition)
  const claim = await claimNow({ version, name: task.name }, seen, {
    ledger,
    owner,
    leaseMs,
    deployId,
    checksum: null,
    resume,
  })
  if (!claim) return false
  const ownStop = new Stop({ signal: stop, lost: claim.lost, timeout: undefined, onStopping: () => {} })
  const counted = { rows: 0 }
  let walker: Walker | undefined
  const count = () => {
    const now = walker?.processedNow ?? 0
    tally.processed += now - counted.rows
    counted.rows = now
    onProgress()
  }
  let settlement: Omit<Settlement, 'finishedAt'> = { status: 'done', reason: null, error: null }
  let thrown: unknown
  try {
    walker = await Walker.begin(
      // A part has an end, whatever the definition says meanwhile.
      { ...definition, follow: false },
      { ...options, claim, onProgress: count },
      ownStop.signal,
      walked,
      async () => ({ checkpoint: { ...range, skipped: [], walk, fields: walked.walk.fields }, total: null }),
      (checkpoint) => checkpoint.walk === walk,
    )
    const begun = walker
    const end = await orStopped(() => begun.walk(), ownStop.signal, options.graceMs + 1.5 * HANGS_MS)
    if (end === 'paused') settlement = { status: 'paused', reason: { code: 'max-duration' }, error: null }
  } catch (error) {
    thrown = error
    const { kind } = endOf(error, ownStop, undefined)
    settlement =
      kind === 'threw'
        ? { status: 'failed', reason: null, error: messageOf(error) }
        : { status: 'interrupted', reason: { code: 'signal' }, error: null }
  } finally {
    count()
    ownStop.end()
  }
  // A part that was lost is somebody else's now, and its claim says so by itself.
  await claim.settle({ ...settlement, finishedAt: new Date(await ledger.now()) })
  if (thrown !== undefined && settlement.status === 'failed') throw thrown
  return true
}

/** Whether a part may be taken: not what is done, held, failed just now, or of a walk that began after this one. */
async function isFree(
  { options: { ledger }, mayTryAgain }: Crew,
  record: TaskRecord,
  partition: Partition,
): Promise<boolean> {
  if (isHeld(record, await ledger.now())) return false
  const walk = readCheckpoint(record.cursor)?.walk
  if (walk !== partition.walk) return walk === undefined || walk < partition.walk
  return record.status !== 'done' && (record.status !== 'failed' || mayTryAgain(record))
}
