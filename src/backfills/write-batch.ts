import { isDeepStrictEqual } from 'node:util'
import { orStopped } from '../attempt/stop.js'
import { allAwaited, Unawaited, unwritable } from '../attempt/unawaited.js'
import { type BackfillDefinition, DEFAULT_MAX_SKIPPED } from '../define/backfill.js'
import { codeOf, messageOf } from '../define/errors.js'
import type { SkippedRow } from '../define/events.js'
import type { TaskContext } from '../define/task.js'
import { plainly } from '../define/thrown.js'
import type { Client, Row } from '../prisma/client.js'
import { describeKey, type Key, keyOf, sameKey } from './rows/keys.js'
import { CursorError } from './rows/pages.js'
import { RowFault } from './rows/row-fault.js'
import type { WalkedModel } from './rows/walked-model.js'
import { type Change, dialectOf, groupChanges, statementsOf } from './write/bulk-update.js'
import type { RawTable } from './write/raw-table.js'
import { lookInto, lookThrough, RowsRefused } from './write/unmatched-rows.js'

/** What a batch's rows are changed with. */
export interface BatchWork {
  definition: BackfillDefinition
  model: WalkedModel
  fields: readonly string[]
  context: Omit<TaskContext<never>, 'prisma' | 'signal' | 'progress'>
  stop: AbortSignal
  graceMs: number
  /** Rows that the database did not change, by their keys as people read them, and why: to be skipped. */
  refused: ReadonlyMap<string, string>
  /** Says something once in a backfill. */
  sayOnce(message: string): void
  /** Reads what was just written: the transaction, or a client. */
  reader: Client
  /** Runs what passes through the team's own code, and throws when its transaction did not outlast it. */
  whole: Whole
}

export type Whole = <T>(work: () => Promise<T>) => Promise<T>

/** What became of a batch's rows. */
export interface Worked {
  skipped: SkippedRow[]
  /** Rows that should have been changed, and were not found. */
  missed: Key[]
}

/** Does a batch's work through a transaction, or through the client. */
export async function workOn(rows: Row[], writer: Client, table: RawTable, work: BatchWork): Promise<Worked> {
  const { definition, context, stop, graceMs, whole } = work
  if (definition.run) {
    const { run } = definition
    const onLate = (message: string) => context.log.error(`${context.version}: ${message}`)
    const own = () =>
      allAwaited(writer, { graceMs, onLate }, (prisma) =>
        // A copy: rows that it takes out of its array were done all the same.
        run([...rows], { ...context, prisma: prisma as never, signal: stop }),
      )
    await whole(() => orStopped(own, stop, graceMs))
    return { skipped: [], missed: [] }
  }
  const { changes, skipped } = await changesOf(rows, work)
  return { skipped, missed: await writeChanges(changes, writer, table, work) }
}

/** What `update` makes of each row. */
export async function changesOf(
  rows: Row[],
  { definition, fields, stop, graceMs, refused }: Omit<BatchWork, 'whole' | 'reader'>,
): Promise<{ changes: Change[]; skipped: SkippedRow[] }> {
  const changes: Change[] = []
  const skipped: SkippedRow[] = []
  for (const row of rows) {
    const key = keyOf(fields, row)
    const reason = refused.get(describeKey(fields, key))
    if (reason !== undefined) {
      skipped.push({ key: describeKey(fields, key), error: reason })
      continue
    }
    try {
      const given = definition.update?.(row)
      // When it was told to stop, nobody waits for it, and nobody should have to hear that it failed.
      if (isPromise(given)) given.then(undefined, () => {})
      const data = isPromise(given) ? await orStopped(() => given, stop, graceMs) : given
      if (data === null || data === undefined) continue
      const fault = unwritable(data)
      if (fault !== undefined) throw new Unawaited(`\`update\` returned ${fault}.`)
      const change = { key, data: data as Record<string, unknown> }
      demandSameKey(change, fields)
      changes.push(change)
    } catch (thrown) {
      const error = plainly(thrown)
      if (error instanceof CursorError || error instanceof Unawaited) throw error
      if (definition.onError !== 'skip' || stop.aborted) throw RowFault.of(error, fields, key)
      skipped.push({ key: describeKey(fields, key), error: messageOf(error) })
    }
  }
  return { changes, skipped }
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
  { definition, model, fields, reader, sayOnce, whole }: BatchWork,
): Promise<Key[]> {
  if (changes.length === 0) return []
  const dialect = dialectOf(model)
  const groups = typeof table === 'string' ? table : groupChanges(table.model, fields, changes, table.types)
  if (dialect && typeof groups !== 'string') {
    const look = lookThrough({ writer, reader }, dialect, { model, walk: { fields } }, mostRefused(definition))
    const missed: Key[] = []
    for (const group of groups) {
      let changed = 0
      for (const statement of statementsOf(dialect, group)) changed += await look.execute(statement)
      if (changed < group.rows.length) missed.push(...(await lookInto(group, changed, look)))
    }
    return missed
  }
  sayOnce(`Rows are updated one by one, not with one statement per batch: ${groups}.`)
  // The client's extensions may catch what fails.
  return whole(() => updateEach(changes, writer[model.key], { model, fields, most: mostRefused(definition) }))
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
  { model, fields, most }: { model: WalkedModel; fields: readonly string[]; most: number },
): Promise<Key[]> {
  const missed: Key[] = []
  const refused: Key[] = []
  for (const { key, data } of changes) {
    const where = uniqueWhere(model, fields, key)
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
      if (!reads(row, data)) refused.push(key)
    })
    if (refused.length >= most) break
  }
  if (refused.length > 0) throw new RowsRefused(fields, refused)
  return missed
}

const NOT_UPDATED = /No record was found for an update/

/** Whether a row has the values that it was to get: a trigger may keep an update of nothing from being one. */
function reads(row: Row, data: Change['data']): boolean {
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
