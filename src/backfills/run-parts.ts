import { claimNow } from '../attempt/claim.js'
import { endOf } from '../attempt/execution.js'
import { describeOwner } from '../attempt/owner.js'
import { Lost, orStopped, Stop } from '../attempt/stop.js'
import { HANGS_MS } from '../attempt/transaction.js'
import type { Job } from '../attempt/work.js'
import type { BackfillDefinition } from '../define/backfill.js'
import { headline, messageOf } from '../define/errors.js'
import type { TaskRequest } from '../define/events.js'
import { monotonicNow } from '../ledger/clock.js'
import type { Settlement, TaskRecord } from '../ledger/contract.js'
import { isHeld, isOnHold } from '../ledger/contract.js'
import { partColumns } from '../ledger/rows.js'
import { answerWithin } from '../prisma/answer-within.js'
import { type Client, delegateOf } from '../prisma/client.js'
import { type Checkpoint, readCheckpoint, skippedRowsOf, writeCheckpoint } from './checkpoint.js'
import { demandFewSkipped } from './checkpoint-keeper.js'
import { wait } from './pace.js'
import { changedMeanwhileIn, isOf, type Part, partsOf, processedIn, recordsOfParts, skippedIn } from './parts.js'
import { demandSameCursor, Walker } from './range-walk.js'
import { askBriefly, totalOf } from './rows/ask-briefly.js'
import { splitKeys } from './rows/pages.js'
import { type Walked, walkedOf } from './rows/target.js'
import { readLastKey } from './unreadable-rows.js'
import type { BackfillOptions, Walking, WalkingOptions } from './walking.js'

/** Everybody who works on parts of one walk in this process. */
interface Crew {
  definition: BackfillDefinition
  options: Omit<BackfillOptions, 'claim'>
  stop: AbortSignal
  walked: Walked
  parts: readonly Part[]
  /** Tells of rows that were done. */
  onRows(rows: number): void
  /** How many parts this process takes at once. */
  atOnce: number
  /** Hears that somebody asked to pause or cancel the backfill. */
  onAsked(request: TaskRequest): void
  /** Whether a part that failed may be tried by this process. */
  mayTryAgain(record: TaskRecord): boolean
}

const LOOK_MS = 250
/** What others did is worth a look, but not worth waiting for a database that does not answer. */
const DONE_MS = 5_000

/**
 * Walks a backfill in parts, side by side, for the process that holds the backfill itself. Parts that another process
 * has taken are waited for; the backfill is done when all are. The history of a backfill is that of the process that
 * holds it, so what helpers did and skipped is there too.
 */
export function walkInParts(given: WalkingOptions): Walking {
  const { ledger, claim } = given.options
  let split: Split | undefined
  let processed = 0
  /** The parts as they were read last. */
  let records: PartRecords | undefined
  return {
    async walk() {
      split = await splitUp(given)
      const { parts } = split
      return walkParts(given, split, {
        count: (rows) => {
          processed += rows
          return processed
        },
        look: async () => {
          records = await recordsOfParts(ledger, parts)
          return records
        },
      })
    },
    async done() {
      const { record } = given
      const before = {
        changedMeanwhile: record?.changedMeanwhile ?? 0,
        skippedRows: record ? skippedRowsOf(record) : [],
      }
      if (!split) return { processed, ...before }
      // What ended the walk is worth more than that this could not be asked.
      records = (await answerWithin(DONE_MS, recordsOfParts(ledger, split.parts)).catch(() => undefined)) ?? records
      if (!records) return { processed, ...before }
      const rows = processedIn(records)
      claim.progress(rows, split.total)
      const changedMeanwhile = changedMeanwhileIn(records)
      return { processed, together: rows - split.processed, changedMeanwhile, skippedRows: skippedIn(records) }
    },
  }
}

type PartRecords = Awaited<ReturnType<typeof recordsOfParts>>

