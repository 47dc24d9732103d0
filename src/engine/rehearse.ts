import { isDeepStrictEqual } from 'node:util'
import { TaskLog } from '../attempt/task-log.js'
import { inOnePiece, TransactionEnded, transactionTimes } from '../attempt/transaction.js'
import { allAwaited } from '../attempt/unawaited.js'
import { leftOut } from '../backfills/batch-runner.js'
import { readCheckpoint, type SkippedRow } from '../backfills/checkpoint.js'
import { lastKey } from '../backfills/last-key.js'
import { Pace } from '../backfills/pace.js'
import { openRanges, partitionsOf } from '../backfills/parts.js'
import { demandSameCursor } from '../backfills/range-walk.js'
import { addedRowsWarning } from '../backfills/rows/added-rows.js'
import { totalOf } from '../backfills/rows/ask-briefly.js'
import { describeKey, type Key, keyOf, type Range } from '../backfills/rows/keys.js'
import { type Page, shortfall } from '../backfills/rows/pages.js'
import { type Walked, walkedOf } from '../backfills/rows/target.js'
import { findObstacle, readPage, Unreadable } from '../backfills/unreadable-rows.js'
import { NOT_ASKED, RawTables } from '../backfills/write/raw-table.js'
import { demandGone, RowsRefused } from '../backfills/write/unmatched-rows.js'
import { type Whole, workOn } from '../backfills/write-batch.js'
import type { BackfillDefinition } from '../define/backfill.js'
import type { Definition } from '../define/definition.js'
import { toMs } from '../define/duration.js'
import { describeThrown } from '../define/thrown.js'
import { monotonicNow } from '../ledger/clock.js'
import type { Ledger, TaskRecord } from '../ledger/contract.js'
import { type Client, delegateOf, primaryOf, type Row } from '../prisma/client.js'
import type { Engine } from './engine.js'
import { type PlanEntry, plannedTask } from './plan.js'
import { planRun } from './run.js'
import type { RunOptions } from './run-options.js'

/** A row as it was and as it would be: the fields that change. */
export interface RehearsedRow {
  key: string
  before: Row
  after: Row
}

/** What rehearsing one task showed. */
export interface Rehearsal {
  version: string
  name: string
  /** `skipped`: it can't be rolled back, so it was not run. */
  outcome: 'rehearsed' | 'failed' | 'skipped'
  durationMs: number
  error?: string
  /** True when the database ended the transaction by itself (MySQL, MariaDB): what it did may be there. */
  mayBeCommitted?: true
  /** Of a backfill: rows in the batches that were tried, and in all, where they could be counted. */
  rows?: number
  total?: number
  /** Of a backfill: the median batch, and all of it at that pace, where there is a total. */
  batchMs?: number
  estimateMs?: number
  sample?: RehearsedRow[]
}

const BATCHES = 3
const SAMPLE_ROWS = 3

/** Thrown at the end of every rehearsed transaction. */
class RollBack extends Error {}

/** Runs what is pending in transactions that are all rolled back: a look at what a run would do, and how long. */
export async function rehearse(
  engine: Engine,
  options: Pick<RunOptions, 'names' | 'deployId' | 'signal' | 'graceMs' | 'emit'>,
): Promise<Rehearsal[]> {
  const tasks = await planRun(engine, options)
  options.emit({ type: 'planned', tasks: tasks.map(plannedTask) })
  const rehearsals: Rehearsal[] = []
  for (const task of tasks.filter(({ runs }) => runs)) {
    if (options.signal.aborted) break
    rehearsals.push(await rehearseTask(engine, task, options))
  }
  return rehearsals
}

