import { expect, test } from '@jest/globals'
import type { ChangeGroup } from '../../../../src/backfills/write/dialect.js'
import * as mysql from '../../../../src/backfills/write/mysql.js'
import * as postgresql from '../../../../src/backfills/write/postgresql.js'
import * as sqlite from '../../../../src/backfills/write/sqlite.js'
import { modelOf } from '../models.js'

const SCHEMA = `
model Post {
  id    Int       @id @map("i\\"d\`")
  title String?   @map("t'i; DROP TABLE x --")
  json  Json?
  at    DateTime?
  big   BigInt?
  bytes Bytes?
  flag  Boolean?
  price Decimal?
  @@map("po\\"st\`s")
}
`
const HOSTILE = `'; DROP TABLE "x"; -- \\ \u0000 😀`
const decimal = { s: 1, e: 0, d: [1], toFixed: () => '1.50' }
const at = new Date('2026-03-29T01:30:00.001Z')

function group(provider: string): ChangeGroup {
  const model = modelOf(SCHEMA, 'post', provider)
  const columns = [...model.columns.values()].filter(({ field }) => field !== 'id')
  const keys = [...model.columns.values()].filter(({ field }) => field === 'id')
  const values = [HOSTILE, { a: [HOSTILE] }, at, 2n ** 63n - 1n, new Uint8Array([0, 255]), true, decimal]
  const rows = [
    { key: [1], values },
    { key: [2], values: values.map(() => null) },
  ]
  const types = new Map([
    ['i"d`', { type: 'int', collation: null }],
    ["t'i; DROP TABLE x --", { type: 'character varying', collation: null }],
  ])
  return { model, keys, columns, compared: [], rows, types }
}

test('PostgreSQL: names are quoted, and every value is in the one parameter', () => {
  const { sql, parameters } = postgresql.statement(group('postgresql'))
  expect(sql).toBe(
    `UPDATE "po""st\`s" AS t SET "t'i; DROP TABLE x --" = v.s0, "json" = v.s1, "at" = v.s2, "big" = v.s3, "bytes" = v.s4, "flag" = v.s5, "price" = v.s6 FROM json_to_recordset($1::json) AS v(k0 int, s0 character varying, s1 text, s2 text, s3 text, s4 text, s5 text, s6 text) WHERE t."i""d\`" = v.k0`,
  )
  expect(parameters.map((text) => JSON.parse(String(text)))).toEqual([
    [
      {
        k0: '1',
        s0: HOSTILE,
        s1: { a: [HOSTILE] },
        s2: at.toISOString(),
        s3: '9223372036854775807',
        s4: '\\x00ff',
        s5: true,
        s6: '1.50',
      },
      { k0: '2', s0: null, s1: null, s2: null, s3: null, s4: null, s5: null, s6: null },
    ],
  ])
})

test('PostgreSQL: the table is in its schema, where one is known', () => {
  const given = group('postgresql')
  const { sql } = postgresql.statement({ ...given, model: { ...given.model, schema: 'te"am' } })
  expect(sql).toContain('UPDATE "te""am"."po""st`s" AS t')
})

test('PostgreSQL: of a time of day, the date is left out', () => {
  const given = group('postgresql')
  const types = new Map([['at', { type: 'time without time zone', collation: null }]])
  const { parameters } = postgresql.statement({ ...given, types })
  expect(JSON.parse(String(parameters[0]))[0].s2).toBe('01:30:00.001Z')
})

const TIMES = `
model Post {
  id   Int      @id
  at   DateTime @db.Timestamptz(3)
  day  DateTime @db.Date
  time DateTime @db.Time(3)
  many DateTime[]
}
`

function times(provider: string, adapterName: string): ChangeGroup {
  const model = modelOf(TIMES, 'post', provider, { adapterName })
  const [key, ...columns] = [...model.columns.values()]
  const whole = new Date('2026-12-31T23:59:59.000Z')
  const values = [at, at, at, provider === 'mysql' ? whole : [whole, at]]
  return { model, keys: key ? [key] : [], columns, compared: [], rows: [{ key: [1], values }], types: new Map() }
}

