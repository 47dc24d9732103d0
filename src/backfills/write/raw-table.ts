import type { TransactionTimes } from '../../attempt/transaction.js'
import { type Client, primaryOf } from '../../prisma/client.js'
import { isClientHooked, isClientReplaced, isHooked, isReplaced, withoutExtensions } from '../../prisma/extensions.js'
import type { WalkedModel } from '../rows/walked-model.js'
import { dialectOf } from './bulk-update.js'
import type { ColumnType } from './dialect.js'
import { placeOf } from './table-place.js'

/** What a raw statement must know of a model's table, or the reason why rows are updated by Prisma, one by one. */
export type RawTable = { model: WalkedModel; types: ReadonlyMap<string, ColumnType> } | string

/** Where nothing is written by statements of ours. */
export const NOT_ASKED: RawTable = 'the backfill has no `update`'

/** A model's table as raw statements must know it: asked once of the client and the database. */
export class RawTables {
  #located: Promise<RawTable> | undefined

  /** To write it. Not asked inside a batch's transaction: a failure there would spoil it. */
  async of(client: Client, model: WalkedModel, times: TransactionTimes): Promise<RawTable> {
    return passedBy(client, model) ?? this.located(client, model, times)
  }

  /** To lock its rows, whatever the team's own code does when they are written. */
  located(client: Client, model: WalkedModel, times: TransactionTimes): Promise<RawTable> {
    this.#located ??= ask(client, model, times).catch((error) => {
      this.#located = undefined
      throw error
    })
    return this.#located
  }
}

async function ask(client: Client, model: WalkedModel, times: TransactionTimes): Promise<RawTable> {
  const dialect = dialectOf(model)
  if (!dialect) return `${model.provider ?? 'this database'} does not support it`
  // A primary may be without what was extended later: it is asked only where the table is.
  const primary = primaryOf(client)
  const place = await placeOf(primary, model, times)
  if ('unknown' in place) return place.unknown
  const located = { ...model, schema: place.schema ?? undefined }
  const query = dialect.typesQuery?.(located)
  if (!query) return { model: located, types: new Map() }
  // What a team does to raw statements is for its own.
  const rows = await withoutExtensions(primary).$queryRawUnsafe(query.sql, ...query.parameters)
  if (rows.length === 0) return `a raw statement can't find the table of ${model.key}`
  const types = rows.map(({ name, type, charset, collation }): [string, ColumnType] => [
    String(name),
    { type: String(type), charset: textOf(charset), collation: textOf(collation) },
  ])
  return { model: { ...located, dates: await datesOf(primary, model) }, types: new Map(types) }
}

/** UTC, by the names that PostgreSQL has for it: there, a clock of UTC is the same moment, said so or not. */
const UTC = /^(Etc\/)?(UTC|UCT|GMT|Universal|Zulu|Greenwich|GMT[+-]?0)$/i

async function datesOf(client: Client, { provider, dates }: WalkedModel): Promise<WalkedModel['dates']> {
  if (provider !== 'postgresql' || dates !== 'unknown') return dates
  const [row] = await withoutExtensions(client).$queryRawUnsafe(`SELECT current_setting('TimeZone') AS zone`)
  return UTC.test(String(row?.zone)) ? 'clock' : 'unknown'
}

function textOf(value: unknown): string | null {
  return value === null || value === undefined ? null : String(value)
}

const RAW = ['$executeRawUnsafe', '$queryRawUnsafe']

/**
 * What of the team's own a raw statement would pass by, or pass through to who knows where. A client that somebody
 * wrapped by hand shows nothing of it.
 */
export function passedBy(client: Client, { key, name }: WalkedModel): string | undefined {
  if (isHooked(client, key, 'update') || isReplaced(client, name, 'update'))
    return `the client has an extension on update of ${key}`
  const raw = RAW.find((method) => isClientHooked(client, method) || isClientReplaced(client, method))
  return raw && `the client has an extension on ${raw}`
}
