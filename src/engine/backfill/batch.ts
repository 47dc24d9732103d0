import type { BackfillDefinition } from '../../backfill.js'
import { codeOf, messageOf } from '../../errors.js'
import type { TaskContext } from '../../task.js'
import { orStopped } from '../stop.js'
import { type Change, dialectOf, groupChanges, statementsOf } from './bulk-update.js'
import type { SkippedRow } from './checkpoint.js'
import type { ColumnType } from './dialect.js'
import { describeKey, type Key, keyOf } from './keyset.js'
import type { WalkedModel } from './model.js'
import type { ReadDelegate, Row } from './walk.js'

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
}

/** A client, or a transaction of one. */
export type Writer = Record<string, WriteDelegate> & {
  $executeRawUnsafe(sql: string, ...parameters: unknown[]): Promise<number>
  $queryRawUnsafe(sql: string, ...parameters: unknown[]): Promise<Record<string, unknown>[]>
}

interface WriteDelegate extends ReadDelegate {
  update(args: object): Promise<unknown>
}

/** The column types of the walked table, asked of the database once. */
export class ColumnTypes {
  #types: Promise<ReadonlyMap<string, ColumnType>> | undefined

  /** Not asked inside a batch's transaction: a failure there would spoil it. */
  of(client: Writer, model: WalkedModel): Promise<ReadonlyMap<string, ColumnType>> {
    this.#types ??= this.#ask(client, model)
    return this.#types
  }

  async #ask(client: Writer, model: WalkedModel): Promise<ReadonlyMap<string, ColumnType>> {
    const query = dialectOf(model)?.typesQuery?.(model)
    if (!query) return new Map()
    const rows = await client.$queryRawUnsafe(query.sql, ...query.parameters)
    return new Map(
      rows.map(({ name, type, collation }) => [
        String(name),
        { type: String(type), collation: collation === null ? null : String(collation) },
      ]),
    )
  }
}

/** Does a batch's work through a transaction, or through the client. Returns the rows that were left out. */
export async function workOn(
  rows: Row[],
  writer: Writer,
  types: ReadonlyMap<string, ColumnType>,
  work: BatchWork,
): Promise<SkippedRow[]> {
  const { definition, context, stop, graceMs } = work
  if (definition.run) {
    const { run } = definition
    const prisma = writer as never
    await orStopped(async () => run(rows, { ...context, prisma, signal: stop }), stop, graceMs)
    return []
  }
  const { changes, skipped } = await changesOf(rows, work)
  await writeChanges(changes, writer, types, work)
  return skipped
}

/** What `update` makes of each row. */
async function changesOf(
  rows: Row[],
  { definition, fields, stop, graceMs }: BatchWork,
): Promise<{ changes: Change[]; skipped: SkippedRow[] }> {
  const changes: Change[] = []
  const skipped: SkippedRow[] = []
  for (const row of rows) {
    const key = keyOf(fields, row)
    try {
      const given = definition.update?.(row)
      const data = given instanceof Promise ? await orStopped(() => given, stop, graceMs) : given
      if (data !== null && data !== undefined) changes.push({ key, data: data as Record<string, unknown> })
    } catch (error) {
      if (definition.onError !== 'skip' || stop.aborted) throw named(error, fields, key)
      skipped.push({ key: describeKey(fields, key), error: messageOf(error) })
    }
  }
  return { changes, skipped }
}

async function writeChanges(
  changes: readonly Change[],
  writer: Writer,
  types: ReadonlyMap<string, ColumnType>,
  { model, fields, sayOnce }: BatchWork,
): Promise<void> {
  if (changes.length === 0) return
  const dialect = dialectOf(model)
  const reason = hasUpdateHooks(writer, model.key)
    ? `the client has an extension on update of ${model.key}`
    : dialect
      ? undefined
      : `${model.provider ?? 'this database'} has no statement for it`
  const groups = reason ?? groupChanges(model, fields, changes, types)
  if (dialect && typeof groups !== 'string') {
    for (const group of groups) {
      if (group.columns.length === 0) continue
      for (const { sql, parameters } of statementsOf(dialect, group)) await writer.$executeRawUnsafe(sql, ...parameters)
    }
    return
  }
  sayOnce(`Rows are updated one by one, not with one statement for each batch: ${groups}.`)
  const delegate = writer[model.key]
  for (const { key, data } of changes) {
    await delegate?.update({ where: uniqueWhere(model, fields, key), data }).catch((error) => {
      // Deleted meanwhile: there is nothing to change.
      if (codeOf(error) !== 'P2025') throw named(error, fields, key)
    })
  }
}

function uniqueWhere(model: WalkedModel, fields: readonly string[], key: Key): object {
  const values = Object.fromEntries(fields.map((field, i) => [field, key[i]]))
  return fields.length === 1 ? values : { [model.compoundNames.get(fields.join()) ?? fields.join('_')]: values }
}

/** A raw statement does not pass through an extension's `update` hooks; then rows are updated as Prisma does it. */
function hasUpdateHooks(client: object, key: string): boolean {
  const { _extensions: extensions } = client as {
    _extensions?: { getAllQueryCallbacks?(model: string, operation: string): readonly unknown[] }
  }
  return (extensions?.getAllQueryCallbacks?.(key, 'update').length ?? 0) > 0
}

function named(error: unknown, fields: readonly string[], key: Key): Error {
  const message = `row ${describeKey(fields, key)}: ${messageOf(error)}`
  const wrapped = new Error(message, { cause: error })
  return error instanceof Error && error.stack
    ? Object.assign(wrapped, { stack: error.stack.replace(error.message, () => message), code: codeOf(error) })
    : wrapped
}