test('PostgreSQL: times are what the adapter sends, the clock of UTC', () => {
  const { parameters } = postgresql.statement(times('postgresql', '@prisma/adapter-pg'))
  expect(JSON.parse(String(parameters[0]))[0]).toEqual({
    k0: '1',
    s0: '2026-03-29 01:30:00.001',
    s1: '2026-03-29',
    s2: '01:30:00.001',
    s3: ['2026-12-31 23:59:59', '2026-03-29 01:30:00.001'],
  })
})

test('MySQL: times are what the adapter sends, a day without the time that it could be rounded by', () => {
  const { parameters } = mysql.statement(times('mysql', '@prisma/adapter-mariadb'))
  expect(JSON.parse(String(parameters[0]))[0]).toEqual([
    '1',
    '2026-03-29 01:30:00.001',
    '2026-03-29',
    '01:30:00.001',
    '2026-12-31 23:59:59',
  ])
})

test('SQLite: the table is in its schema, where one is known', () => {
  const given = group('sqlite')
  const { sql } = sqlite.statement({ ...given, model: { ...given.model, schema: 'main' } })
  expect(sql).toContain('UPDATE "main"."po""st`s" AS t')
})

test('MySQL: names are quoted, keys have their types and collations, and every value is in the one parameter', () => {
  const given = group('mysql')
  const types = new Map([['i"d`', { type: 'varchar(191)', collation: 'utf8mb4_unicode_ci' }]])
  const { sql, parameters } = mysql.statement({ ...given, types })
  expect(sql).toBe(
    "UPDATE JSON_TABLE(?, '$[*]' COLUMNS (k0 varchar(191) PATH '$[0]', s0 LONGTEXT PATH '$[1]', s1 LONGTEXT PATH '$[2]', s2 LONGTEXT PATH '$[3]', s3 LONGTEXT PATH '$[4]', s4 LONGTEXT PATH '$[5]', s5 LONGTEXT PATH '$[6]', s6 LONGTEXT PATH '$[7]')) AS v STRAIGHT_JOIN `po\"st``s` AS t ON t.`i\"d``` = v.k0 COLLATE utf8mb4_unicode_ci SET t.`t'i; DROP TABLE x --` = v.s0, t.`json` = v.s1, t.`at` = v.s2, t.`big` = v.s3, t.`bytes` = UNHEX(v.s4), t.`flag` = v.s5 + 0, t.`price` = v.s6",
  )
  const [first] = JSON.parse(String(parameters[0]))
  expect(first).toEqual([
    '1',
    HOSTILE,
    JSON.stringify({ a: [HOSTILE] }),
    '2026-03-29 01:30:00.001',
    '9223372036854775807',
    '00ff',
    '1',
    '1.50',
  ])
})

const RECORD = `
model AfterPartyTaskRecord {
  version    String    @id
  fence      Int
  leaseUntil DateTime?
  cursor     String?
  @@map("after_party_task_records")
}
`

function record(provider: string): ChangeGroup {
  const model = modelOf(RECORD, 'afterPartyTaskRecord', provider)
  const named = (...names: string[]) => names.flatMap((name) => model.columns.get(name) ?? [])
  const rows = [{ key: ['20260101000000', 2, HOSTILE], values: [at, '{}'] }]
  const types = new Map([['fence', { type: 'integer' }]])
  return {
    model,
    keys: named('version', 'fence', 'cursor'),
    columns: named('leaseUntil', 'cursor'),
    compared: [],
    rows,
    types,
  }
}

