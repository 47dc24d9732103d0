import { messageOf } from '../../define/errors.js'
import { isDecimal } from '../rows/keys.js'
import type { Column, Dates, WalkedModel } from '../rows/walked-model.js'
import { sentDate } from './date-text.js'
import type { ChangeGroup, Statement, TogetherRefusal } from './dialect.js'

/** All values travel as one JSON text, and PostgreSQL's own input functions read them as the columns' types. */
export function statement(group: ChangeGroup): Statement {
  const { model } = group
  const { changed, from, match, json } = valuesOf(group)
  const set = changed.map(({ column, as }) => `${quote(column.column)} = v.${as}`)
  return {
    sql: `UPDATE ${tableName(model)} AS t SET ${set.join(', ')} FROM ${from} WHERE ${match.join(' AND ')}`,
    parameters: [json],
  }
}

export function unchanged(group: ChangeGroup): Statement {
  const { from, match, json } = valuesOf({ ...group, columns: [] })
  return {
    sql: `SELECT count(*)::int AS n FROM ${tableName(group.model)} AS t, ${from} WHERE ${match.join(' AND ')}`,
    parameters: [json],
  }
}

/** In the order of their keys, so that two who lock the same rows don't wait for each other. */
export function lock(group: ChangeGroup): Statement {
  const { from, match, keyed, json } = valuesOf({ ...group, columns: [], compared: [] })
  const order = keyed.map(({ column }) => `t.${quote(column.column)}`)
  return {
    sql: `SELECT count(*)::int AS n FROM (SELECT 1 FROM ${tableName(group.model)} AS t, ${from} WHERE ${match.join(' AND ')} ORDER BY ${order.join(', ')} FOR UPDATE OF t) AS locked`,
    parameters: [json],
  }
}

/** Types whose values come back from JavaScript as they were, and have an equality that tells them all apart. */
const COMPARED =
  /^(smallint|integer|bigint|numeric|money|boolean|uuid|date|text|character( varying)?|"char"|name|bytea|(public\.)?citext|inet|cidr|macaddr8?|oid|bit( varying)?|timestamp.*)$/

export function compares(column: Column, types: ChangeGroup['types']): boolean {
  if (column.list || column.type === 'Json' || column.type === 'Float') return false
  return column.enumValues !== undefined || COMPARED.test(typeOf(types, column))
}

/** Texts are compared by their bytes: a collation may find texts equal that are not the same. */
const TEXT = /^(text|character varying|name|(public\.)?citext)$/

function sameAs({ column, as, type }: Named): string {
  const [is, was] = [`t.${quote(column.column)}`, `v.${as}`]
  if (TEXT.test(type)) return `${is}::text COLLATE "C" IS NOT DISTINCT FROM ${was}::text COLLATE "C"`
  // JavaScript has read milliseconds, whatever is there.
  return /^timestamp/.test(type)
    ? `date_trunc('milliseconds', ${is}) IS NOT DISTINCT FROM ${was}`
    : `${is} IS NOT DISTINCT FROM ${was}`
}

/** The values are read into a row of the table itself, so that they are cut and rounded as they are when written. */
export function landed({ model, keys, columns, rows, types }: ChangeGroup): Statement {
  const all = [...keys, ...columns]
  const records = rows.map(({ key, values }) => {
    const given = [...key, ...values]
    return Object.fromEntries(
      all.map((column, i) => [column.column, json(column, typeOf(types, column), given[i], model.dates)]),
    )
  })
  const match = keys.map(({ column }) => `t.${quote(column)} = v.${quote(column)}`)
  // As texts: type json has no equality.
  const same = columns.map(({ column }) => `t.${quote(column)}::text IS NOT DISTINCT FROM v.${quote(column)}::text`)
  return {
    sql: `SELECT count(*)::int AS n FROM json_populate_recordset(NULL::${tableName(model)}, $1::json) AS v JOIN ${tableName(model)} AS t ON ${match.join(' AND ')} WHERE ${same.join(' AND ')}`,
    parameters: [JSON.stringify(records)],
  }
}

/** A trigger that returns no row, a row-level security policy, a rule. */
export const vetoes = true

const REFUSAL = 'after_party: the record is not as it was'
const FEWER = 'after_party: fewer rows were changed than given'

/** The database has no such statement for tables with rules, and some others. */
const UNSUPPORTED = /\b0A000\b|rules are not supported|cannot perform UPDATE RETURNING/i

/**
 * The record comes after the rows: until they are changed, heartbeats get through. When it is not as its keys say, or
 * when not every row was changed, a text that is no number takes everything back; it is made of the count, or the
 * planner would find it before it runs.
 */