async function rehearseTask(
  engine: Engine,
  { version, name, definition, record }: PlanEntry,
  options: Pick<RunOptions, 'deployId' | 'signal' | 'graceMs' | 'emit'>,
): Promise<Rehearsal> {
  const task = { version, name }
  const began = monotonicNow()
  const end = (outcome: Rehearsal['outcome'], more: Partial<Rehearsal> = {}): Rehearsal => ({
    ...task,
    outcome,
    durationMs: Math.round(monotonicNow() - began),
    ...more,
  })
  if (!definition || !canRollBack(definition))
    return end('skipped', { error: 'it has no transaction, so what it does could not be rolled back' })
  options.emit({ type: 'started', task, attempt: 1 })
  const { log } = new TaskLog((level, message) => options.emit({ type: 'log', task, level, message }))
  const context = { log, version, deployId: options.deployId, progress() {} }
  const { signal, graceMs } = options
  const standing = { ledger: engine.ledger, record }
  const client = await engine.tasksClient()
  try {
    if (definition.kind === 'backfill')
      return end('rehearsed', await rehearseBackfill(definition, client, { ...standing, context, signal, graceMs }))
    const times = transactionTimes(definition.transaction, definition.timeout ?? '1m')
    await rolledBack(client, times, async (transaction) => {
      await allAwaited(transaction, { graceMs, onLate: log.error }, (prisma) =>
        definition.run({ ...context, prisma: prisma as never, signal }),
      )
    })
    return end('rehearsed')
  } catch (error) {
    const ended = error instanceof TransactionEnded
    return end('failed', { error: describeThrown(error).message, ...(ended && { mayBeCommitted: true }) })
  }
}

function canRollBack(definition: Definition): boolean {
  return definition.kind === 'backfill' ? definition.transaction !== false : Boolean(definition.transaction)
}

/** How a backfill stands in the ledger. */
interface Standing {
  ledger: Ledger
  record: TaskRecord | null
}

interface BatchContext extends Standing {
  context: Parameters<typeof workOn>[3]['context']
  signal: AbortSignal
  graceMs: number
}

async function rehearseBackfill(
  definition: BackfillDefinition,
  client: object,
  { context, signal, graceMs, ...standing }: BatchContext,
): Promise<Partial<Rehearsal>> {
  const walked = walkedOf(definition, client)
  const warning = addedRowsWarning(definition, walked)
  if (warning !== undefined) context.log.warn(warning)
  const { model, walk } = walked
  const delegate = delegateOf(primaryOf(client), model)
  const ranges: Range[] = []
  let total: number | null = 0
  for (const range of await rangesOf(standing, client, walked)) {
    const count: number | null =
      total === null ? null : await totalOf({ client, log: context.log }, walked, range.upTo, range.after)
    if (count !== 0) ranges.push(range)
    total = total === null || count === null ? null : total + count
  }
  const { size } = new Pace(definition)
  const times = transactionTimes(definition.transaction, '30s')
  const table = definition.update ? await new RawTables().of(client as Client, model, times) : NOT_ASKED
  const said = new Set<string>()
  const sayOnce = (message: string) => {
    if (!said.has(message)) context.log.warn(message)
    said.add(message)
  }
  // Every rehearsed transaction is looked after as a whole.
  const whole: Whole = (work) => work()
  const work = { definition, model, fields: walk.fields, context, stop: signal, graceMs, sayOnce, whole }
  const tooks: number[] = []
  let sample: RehearsedRow[] = []
  let rows = 0
  let range = ranges.shift()
  const skips = definition.onError === 'skip'
  const wouldSkip = (rows: Iterable<SkippedRow>) => {
    for (const { key, error } of rows) context.log.warn(`would be left out: ${key}: ${error}`)
  }
  while (range && tooks.length < BATCHES && !signal.aborted) {
    const { after, upTo } = range
    const began = monotonicNow()
    const batch = (until: Key | null, refused: ReadonlyMap<string, string>): Promise<Page> =>
      rolledBack(client, times, async (transaction) => {
        const next = await readPage(delegateOf(transaction, model), walk, { after, upTo: until }, size)
        const short = shortfall(model.key, walk, next)
        if (short !== undefined) sayOnce(short)
        if (next.rows.length === 0) return next
        const keys = next.rows.slice(0, SAMPLE_ROWS).map((row) => keyOf(walk.fields, row))
        const before = tooks.length === 0 ? await rowsOf(transaction, walked, keys) : []
        const reader = transaction as Client
        const { skipped, missed } = await workOn(next.rows, reader, table, { ...work, reader, refused })
        if (missed.length > 0)
          await demandGone(missed, delegateOf(transaction, model), walk, { range: { after, upTo: until }, size })
        wouldSkip(skipped)
        if (tooks.length === 0) sample = differences(walked, before, await rowsOf(transaction, walked, keys))
        return until === upTo ? next : { ...next, more: true }
      })
    const tried = (until: Key | null) =>
      batch(until, new Map()).catch((error) => {
        if (!skips || !(error instanceof RowsRefused)) throw error
        return batch(until, error.rows)
      })
    const page = await tried(upTo).catch(async (error) => {
      if (!(error instanceof Unreadable)) throw error
      const obstacle = await findObstacle(delegate, walk, { after, upTo }, size)
      if (obstacle.kind === 'query') throw error.cause
      if (obstacle.kind !== 'row') return tried(obstacle.until)
      if (!skips) throw obstacle.error
      wouldSkip([leftOut(walk.fields, obstacle.page, obstacle.error)])
      return obstacle.page
    })
    tooks.push(monotonicNow() - began)
    rows += page.rows.length
    range = page.more ? { after: page.last, upTo } : ranges.shift()
  }
  const batchMs = Math.round([...tooks].sort((a, b) => a - b)[Math.floor(tooks.length / 2)] ?? 0)
  const restMs = definition.pause === undefined ? 0 : toMs(definition.pause)
  const estimate = total !== null && { total, estimateMs: Math.ceil(total / size) * (batchMs + restMs) }
  return { rows, ...estimate, batchMs, sample }
}

