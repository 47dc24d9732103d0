import { isDeepStrictEqual } from 'node:util'
import { orStopped } from '../attempt/stop.js'
import { allAwaited, Unawaited, unwritable } from '../attempt/unawaited.js'
import { type BackfillDefinition, DEFAULT_MAX_SKIPPED } from '../define/backfill.js'
import { codeOf, messageOf } from '../define/errors.js'
import type { SkippedRow } from '../define/events.js'
import type { TaskContext } from '../define/task.js'
import { plainly } from '../define/thrown.js'
import type { Client, Row } from '../prisma/client.js'
import type { Comparison } from './comparison.js'
import { ChangedMeanwhile } from './rows/batch-fault.js'
import { describeKey, type Key, keyOf, sameKey } from './rows/keys.js'
import { CursorError } from './rows/pages.js'
import { RowFault } from './rows/row-fault.js'
import type { Column, WalkedModel } from './rows/walked-model.js'
import { type Change, dialectOf, groupChanges, statementsOf } from './write/bulk-update.js'
import type { Dialect } from './write/dialect.js'
import { rangeOfRows } from './write/key-range.js'
import type { RawTable } from './write/raw-table.js'
import { lookInto, lookThrough, RowsRefused } from './write/unmatched-rows.js'

/** What a batch's rows are changed with. */
export interface BatchWork {
  definition: BackfillDefinition
  model: WalkedModel
  fields: readonly string[]
  context: Omit<TaskContext<never, unknown>, 'prisma' | 'signal' | 'progress' | 'step'>
  stop: AbortSignal
  graceMs: number
  /** Rows that the database did not change, by their keys as people read them, and why: to be skipped. */
  refused: ReadonlyMap<string, string>
  /** Says something once in a backfill. */
  sayOnce(message: string): void
  /** Reads what was just written: the transaction, or a client. */
  reader: Client
  /** What rows are compared with, where somebody else may change them before they are written. */
  comparison?: Comparison | undefined
  /** Rows can be locked, and are before they are updated one by one. */
  lockFirst?: boolean
  /** Runs what passes through the team's own code, and throws when its transaction did not outlast it. */
  whole: Whole
}

export type Whole = <T>(work: () => Promise<T>) => Promise<T>

/** Changes that are not for a statement, and rows that should be locked before. Nothing was written. */
export class RowByRow extends Error {}

/** What became of a batch's rows. */
export interface Worked {
  skipped: SkippedRow[]
  /** Rows that should have been changed, and were not found. */
  missed: Key[]
}

/** Does a batch's work, where what it does is taken back. */
export async function workOn(rows: Row[], writer: Client, table: RawTable, work: BatchWork): Promise<Worked> {
  if (!work.definition.update) {
    await runOn(rows, writer, work)
    return { skipped: [], missed: [] }
  }
  const { changes, skipped } = await changesOf(rows, work)
  return { skipped, missed: await writeChanges(changes, writer, table, work) }
}

/** Hands rows to the team's own `run` or `execute`, through a transaction or through the client. */
export async function runOn(
  rows: readonly Row[],
  writer: Client,
  given: Omit<BatchWork, 'reader' | 'refused' | 'comparison'>,
): Promise<void> {
  const { definition, model, fields, context, stop, graceMs, whole } = given
  const { run, execute, where } = definition
  const onLate = (message: string) => context.log.error(`${context.version}: ${message}`)
  const own = () =>
    allAwaited(writer, { graceMs, onLate }, async (prisma) => {
      const all = { ...context, prisma: prisma as never, signal: stop }
      // A copy: rows that it takes out of its array were done all the same.
      if (run) return run([...rows], all)
      await execute?.({ ...all, range: rangeOfRows(rows, { model, fields, where }) })
    })
  await whole(() => orStopped(own, stop, graceMs))
}

/**
 * What `update` makes of each row. `seen`: what each is compared with when it is written. `waited`: it gave promises.
 */