export const together = {
  statement(group: ChangeGroup): (record: ChangeGroup) => Statement {
    const rows = statement(group)
    return (record) => {
      const { keyed, changed, json } = valuesOf(record)
      const value = ({ as, type }: Named) => `($2::json -> 0 ->> '${as}')::${type}`
      const set = changed.map((named) => `${quote(named.column.column)} = ${value(named)}`)
      const [{ key }] = record.rows as [ChangeGroup['rows'][number]]
      const match = keyed.map((named, i) =>
        key[i] === null ? `${quote(named.column.column)} IS NULL` : `${quote(named.column.column)} = ${value(named)}`,
      )
      return {
        sql: [
          `WITH changed AS (${rows.sql} RETURNING 1),`,
          `held AS (UPDATE ${tableName(record.model)} SET ${set.join(', ')}`,
          `WHERE ${match.join(' AND ')} AND (SELECT count(*) FROM changed) = ${group.rows.length} RETURNING 1)`,
          `SELECT CASE WHEN count(*) = 1 THEN 1`,
          `WHEN (SELECT count(*) FROM changed) < ${group.rows.length} THEN ('${FEWER} (' || count(*) || ')')::int`,
          `ELSE ('${REFUSAL} (' || count(*) || ')')::int END FROM held`,
        ].join(' '),
        parameters: [...rows.parameters, json],
      }
    }
  },
  changedOf: (answer: number, { rows }: ChangeGroup) => (answer === 0 ? undefined : rows.length),
  refusal(error: unknown): TogetherRefusal | undefined {
    const message = messageOf(error)
    if (message.includes(FEWER)) return 'fewer'
    if (message.includes(REFUSAL)) return 'displaced'
    return UNSUPPORTED.test(message) ? 'unsupported' : undefined
  },
  locksRecordFirst: false,
}

/** A column, what it is called among the values, and its type. */
interface Named {
  column: Column
  as: string
  type: string
}

interface Values {
  keyed: Named[]
  changed: Named[]
  /** Where a statement finds the values, as `v`. */
  from: string
  /** What a row of the table, `t`, has in common with its values. */
  match: string[]
  json: string
}

function valuesOf({ model: { dates }, keys, columns, compared, rows, types }: ChangeGroup): Values {
  const named = (column: Column, as: string) => ({ column, as, type: typeOf(types, column) })
  const keyed = keys.map((column, i) => named(column, `k${i}`))
  const changed = columns.map((column, i) => named(column, `s${i}`))
  const was = compared.map((column, i) => named(column, `w${i}`))
  const records = rows.map(({ key, values, seen = [] }) => {
    const record: Record<string, unknown> = {}
    const add = (all: readonly Named[], given: readonly unknown[]) => {
      for (let i = 0; i < all.length; i += 1) {
        const { column, as, type } = all[i] as Named
        record[as] = json(column, type, given[i], dates)
      }
    }
    add(keyed, key)
    add(changed, values)
    add(was, seen)
    return record
  })
  const typed = [...keyed, ...changed, ...was].map(({ as, type }) => `${as} ${type}`)
  return {
    keyed,
    changed,
    from: `json_to_recordset($1::json) AS v(${typed.join(', ')})`,
    match: [...keyed.map(({ column, as }) => `t.${quote(column.column)} = v.${as}`), ...was.map(sameAs)],
    json: JSON.stringify(records),
  }
}

function typeOf(types: ChangeGroup['types'], { column }: Column): string {
  return types.get(column)?.type ?? 'text'
}

/** The type modifiers stay away: the assignment checks lengths, where a cast would cut them. */
export function typesQuery(model: WalkedModel): Statement {
  return {
    sql: `SELECT attname::text AS name, format_type(atttypid, -1) AS type FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped`,
    parameters: [tableName(model)],
  }
}

/** One parameter holds them all. */
export function rowLimit(): number {
  return Number.POSITIVE_INFINITY
}

/** Those columns in which texts that differ may be equal. */
export function looseTextsQuery(model: WalkedModel, columns: readonly Column[]): Statement {
  return {
    // The catalogue of a server before 12 does not have the word; it has no such collation either.
    sql: `SELECT a.attname::text AS name FROM pg_attribute a LEFT JOIN pg_collation c ON c.oid = a.attcollation WHERE a.attrelid = $1::regclass AND a.attname::text = ANY($2) AND (to_jsonb(c) ->> 'collisdeterministic' = 'false' OR a.atttypid::regtype::text = 'citext')`,
    parameters: [tableName(model), columns.map(({ column }) => column)],
  }
}

/** A key that two rows have, as the columns' collations compare. */
export function twiceQuery(model: WalkedModel, columns: readonly Column[]): Statement {
  const names = columns.map(({ column }) => quote(column)).join(', ')
  return {
    sql: `SELECT min(ctid::text) AS row FROM ${tableName(model)} GROUP BY ${names} HAVING count(*) > 1 LIMIT 1`,
    parameters: [],
  }
}

function tableName({ schema, table }: WalkedModel): string {
  return schema === undefined ? quote(table) : `${quote(schema)}.${quote(table)}`
}

/** Types that a text is not compared with as it is. */
const KEY_TYPES: Record<string, string> = { Uuid: 'uuid', Citext: 'citext', Char: 'bpchar', Inet: 'inet' }

export function keyParameter({ type, native = '' }: Column, at: number): string {
  return `$${at}::${KEY_TYPES[native] ?? (type === 'String' ? 'text' : 'bigint')}`
}

export function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

const DATE = 'YYYY-MM-DDT'

function json(column: Column, type: string, value: unknown, dates: Dates): unknown {
  if (value === null || column.type === 'Json' || typeof value === 'string') return value
  if (Array.isArray(value)) return value.map((one) => json(column, type, one, dates))
  if (value instanceof Date) return dates === 'instant' ? instant(type, value) : sentDate(column, value)
  if (value instanceof Uint8Array) return `\\x${Buffer.from(value).toString('hex')}`
  if (isDecimal(value)) return value.toFixed()
  // Texts keep what JSON's numbers would lose: BigInt's digits, and NaN and Infinity.
  return typeof value === 'bigint' || typeof value === 'number' ? String(value) : value
}

/** A time of day is read from that alone. */
function instant(type: string, date: Date): string {
  return date.toISOString().slice(/^time\b/.test(type) ? DATE.length : 0)
}
