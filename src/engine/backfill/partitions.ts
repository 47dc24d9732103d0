import type { BackfillDefinition } from '../../backfill.js'
import { headline, messageOf } from '../../errors.js'
import { monotonicNow } from '../../ledger/clock.js'
import type { Settlement, TaskRecord } from '../../ledger/contract.js'
import { claimNow } from '../claim.js'
import { endOf } from '../execute.js'
import { isHeld } from '../plan.js'
import { Lost, Stop } from '../stop.js'
import { type Checkpoint, readCheckpoint, writeCheckpoint } from './checkpoint.js'
import type { Range } from './keyset.js'
import { wait } from './pace.js'
import { countRows, lastKey, splitKeys } from './walk.js'
import { delegateOf, type Walked, walkedOf } from './walked.js'
import { type BackfillOptions, Walker } from './walker.js'

/** One part of a backfill: a record of its own, `20261122103000/03`. */
interface Partition {
  version: string
  range: Range
  /** The walk that it belongs to. */
  walk: number
}

interface Tally {
  processed: number
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
  const { claim, ledger, stopAt, onProgress } = options
  const { checkpoint, total } = await splitUp(definition, options, walked)
  const partitions = partitionsOf(claim.claim.version, checkpoint)
  const before = new Map((await ledger.records()).map((record) => [record.version, record] as const))
  for (;;) {
    const records = await partitionRecords(options, partitions)
    const processed = records.reduce((sum, record) => sum + (record?.processed ?? 0), 0)
    claim.progress(processed, total)
    onProgress(processed, total)
    if (records.every((record) => record?.status === 'done')) return 'done'
    const failed = records.find(
      (record) => record?.status === 'failed' && record.fence !== before.get(record.version)?.fence,
    )
    if (failed) throw new PartitionFailed(failed)
    stop.throwIfAborted()
    if (monotonicNow() >= stopAt) return 'paused'
    const worked = await workOnFree(definition, options, stop, walked, partitions, tally, () => {
      claim.progress(processed + tally.processed, total)
      onProgress(processed + tally.processed, total)
    })
    if (!worked) await wait(LOOK_MS, stop)
  }
}

/**
 * Takes parts of a backfill that another process holds, until none is free: instead of waiting, a second process
 * lends a hand. Returns the rows that it did.
 */
export async function helpWith(
  definition: BackfillDefinition,
  options: Omit<BackfillOptions, 'claim'>,
  parent: TaskRecord,
): Promise<number> {
  const checkpoint = readCheckpoint(parent.cursor)
  if (!checkpoint?.splits || (definition.concurrency ?? 1) <= 1) return 0
  const tally = { processed: 0 }
  const never = new AbortController().signal
  const stop = new Stop({ signal: options.signal, lost: never, timeout: definition.timeout, onStopping: () => {} })
  try {
    const walked = walkedOf(definition, options.client)
    const partitions = partitionsOf(parent.version, checkpoint)
    while (!stop.signal.aborted && monotonicNow() < options.stopAt) {
      const worked = await workOnFree(definition, options, stop.signal, walked, partitions, tally, () => {})
      if (!worked) break
    }
  } finally {
    stop.end()
  }
  return tally.processed
}

/** A part that failed: the backfill fails for the same reason. */
class PartitionFailed extends Error {
  constructor({ version, error }: TaskRecord) {
    super(`part ${version.split('/')[1]} failed: ${headline(error ?? '') || 'no error was kept'}`)
  }
}

async function splitUp(
  definition: BackfillDefinition,
  { claim, client, ledger }: BackfillOptions,
  { model, walk }: Walked,
): Promise<{ checkpoint: Checkpoint; total: number | null }> {
  const record = await ledger.record(claim.claim.version)
  const known = readCheckpoint(record?.cursor ?? null)
  if (known?.splits) return { checkpoint: known, total: record?.total ?? null }
  const delegate = delegateOf(client, model)
  const bound = await lastKey(delegate, walk)
  const total = bound === null ? 0 : await countRows(delegate, walk, bound)
  const splits = await splitKeys(delegate, walk, bound, { total, parts: definition.concurrency ?? 1 })
  const checkpoint: Checkpoint = { after: null, upTo: bound, skipped: [], walk: claim.claim.fence, splits }
  const { leaseUntil, heard } = await claim.nextLease()
  const written = { cursor: writeCheckpoint(checkpoint), processed: 0, total, leaseUntil }
  if (!(await ledger.checkpoint(claim.claim, written))) throw new Lost()
  heard()
  return { checkpoint, total }
}

