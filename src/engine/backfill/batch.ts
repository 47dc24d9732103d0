import type { BackfillDefinition } from '../../backfill.js'
import { codeOf, messageOf } from '../../errors.js'
import type { TaskContext } from '../../task.js'
import { orStopped } from '../stop.js'
import { type Change, dialectOf, groupChanges, statementsOf } from './bulk-update.js'
import type { SkippedRow } from './checkpoint.js'
import { describeKey, type Key, keyOf, sameKey } from './keyset.js'
import type { WalkedModel } from './model.js'
import type { RawTable } from './raw-table.js'
import { CursorError, type ReadDelegate, type Row } from './walk.js'

/** What a batch's rows are changed with. */
export interface BatchWork {
  definition: BackfillDefinition
  model: WalkedModel
  fields: readonly string[]
  context: Omit<TaskContext<never>, 'prisma' | 'signal' | 'progress'>
  stop: AbortSignal
  graceMs: number
  /** Says something once in a backfill. */
  sayOnce(message: string): void
  /** Runs what passes through the team's own code, and throws when its transaction did not outlast it. */
  whole: Whole
}

export type Whole = <T>(work: () => Promise<T>) => Promise<T>

/** A client, or a transaction of one. */
export type Writer = Record<string, WriteDelegate> & {
  $executeRawUnsafe(sql: string, ...parameters: unknown[]): Promise<number>
  $queryRawUnsafe(sql: string, ...parameters: unknown[]): Promise<Record<string, unknown>[]>
}

interface WriteDelegate extends ReadDelegate {
  update(args: object): Promise<unknown>
}

/** What became of a batch's rows. */
export interface Worked {
  /** Rows that were left out. */
  skipped: SkippedRow[]
  /** Rows that should have been changed, and among them those that were not found. */
  missed: Key[]
}

/** Does a batch's work through a transaction, or through the client. */
export async function workOn(rows: Row[], writer: Writer, table: RawTable, work: BatchWork): Promise<Worked> {
  const { definition, context, stop, graceMs, whole } = work
  if (definition.run) {
    const { run } = definition
    const prisma = writer as never
    await whole(() => orStopped(async () => run(rows, { ...context, prisma, signal: stop }), stop, graceMs))
    return { skipped: [], missed: [] }
  }
  const { changes, skipped } = await changesOf(rows, work)
  return { skipped, missed: await writeChanges(changes, writer, table, work) }
}

/** What `update` makes of each row. */
export async function changesOf(
  rows: Row[],
  { definition, fields, stop, graceMs }: Omit<BatchWork, 'whole'>,
): Promise<{ changes: Change[]; skipped: SkippedRow[] }> {
  const changes: Change[] = []
  const skipped: SkippedRow[] = []
  for (const row of rows) {
    const key = keyOf(fields, row)
    try {
      const given = definition.update?.(row)
      // When it was told to stop, nobody waits for it, and nobody should have to hear that it failed.
      if (isPromise(given)) given.then(undefined, () => {})
      const data = isPromise(given) ? await orStopped(() => given, stop, graceMs) : given
      if (data === null || data === undefined) continue
      const change = { key, data: data as Record<string, unknown> }
      demandSameKey(change, fields)
      changes.push(change)
    } catch (error) {
      if (error instanceof CursorError) throw error
      if (definition.onError !== 'skip' || stop.aborted) throw named(error, fields, key)
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
  if (moved !== undefined)
    throw new CursorError(`${moved} is what the backfill walks by, and can't be changed on the way`)
}

/**
 * Writes changes: one statement for each set of columns, or one by one. Returns the rows that it did not find, and
 * where a statement does not say which those are, all of them.
 */
export async function writeChanges(
  changes: readonly Change[],
  writer: Writer,
  table: RawTable,
  { model, fields, sayOnce, whole }: BatchWork,
): Promise<Key[]> {
  if (changes.length === 0) return []
  const dialect = dialectOf(model)
  const groups = typeof table === 'string' ? table : groupChanges(table.model, fields, changes, table.types)
  if (dialect && typeof groups !== 'string') {
    const given = groups.reduce((sum, { rows }) => sum + rows.length, 0)
    let found = 0
    for (const group of groups) {
      for (const { sql, parameters } of statementsOf(dialect, group))
        found += await writer.$executeRawUnsafe(sql, ...parameters)
    }
    return found < given ? groups.flatMap(({ rows }) => rows.map(({ key }) => key)) : []
  }
  sayOnce(`Rows are updated one by one, not with one statement for each batch: ${groups}.`)
  // The client's extensions may catch what fails.
  return whole(() => updateEach(changes, writer[model.key], model, fields))
}

/** Returns the rows that are not found. */
async function updateEach(
  changes: readonly Change[],
  delegate: WriteDelegate | undefined,
  model: WalkedModel,
  fields: readonly string[],
): Promise<Key[]> {
  const missed: Key[] = []
  for (const { key, data } of changes) {
    const where = uniqueWhere(model, fields, key)
    await delegate?.update({ where, data }).catch(async (error) => {
      // Not there: there is nothing to change. The same code tells that a row to connect to is not there.
      if (codeOf(error) !== 'P2025' || (await delegate.findMany({ where: byKey(fields, key), take: 1 })).length > 0)
        throw named(error, fields, key)
      missed.push(key)
    })
  }
  return missed
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

function named(error: unknown, fields: readonly string[], key: Key): Error {
  const message = `row ${describeKey(fields, key)}: ${messageOf(error)}`
  const wrapped = new Error(message, { cause: error })
  return error instanceof Error && error.stack
    ? Object.assign(wrapped, { stack: error.stack.replace(error.message, () => message), code: codeOf(error) })
    : wrapped
}