async function walkParts(
  { definition, options, stop, walked }: WalkingOptions,
  { parts, total }: Split,
  { count, look }: { count: (rows: number) => number; look: () => Promise<PartRecords> },
): Promise<'done' | 'paused'> {
  const { claim, stopAt, onProgress } = options
  const found = await look()
  const before = new Map(found.map((record) => [record?.version, record?.fence]))
  const skippedTogether = { rows: skippedIn(found).length }
  const mayTryAgain = ({ version, fence }: TaskRecord) => fence === before.get(version)
  let batch = 0
  for (;;) {
    const records = await look()
    const processed = processedIn(records)
    const others = processed - count(0)
    claim.progress(processed, total)
    onProgress(processed, total)
    if (records.every((record) => record?.status === 'done')) {
      const all = skippedIn(records)
      demandFewSkipped(definition, all.length, all.at(-1))
      return 'done'
    }
    const failed = records.find((record) => record?.status === 'failed' && !mayTryAgain(record))
    if (failed) throw new PartFailed(failed)
    stop.throwIfAborted()
    if (monotonicNow() >= stopAt) return 'paused'
    const onRows = (rows: number) => {
      const done = others + count(rows)
      claim.progress(done, total)
      if (rows > 0) onProgress(done, total, ++batch)
    }
    const crew: Crew = {
      definition,
      options: { ...options, skippedTogether },
      stop,
      walked,
      parts,
      onRows,
      atOnce: atOnceOf(definition, options),
      onAsked: (request) => claim.heed(request),
      mayTryAgain,
    }
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
  job: Job,
  holder: TaskRecord,
): Promise<{ processed: number; failed: boolean }> {
  const checkpoint = readCheckpoint(holder.checkpoint)
  if (!checkpoint?.splits) return { processed: 0, failed: false }
  let processed = 0
  let failed = false
  const never = new AbortController().signal
  const stop = new Stop({ signal: job.signal, lost: never, timeout: definition.timeout, onStopping: () => {} })
  try {
    const walked = walkedOf(definition, job.client)
    const parts = partsOf(holder.version, checkpoint)
    demandSameCursor(checkpoint, walked.walk)
    const skippedTogether = { rows: skippedIn(await recordsOfParts(job.ledger, parts)).length }
    const options = { ...job, said: new Set<string>(), skippedTogether }
    const onRows = (rows: number) => {
      processed += rows
    }
    const asked = new AbortController()
    const crew: Crew = {
      definition,
      options,
      stop: AbortSignal.any([stop.signal, asked.signal]),
      walked,
      parts,
      onRows,
      atOnce: atOnceOf(definition, options),
      onAsked: () => asked.abort(new Error('somebody asked to pause or cancel it')),
      mayTryAgain: () => false,
    }
    while (!crew.stop.aborted && monotonicNow() < job.stopAt) if (!(await workOnFree(crew))) break
  } catch (error) {
    failed = true
    job.context.log.warn(
      `Could not continue to help ${describeOwner(holder.owner ?? 'another process')}: ${messageOf(error)}`,
    )
  } finally {
    stop.end()
  }
  return { processed, failed }
}

/** The worker's limit, where there is one: parts are for all workers together. */
function atOnceOf(
  { concurrency = 1 }: BackfillDefinition,
  { partsAtOnce = concurrency }: Pick<Job, 'partsAtOnce'>,
): number {
  return Math.min(concurrency, partsAtOnce)
}

/** A part that failed: the backfill fails for the same reason. */
class PartFailed extends Error {
  constructor({ part, error }: TaskRecord) {
    super(`part ${part} failed: ${headline(error ?? '') || 'no error was recorded'}`)
  }
}

/** The parts as they were made, now or before. */
interface Split {
  parts: readonly Part[]
  /** Rows done when the attempt before this one said so last. */
  processed: number
  total: number | null
}

async function splitUp({ definition, options, walked, record }: WalkingOptions): Promise<Split> {
  const { claim, client, context, ledger } = options
  const { version, fence } = claim.claim
  const { model, walk } = walked
  const known = readCheckpoint(record?.checkpoint ?? null)
  if (known?.splits) {
    demandSameCursor(known, walk)
    return { parts: partsOf(version, known), processed: record?.processed ?? 0, total: record?.total ?? null }
  }
  const bound = await readLastKey(client, walked)
  const asker = { client, log: context.log }
  const total = bound === null ? 0 : await totalOf(asker, walked, bound)
  const wanted = { total: total ?? 0, parts: definition.concurrency ?? 1 }
  const split = (reader: Client) => splitKeys(delegateOf(reader, model), walk, bound, wanted)
  const one = 'Could not split the rows, so they are processed in one part'
  // Where a part ends is found by counting.
  if (total === null && wanted.parts > 1) context.log.warn(`${one}: there is no total`)
  const splits = total ? ((await askBriefly(asker, one, split)) ?? []) : []
  const { fields } = walk
  const checkpoint: Checkpoint = { after: null, upTo: bound, walk: fence, fields, splits }
  const { leaseUntil, heard } = await claim.nextLease()
  const from = record?.checkpoint ?? null
  const written = { from, checkpoint: writeCheckpoint(checkpoint), processed: 0, total, leaseUntil }
  const sent = claim.claim
  const noted = await ledger.checkpoint(sent, written)
  // Asked while the rows were counted: the parts are noted all the same, and the walk ends before its first.
  if (!noted && !((await claim.wasAsked(sent)) && (await ledger.checkpoint(claim.claim, written)))) throw new Lost()
  heard()
  const parts = partsOf(version, checkpoint)
  options.onSplit?.(parts.map(({ version: part }) => partColumns(part).part ?? 0))
  return { parts, processed: 0, total }
}

/** Works on parts that nobody has, side by side; whether there was one. The first that fails stops the others. */
async function workOnFree(crew: Crew): Promise<boolean> {
  const failure = new AbortController()
  const queue = [...crew.parts]
  const together = { ...crew, stop: AbortSignal.any([crew.stop, failure.signal]) }
  let worked = false
  const worker = async () => {
    for (let part = queue.shift(); part && !together.stop.aborted; part = queue.shift()) {
      const took = await workOn(together, part).catch((error) => {
        failure.abort(new Error('another part of the backfill failed'))
        throw error
      })
      worked ||= took
    }
  }
  const results = await Promise.allSettled(Array.from({ length: crew.atOnce }, worker))
  const rejected = results.find((result) => result.status === 'rejected')
  if (rejected) throw rejected.reason
  return worked
}

/** Claims one part, if nobody has it, and walks it. A part that fails is recorded so: its holder's run ends there. */
async function workOn(crew: Crew, part: Part): Promise<boolean> {
  const { definition, options, stop, walked, onRows } = crew
  const { ledger, owner, leaseMs, task, deployId } = options
  const { version, range, walk } = part
  const seen = await ledger.record(version)
  if (seen && !(await isFree(crew, seen, part))) return false
  const resume = isOf(seen, part)
  const claim = await claimNow({ version, name: task.name }, seen, {
    ledger,
    owner,
    leaseMs,
    deployId,
    checksum: null,
    resume,
  })
  if (!claim) return false
  const ownStop = new Stop({
    signal: stop,
    lost: claim.lost,
    asked: claim.asked,
    timeout: undefined,
    onStopping: () => {},
  })
  let counted = 0
  let walker: Walker | undefined
  const count = () => {
    const now = walker?.processedNow ?? 0
    onRows(now - counted)
    counted = now
  }
  let settlement: Omit<Settlement, 'finishedAt'> = { status: 'done', reason: null, error: null }
  let thrown: unknown
  try {
    // It may have been asked before this part was taken, and after we looked.
    const whole = await ledger.record(task.version)
    if (whole?.request && isOnHold(whole)) claim.heed(whole.request)
    ownStop.signal.throwIfAborted()
    walker = await Walker.begin(
      // A part has an end, whatever the definition says meanwhile.
      { ...definition, follow: false },
      { ...options, claim, onProgress: count },
      ownStop.signal,
      {
        walked,
        record: await ledger.record(version),
        first: async () => ({ checkpoint: { ...range, walk, fields: walked.walk.fields }, total: null }),
        isOfThisWalk: (checkpoint) => checkpoint.walk === walk,
      },
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
  if (claim.request) {
    crew.onAsked(claim.request)
    if (settlement.status === 'interrupted')
      settlement = { ...settlement, status: 'paused', reason: { code: 'requested' } }
  }
  // A part that was lost is somebody else's now, and its claim says so by itself.
  await claim.settle({ ...settlement, finishedAt: new Date(await ledger.now()) })
  if (thrown !== undefined && settlement.status === 'failed') throw thrown
  return true
}

/** Whether a part may be taken: not what is done, held, failed just now, or of a walk that began after this one. */
async function isFree({ options: { ledger }, mayTryAgain }: Crew, record: TaskRecord, part: Part): Promise<boolean> {
  if (isHeld(record, await ledger.now())) return false
  const walk = readCheckpoint(record.checkpoint)?.walk
  if (walk !== part.walk) return walk === undefined || walk < part.walk
  return record.status !== 'done' && (record.status !== 'failed' || mayTryAgain(record))
}
