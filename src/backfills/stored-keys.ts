import type { Client } from '../prisma/client.js'
import { withoutExtensions } from '../prisma/extensions.js'
import { CursorError, type Walk } from './rows/pages.js'
import type { Column, WalkedModel } from './rows/walked-model.js'
import type { Statement } from './write/dialect.js'
import * as postgresql from './write/postgresql.js'
import * as sqlite from './write/sqlite.js'
import { placeOf } from './write/table-place.js'

/**
 * Throws when a row of the table is not found, or not in its place, by its key as Prisma writes it: a page would end
 * before rows that the next one does not find. SQLite takes any value in any column, and keeps a date as the text or
 * the number that it was given; a text may be equal to another by the collation of its column, and not by that of its
 * unique index. It reads all keys once, as counting the rows does.
 */
export async function demandStoredAsWritten(
  client: Client,
  { model, walk }: { model: WalkedModel; walk: Walk },
): Promise<void> {
  const ask = (statement: Statement) => rowsOf(client, statement)
  const columns = walk.fields.flatMap((field) => model.columns.get(field) ?? [])
  if (model.provider === 'sqlite') await demandPlain(model, columns, ask)
  if (!columns.some(({ type }) => type === 'String')) return
  const located = await locatedIn(client, model)
  if (located && (await mayBeEqual(located, columns, ask))) await demandDistinct(located, columns, ask)
}

const TIMES = { timeout: 30_000, maxWait: 10_000 }

/** The model with the schema in which the client finds it; undefined where it does not show which. */
async function locatedIn(client: Client, model: WalkedModel): Promise<WalkedModel | undefined> {
  if (model.provider !== 'postgresql') return model
  const place = await placeOf(client, model, TIMES)
  return 'unknown' in place ? undefined : { ...model, schema: place.schema ?? undefined }
}

type Ask = (statement: Statement) => Promise<Record<string, unknown>[]>

function rowsOf(client: Client, { sql, parameters }: Statement): Promise<Record<string, unknown>[]> {
  return withoutExtensions(client).$queryRawUnsafe(sql, ...parameters)
}

async function demandPlain(model: WalkedModel, columns: readonly Column[], ask: Ask): Promise<void> {
  const [column, another] = columns
  if (column && !another && (await isRowNumber(model, column, ask))) return
  const date = columns.some(({ type }) => type === 'DateTime')
    ? sqlite.dateFormatOf((await ask(sqlite.DATE_PROBE))[0] ?? {})
    : undefined
  for (const column of columns) {
    const [strange] = await ask(sqlite.strangeQuery(model, column, date))
    if (strange)
      throw new CursorError(
        `a row can't be found by its ${column.field} (${String(strange.value)}, stored as ${String(strange.type)}): it is stored in another format than Prisma writes. Set \`cursor\` to another field`,
      )
  }
}

/** The most common key is a whole number that SQLite keeps as nothing else. Where it does not tell, the keys are read. */
async function isRowNumber(model: WalkedModel, { column }: Column, ask: Ask): Promise<boolean> {
  const names = await ask(sqlite.rowNumberQuery(model)).catch(() => [])
  return names.some(({ name }) => name === column)
}

/** Whether texts that differ may be equal to the database, though it has a unique index. */
async function mayBeEqual(model: WalkedModel, columns: readonly Column[], ask: Ask): Promise<boolean> {
  if (!columns.some(({ type }) => type === 'String')) return false
  if (model.provider === 'sqlite') return true
  return model.provider === 'postgresql' && (await ask(postgresql.looseTextsQuery(model, columns))).length > 0
}

async function demandDistinct(model: WalkedModel, columns: readonly Column[], ask: Ask): Promise<void> {
  const { twiceQuery } = model.provider === 'sqlite' ? sqlite : postgresql
  const [twice] = await ask(twiceQuery(model, columns))
  if (!twice) return
  const fields = columns.map(({ field }) => field).join(', ')
  const value = Object.values(twice).map(String).join(', ')
  throw new CursorError(
    `the cursor ${fields} is not unique in the database: two rows are equal by the column's collation (${value}). Set \`cursor\` to another field`,
  )
}
