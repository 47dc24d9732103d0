import { isDeepStrictEqual } from 'node:util'
import { rolledBack } from '../attempt/roll-back.js'
import { transactionTimes } from '../attempt/transaction.js'
import type { RehearsalJob, Rehearsed, RehearsedRow } from '../attempt/work.js'
import type { BackfillDefinition } from '../define/backfill.js'
import { toMs } from '../define/duration.js'
import type { SkippedRow } from '../define/events.js'
import { monotonicNow } from '../ledger/clock.js'
import { type Client, delegateOf, primaryOf, type Row } from '../prisma/client.js'
import { skippedRow } from './batch-runner.js'
import { readCheckpoint } from './checkpoint.js'
import { Pace } from './pace.js'
import { openRanges, partsOf } from './parts.js'
import { demandSameCursor } from './range-walk.js'
import { addedRowsWarning } from './rows/added-rows.js'
import { totalOf } from './rows/ask-briefly.js'
import { describeKey, type Key, keyOf, type Range } from './rows/keys.js'
import { type Page, shortfall } from './rows/pages.js'
import { type Walked, walkedOf } from './rows/target.js'
import { findObstacle, readLastKey, readPage, Unreadable } from './unreadable-rows.js'
import { NOT_ASKED, RawTables } from './write/raw-table.js'
import { demandGone, RowsRefused } from './write/unmatched-rows.js'
import { type Whole, workOn } from './write-batch.js'

const BATCHES = 3
const SAMPLE_ROWS = 3

/** Runs the first batches of what is left of a backfill, and rolls each back. */
export async function rehearseBackfill(definition: BackfillDefinition, job: RehearsalJob): Promise<Rehearsed> {
  const { client, context, signal, graceMs } = job
  const walked = walkedOf(definition, client)
  const warning = addedRowsWarning(definition, walked)
  if (warning !== undefined) context.log.warn(warning)
  const { model, walk } = walked
  const delegate = delegateOf(primaryOf(client), model)
  const ranges: Range[] = []
  let total: number | null = 0
  for (const range of await rangesOf(job, walked)) {
    const count: number | null =
      total === null ? null : await totalOf({ client, log: context.log }, walked, range.upTo, range.after)
    if (count !== 0) ranges.push(range)
    total = total === null || count === null ? null : total + count
  }
  const { size } = new Pace(definition)
  const times = transactionTimes(definition.transaction, '30s')
  const table = definition.update ? await new RawTables().of(client, model, times) : NOT_ASKED
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
    for (const { key, error } of rows) context.log.warn(`Would skip row ${key}: ${error}`)
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
        const through = { ...work, reader: transaction, refused }
        const { skipped, missed } = await workOn(next.rows, transaction, table, through)
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
      wouldSkip([skippedRow(walk.fields, obstacle.page, obstacle.error)])
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
async function rangesOf({ ledger, record, client }: RehearsalJob, walked: Walked): Promise<Range[]> {
  const checkpoint = record?.status === 'done' ? null : readCheckpoint(record?.checkpoint ?? null)
  if (checkpoint) demandSameCursor(checkpoint, walked.walk)
  const ranges = record && checkpoint?.splits ? await openRanges(ledger, partsOf(record.version, checkpoint)) : null
  const { after = null, upTo = null } = checkpoint ?? {}
  // An empty table has no last row, and nothing to walk.
  return (ranges ?? [{ after, upTo: upTo ?? (await readLastKey(client, walked)) }]).filter(({ upTo }) => upTo !== null)
}

async function rowsOf(client: Client, { model, walk }: Walked, keys: readonly Key[]): Promise<Row[]> {
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