function partitionsOf(version: string, { splits = [], upTo, walk }: Checkpoint): Partition[] {
  const ends = [...splits, upTo]
  return ends.map((end, i) => ({
    version: `${version}/${String(i + 1).padStart(2, '0')}`,
    range: { after: ends[i - 1] ?? null, upTo: end },
    walk,
  }))
}

/** The records of the parts, where they are of this walk: an earlier walk of the same backfill left its own. */
async function partitionRecords({ ledger }: Pick<BackfillOptions, 'ledger'>, partitions: readonly Partition[]) {
  const records = await Promise.all(partitions.map(({ version }) => ledger.record(version)))
  return records.map((record, i) => (isOf(record, partitions[i]) ? record : null))
}

function isOf(record: TaskRecord | null, partition: Partition | undefined): boolean {
  return readCheckpoint(record?.cursor ?? null)?.walk === partition?.walk
}

/** Works on parts that nobody has, side by side; whether there was one. */
async function workOnFree(
  definition: BackfillDefinition,
  options: Omit<BackfillOptions, 'claim'>,
  stop: AbortSignal,
  walked: Walked,
  partitions: readonly Partition[],
  tally: Tally,
  onProgress: () => void,
): Promise<boolean> {
  const queue = [...partitions]
  let worked = false
  const worker = async () => {
    for (let partition = queue.shift(); partition && !stop.aborted; partition = queue.shift()) {
      const took = await workOn(definition, options, stop, walked, partition, tally, onProgress)
      worked ||= took
    }
  }
  const results = await Promise.allSettled(Array.from({ length: definition.concurrency ?? 1 }, worker))
  const rejected = results.find((result) => result.status === 'rejected')
  if (rejected) throw rejected.reason
  return worked
}

/** Claims one part, if nobody has it, and walks it. A part that fails is recorded so: its holder's run ends there. */
async function workOn(
  definition: BackfillDefinition,
  options: Omit<BackfillOptions, 'claim'>,
  stop: AbortSignal,
  walked: Walked,
  partition: Partition,
  tally: Tally,
  onProgress: () => void,
): Promise<boolean> {
  const { ledger, owner, leaseMs, name, deployId } = options
  const { version, range, walk } = partition
  const seen = await ledger.record(version)
  const ofThisWalk = isOf(seen, partition)
  if (seen && ofThisWalk && seen.status === 'done') return false
  if (seen && isHeld(seen, await ledger.now())) return false
  const claim = await claimNow({ version, name }, seen, {
    ledger,
    owner,
    leaseMs,
    deployId,
    checksum: null,
    resume: ofThisWalk,
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
  let settlement: Omit<Settlement, 'finishedAt'> = { status: 'done', error: null }
  let thrown: unknown
  try {
    walker = await Walker.begin(
      definition,
      { ...options, claim, onProgress: count },
      ownStop.signal,
      walked,
      async () => ({ checkpoint: { ...range, skipped: [], walk }, total: null }),
      (checkpoint) => checkpoint.walk === walk,
    )
    const end = await walker.walk()
    if (end === 'paused') settlement = { status: 'interrupted', error: null }
  } catch (error) {
    thrown = error
    const { kind } = endOf(error, ownStop, undefined)
    settlement = { status: kind === 'threw' ? 'failed' : 'interrupted', error: messageOf(error) }
  } finally {
    count()
    ownStop.end()
  }
  // A part that was lost is somebody else's now, and its claim says so by itself.
  await claim.settle({ ...settlement, finishedAt: new Date(await ledger.now()) })
  if (thrown !== undefined && settlement.status === 'failed') throw thrown
  return true
}