/** The ranges that a run would walk: what is left of them, when the backfill stands at a checkpoint. */
async function rangesOf({ ledger, record }: Standing, client: object, walked: Walked): Promise<Range[]> {
  const checkpoint = record?.status === 'done' ? null : readCheckpoint(record?.cursor ?? null)
  if (checkpoint) demandSameCursor(checkpoint, walked.walk)
  const ranges =
    record && checkpoint?.splits ? await openRanges(ledger, partitionsOf(record.version, checkpoint)) : null
  const { after = null, upTo = null } = checkpoint ?? {}
  // An empty table has no last row, and nothing to walk.
  return (ranges ?? [{ after, upTo: upTo ?? (await lastKey(client, walked)) }]).filter(({ upTo }) => upTo !== null)
}

/** Runs something in a transaction, and rolls it back whatever happens. */
async function rolledBack<T>(client: object, times: object, work: (transaction: object) => Promise<T>): Promise<T> {
  const done: { value?: T } = {}
  const { $transaction } = client as {
    $transaction(work: (transaction: object) => Promise<never>, options: object): Promise<never>
  }
  try {
    await $transaction.call(
      client,
      async (transaction) => {
        done.value = await inOnePiece(client, transaction, () => work(transaction))
        throw new RollBack()
      },
      times,
    )
  } catch (error) {
    if (!(error instanceof RollBack)) throw error
  }
  return done.value as T
}

async function rowsOf(client: object, { model, walk }: Walked, keys: readonly Key[]): Promise<Row[]> {
  const delegate = delegateOf(client, model)
  const rows: Row[] = []
  for (const key of keys) {
    const where = Object.fromEntries(walk.fields.map((field, i) => [field, key[i]]))
    rows.push(...(await delegate.findMany({ where, take: 1 })))
  }
  return rows
}

function differences({ walk: { fields } }: Walked, before: readonly Row[], after: readonly Row[]): RehearsedRow[] {
  const now = new Map(after.map((row) => [describeKey(fields, keyOf(fields, row)), row]))
  return before.map((row) => {
    const key = describeKey(fields, keyOf(fields, row))
    const next = now.get(key) ?? {}
    const changed = Object.keys(row).filter((field) => !isDeepStrictEqual(row[field], next[field]))
    const only = (of: Row) => Object.fromEntries(changed.map((field) => [field, of[field]]))
    return { key, before: only(row), after: only(next) }
  })
}