export async function changesOf(
  rows: readonly Row[],
  {
    definition,
    fields,
    stop,
    graceMs,
    refused,
    seen,
  }: Omit<BatchWork, 'whole' | 'reader' | 'comparison'> & { seen?: readonly Row[] | undefined },
): Promise<{ changes: Change[]; skipped: SkippedRow[]; waited: boolean }> {
  let waited = (definition.parallel ?? 1) > 1
  const changes: Change[] = []
  const skipped: SkippedRow[] = []
  const given = await givenAtOnce(rows, { definition, fields, stop, graceMs, refused })
  for (const [i, row] of rows.entries()) {
    const key = keyOf(fields, row)
    const reason = refused.get(describeKey(fields, key))
    if (reason !== undefined) {
      skipped.push({ key: describeKey(fields, key), error: reason })
      continue
    }
    try {
      const one = given ? dataOf(given[i]) : definition.update?.(row)
      waited ||= isPromise(one)
      const data = isPromise(one) ? await awaited(one, stop, graceMs) : one
      if (data === null || data === undefined) continue
      const fault = unwritable(data)
      if (fault !== undefined) throw new Unawaited(`\`update\` returned ${fault}.`)
      const change: Change = { key, data: data as Record<string, unknown>, ...(seen && { seen: seen[i] ?? {} }) }
      demandSameKey(change, fields)
      changes.push(change)
    } catch (thrown) {
      const error = plainly(thrown)
      if (error instanceof CursorError || error instanceof Unawaited) throw error
      if (definition.onError !== 'skip' || stop.aborted) throw RowFault.of(error, fields, key)
      skipped.push({ key: describeKey(fields, key), error: messageOf(error) })
    }
  }
  return { changes, skipped, waited }
}

async function awaited(given: Promise<unknown>, stop: AbortSignal, graceMs: number): Promise<unknown> {
  // When it was told to stop, nobody waits for it, and nobody should have to hear that it failed.
  given.then(undefined, () => {})
  return orStopped(() => given, stop, graceMs)
}

/** What `update` gave for a row, or threw. */
type Given = { data: unknown } | { thrown: unknown }

function dataOf(given: Given | undefined): unknown {
  if (given && 'thrown' in given) throw given.thrown
  return given?.data
}

/**
 * What `update` gives for rows when it gets several of them at a time; undefined where it gets them one by one. After
 * one that fails the batch, none is begun any more.
 */
async function givenAtOnce(
  rows: readonly Row[],
  {
    definition,
    fields,
    stop,
    graceMs,
    refused,
  }: Pick<BatchWork, 'definition' | 'fields' | 'stop' | 'graceMs' | 'refused'>,
): Promise<(Given | undefined)[] | undefined> {
  const { update, parallel = 1, onError } = definition
  if (!update || parallel === 1) return undefined
  const { default: pMap } = await import('p-map')
  let failed = false
  const give = async (row: Row): Promise<Given | undefined> => {
    if (failed || refused.has(describeKey(fields, keyOf(fields, row)))) return undefined
    try {
      const given = update(row)
      return { data: isPromise(given) ? await awaited(given, stop, graceMs) : given }
    } catch (thrown) {
      failed ||= onError !== 'skip' || stop.aborted
      return { thrown }
    }
  }
  return pMap(rows, give, { concurrency: parallel })
}

function isPromise(value: unknown): value is Promise<unknown> {
  return typeof (value as Promise<unknown> | null | undefined)?.then === 'function'
}

/** A row that is given another key may move to where the walk has not been yet, and be met again. */
function demandSameKey({ key, data }: Change, fields: readonly string[]): void {
  const moved = fields.find((field, i) => data[field] !== undefined && !sameKey([data[field]], [key[i]]))
  if (moved !== undefined) throw new CursorError(`${moved} is the backfill's cursor: \`update\` must not change it`)
}

/** Writes changes: one statement for each set of columns, or one by one. Returns the rows that it did not find. */
export async function writeChanges(
  changes: readonly Change[],
  writer: Client,
  table: RawTable,
  { definition, model, fields, reader, sayOnce, whole, comparison, lockFirst }: BatchWork,
): Promise<Key[]> {
  if (changes.length === 0) return []
  const dialect = dialectOf(model)
  const groups =
    typeof table === 'string'
      ? table
      : groupChanges(table.model, fields, changes, table.types, comparedIn(changes, { comparison, dialect, table }))
  if (dialect && typeof groups !== 'string') {
    const look = lookThrough({ writer, reader }, dialect, { model, walk: { fields } }, mostRefused(definition))
    const missed: Key[] = []
    for (const group of groups) {
      let changed = 0
      for (const statement of statementsOf(dialect, group)) changed += await look.execute(statement)
      if (changed < group.rows.length && comparison) throw new ChangedMeanwhile()
      if (changed < group.rows.length) missed.push(...(await lookInto(group, changed, look)))
    }
    return missed
  }
  if (comparison && lockFirst) throw new RowByRow()
  sayOnce(`Rows are updated one by one, not with one statement per batch: ${groups}.`)
  // The client's extensions may catch what fails.
  const compared = TELLING.has(model.provider ?? '') ? comparison?.columns(changes, isComparedByPrisma) : undefined
  const most = mostRefused(definition)
  return whole(() => updateEach(changes, writer[model.key], { model, fields, most, compared }))
}