test('PostgreSQL: rows and record are one statement, the record after the rows', () => {
  const given = group('postgresql')
  const { sql, parameters } = postgresql.together.statement(given)(record('postgresql'))
  const rows = postgresql.statement(given)
  expect(sql).toBe(
    `WITH changed AS (${rows.sql} RETURNING 1), held AS (UPDATE "after_party_task_records" SET "leaseUntil" = ($2::json -> 0 ->> 's0')::text, "cursor" = ($2::json -> 0 ->> 's1')::text WHERE "version" = ($2::json -> 0 ->> 'k0')::text AND "fence" = ($2::json -> 0 ->> 'k1')::integer AND "cursor" = ($2::json -> 0 ->> 'k2')::text AND (SELECT count(*) FROM changed) = 2 RETURNING 1) SELECT CASE WHEN count(*) = 1 THEN 1 WHEN (SELECT count(*) FROM changed) < 2 THEN ('after_party: fewer rows were changed than given (' || count(*) || ')')::int ELSE ('after_party: the record is not as it was (' || count(*) || ')')::int END FROM held`,
  )
  expect(parameters[0]).toBe(rows.parameters[0])
  expect(JSON.parse(String(parameters[1]))).toEqual([
    { k0: '20260101000000', k1: '2', k2: HOSTILE, s0: at.toISOString(), s1: '{}' },
  ])
})

test('MySQL: rows and record are one statement, the rows joined to the record', () => {
  const given = group('mysql')
  const { sql, parameters } = mysql.together.statement(given)(record('mysql'))
  const [, rows, set] = /^UPDATE (.*) SET (.*)$/.exec(mysql.statement(given).sql) ?? []
  expect(sql).toBe(
    `UPDATE \`after_party_task_records\` AS r LEFT JOIN (${rows}) ON TRUE SET ${set}, r.\`leaseUntil\` = ?, r.\`cursor\` = ? WHERE r.\`version\` = ? AND r.\`fence\` = ? AND r.\`cursor\` = ?`,
  )
  expect(parameters.slice(1)).toEqual(['2026-03-29 01:30:00.001', '{}', '20260101000000', '2', HOSTILE])
})

test('MySQL: a key of another character set is compared in that', () => {
  const types = new Map([['i"d`', { type: 'varchar(191)', charset: 'latin1', collation: 'latin1_swedish_ci' }]])
  const { sql } = mysql.statement({ ...group('mysql'), types })
  expect(sql).toContain('= CONVERT(v.k0 USING latin1) COLLATE latin1_swedish_ci SET')
})

test('SQLite: names are quoted, and every value is a parameter that the adapter writes as it always does', () => {
  const { sql, parameters } = sqlite.statement(group('sqlite'))
  expect(sql).toBe(
    `WITH v(c0, c1, c2, c3, c4, c5, c6, c7) AS (VALUES (?, ?, ?, ?, ?, ?, ?, ?), (?, ?, ?, ?, ?, ?, ?, ?)) UPDATE "main"."po""st\`s" AS t SET "t'i; DROP TABLE x --" = v.c1, "json" = v.c2, "at" = v.c3, "big" = v.c4, "bytes" = v.c5, "flag" = v.c6, "price" = v.c7 FROM v WHERE t."i""d\`" = v.c0`,
  )
  expect(parameters.slice(0, 8)).toEqual([
    1,
    HOSTILE,
    JSON.stringify({ a: [HOSTILE] }),
    at,
    2n ** 63n - 1n,
    new Uint8Array([0, 255]),
    true,
    '1.50',
  ])
})

test('SQLite: texts, whole numbers and nulls travel as one JSON text, unless it would not give them back', () => {
  const given = group('sqlite')
  const columns = given.columns.filter(({ field }) => field === 'title' || field === 'json')
  const statementOf = (text: string) =>
    sqlite.statement({
      ...given,
      columns,
      compared: [],
      rows: [
        { key: [1], values: [text, { a: 1 }] },
        { key: [2], values: [null, null] },
      ],
    })
  const { sql, parameters } = statementOf(`'; DROP TABLE "x" \\`)
  expect(sql).toBe(
    `UPDATE "main"."po""st\`s" AS t SET "t'i; DROP TABLE x --" = json_extract(v.value, '$[1]'), "json" = json_extract(v.value, '$[2]') FROM json_each(?) AS v WHERE t."i""d\`" = json_extract(v.value, '$[0]')`,
  )
  expect(JSON.parse(String(parameters[0]))).toEqual([
    [1, `'; DROP TABLE "x" \\`, '{"a":1}'],
    [2, null, null],
  ])
  expect(statementOf('NUL \0').parameters).toHaveLength(6)
})