/** The columns that statements for these changes compare. */
export function comparedIn(
  changes: readonly Change[],
  given: { comparison: Comparison | undefined; dialect: Dialect | undefined; table: Exclude<RawTable, string> },
): Column[] {
  const { comparison, dialect, table } = given
  return comparison?.columns(changes, (column) => dialect?.compares(column, table.types) ?? false) ?? []
}

/** Databases where Prisma's own update is one statement, and says so where it finds no row. */
const TELLING = new Set(['postgresql', 'sqlite'])

const NOT_COMPARED = new Set(['Json', 'Float', 'Decimal'])

/** What Prisma finds by the value that it gave. */
function isComparedByPrisma({ type, list, finer }: Column): boolean {
  return !list && !finer && !NOT_COMPARED.has(type)
}

/** Rows to name before a batch fails. */
const NAMED = 11

/** One more than may be skipped ends the backfill. */
function mostRefused({ onError, maxSkipped = DEFAULT_MAX_SKIPPED }: BackfillDefinition): number {
  return onError === 'skip' ? maxSkipped + 1 : NAMED
}

/** Returns the rows that are not found. */
async function updateEach(
  changes: readonly Change[],
  delegate: Client[string] | undefined,
  given: { model: WalkedModel; fields: readonly string[]; most: number; compared: readonly Column[] | undefined },
): Promise<Key[]> {
  const { model, fields, most, compared } = given
  const missed: Key[] = []
  const refused: Key[] = []
  for (const { key, data, seen = {} } of changes) {
    const same = compared?.map(({ field }) => ({ [field]: seen[field] })) ?? []
    const where = { ...uniqueWhere(model, fields, key), ...(same.length > 0 && { AND: same }) }
    await delegate?.update({ where, data }).catch(async (error) => {
      if (codeOf(error) !== 'P2025') throw RowFault.of(error, fields, key)
      const [row] = await delegate.findMany({ where: byKey(fields, key), take: 1 })
      // Not there: there is nothing to change.
      if (!row) {
        missed.push(key)
        return
      }
      // The same code tells that a row to connect to is not there.
      if (!NOT_UPDATED.test(messageOf(error))) throw RowFault.of(error, fields, key)
      // A transaction may see the row as it was when it began.
      if (compared) throw new ChangedMeanwhile()
      if (!reads(row, data)) refused.push(key)
    })
    if (refused.length >= most) break
  }
  if (refused.length > 0) throw new RowsRefused(fields, refused)
  return missed
}

const NOT_UPDATED = /No record was found for an update/

/** Whether a row has the values that it was to get: a trigger may keep an update of nothing from being one. */
export function reads(row: Row, data: Change['data']): boolean {
  return Object.entries(data).every(([field, value]) => value === undefined || isDeepStrictEqual(row[field], value))
}

function byKey(fields: readonly string[], key: Key): Record<string, unknown> {
  return Object.fromEntries(fields.map((field, i) => [field, key[i]]))
}

/** The key as `update` wants it: the unique fields under their name, what else the cursor has beside them. */
function uniqueWhere(model: WalkedModel, fields: readonly string[], key: Key): object {
  const values = byKey(fields, key)
  const unique = model.uniques.find((candidate) => candidate.fields.every((field) => field in values))
  if (!unique || unique.fields.length === 1) return values
  const within = Object.entries(values).filter(([field]) => unique.fields.includes(field))
  const beside = Object.entries(values).filter(([field]) => !unique.fields.includes(field))
  return { ...Object.fromEntries(beside), [unique.name]: Object.fromEntries(within) }
}
