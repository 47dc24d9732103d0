/** Random values of every type that Prisma knows: `update` leaves the same bytes as Prisma's own, or the same refusal. */
import { beforeAll, expect, test } from '@jest/globals'
import { upTo, useBackfills } from '../support/backfills.js'
import { everyVariant } from '../support/databases/servers.mjs'
import type { TestDelegate, TestRow } from '../support/databases/test-client.js'
import { describeDatabases, type TestClient, type VariantName } from '../support/databases.js'
import fc from '../support/fast-check.js'

const ROWS = 8
const RUNS = everyVariant ? 12 : 4

type Values = Record<string, fc.Arbitrary<unknown>>

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.constantFrom('', ' x ', 'a\0b', '\\N "{}', '𝄞\ud800'),
)
const whole = (bits: number, unsigned = false) => {
  const [min, max] = unsigned ? [0n, 2n ** BigInt(bits)] : [-(2n ** BigInt(bits - 1)), 2n ** BigInt(bits - 1)]
  // The ends, and one past each.
  const ends = fc.constantFrom(min - 1n, min, max - 1n, max, 0n)
  return fc.oneof({ weight: 4, arbitrary: fc.bigInt(min, max - 1n) }, ends)
}
const int = (bits: number, unsigned = false) => whole(bits, unsigned).map(Number)
const double = fc.oneof(fc.double(), fc.integer(), fc.constantFrom(0.1, -0, 1e21, 5e-324, 1 / 3))
const decimal = (digits: number, scale: number) =>
  fc
    .tuple(fc.bigInt(0n, 10n ** BigInt(digits)), fc.integer({ min: 0, max: scale }), fc.boolean())
    .map(([number, at, negative]) => {
      const shown = number.toString().padStart(at + 1, '0')
      const point = at === 0 ? shown : `${shown.slice(0, -at)}.${shown.slice(-at)}`
      return `${negative ? '-' : ''}${point}`
    })
const date = fc.oneof(
  fc.date({ min: new Date('0001-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59.999Z'), noInvalidDate: true }),
  fc.date({ min: new Date('1971-01-01T00:00:00Z'), max: new Date('2037-12-31T23:59:59.999Z'), noInvalidDate: true }),
)
const bytes = fc.uint8Array({ maxLength: 8 }).map((given) => new Uint8Array(given))
const json = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constantFrom({ a: null }, [null], 'text', 0, { 'k\0': 1 }))
const mood = fc.constantFrom('Calm', 'Wild')
const bits = fc.string({ unit: fc.constantFrom('0', '1'), maxLength: 7 })
const uuid = fc.oneof(
  fc.uuid(),
  fc.uuid().map((id) => id.toUpperCase()),
  fc.uuid().map((id) => id.replaceAll('-', '')),
  fc.constantFrom('', 'no uuid'),
)
const some = (one: fc.Arbitrary<unknown>) => fc.array(one, { maxLength: 3 })

const COMMON: Values = {
  int: int(32),
  bigInt: whole(64),
  double,
  decimal: decimal(11, 6),
  numeric: decimal(30, 12),
  bool: fc.boolean(),
  text,
  varChar: fc.string({ unit: 'grapheme', maxLength: 9 }),
  char: fc.string({ unit: 'grapheme', maxLength: 7 }),
  smallInt: int(16),
  bytes,
  date,
  json,
  mood,
}

const POSTGRESQL: Values = {
  ...COMMON,
  oid: int(32, true),
  real: double,
  money: decimal(12, 4),
  uuid,
  inet: fc.oneof(
    fc.ipV4(),
    fc.ipV6(),
    fc.ipV4().map((ip) => `${ip}/24`),
    fc.constantFrom('', '1.2.3'),
  ),
  bit: bits,
  varBit: bits,
  xml: fc.constantFrom('<a/>', '<a b="c">&amp; é</a>', 'text', '<a>', ''),
  time: date,
  timetz: date,
  stamp0: date,
  stamp3: date,
  zoned3: date,
  zoned6: date,
  jsonB: json,
  texts: some(text),
  ints: some(int(32)),
  bigInts: some(whole(64)),
  doubles: some(double),
  decimals: some(decimal(20, 6)),
  bools: some(fc.boolean()),
  stamps: some(date),
  zoneds: some(date),
  uuids: some(uuid),
  moods: some(mood),
  blobs: some(bytes),
  jsons: some(json),
  ciText: text,
}

const MYSQL: Values = {
  ...COMMON,
  tinyInt: int(8),
  uTinyInt: int(8, true),
  uSmallInt: int(16, true),
  mediumInt: int(24),
  uMediumInt: int(24, true),
  uInt: int(32, true),
  uBigInt: whole(64, true),
  year: fc.oneof(fc.integer({ min: 1901, max: 2155 }), fc.constantFrom(0, 70, 1900, 2156)),
  float: double,
  bit1: fc.boolean(),
  bit8: bytes,
  longText: text,
  tinyText: text,
  mediumText: text,
  binary: bytes,
  varBinary: bytes,
  tinyBlob: bytes,
  blob: bytes,
  mediumBlob: bytes,
  time0: date,
  time3: date,
  dateTime0: date,
  dateTime3: date,
  dateTime6: date,
  stamp0: date,
  stamp3: date,
}

const SQLITE: Values = {
  text,
  count: int(32),
  big: whole(64),
  float: double,
  decimal: decimal(30, 12),
  flag: fc.boolean(),
  at: date,
  json,
  bytes,
  mood,
}

interface Typed {
  model: 'typed' | 'everything'
  values: Values
  /** All that the table holds, exactly. */
  raw(columns: readonly string[]): string
  /** Of the sessions that write. */
  zones: readonly string[]
  /** What to add to the address of the database for a session of a zone. */
  inZone(zone: string): string
  /** What a migration can't write. */
  prepare?: readonly string[]
}

const DATABASES: Record<'postgresql' | 'mysql' | 'sqlite', Typed> = {
  postgresql: {
    model: 'typed',
    values: POSTGRESQL,
    raw: () => 'SELECT id, t::text AS raw FROM "Typed" t ORDER BY id',
    zones: ['UTC', 'America/New_York', 'Asia/Kathmandu'],
    inZone: (zone) => `?options=${encodeURIComponent(`-c TimeZone=${zone}`)}`,
    prepare: ['CREATE EXTENSION IF NOT EXISTS citext', 'ALTER TABLE "Typed" ALTER "ciText" TYPE citext'],
  },
  mysql: {
    model: 'typed',
    values: MYSQL,
    raw: (columns) =>
      `SELECT id, ${columns.map((name) => `HEX(CONCAT(\`${name}\`)) AS \`${name}\``).join(', ')} FROM Typed ORDER BY id`,
    zones: ['+00:00', '-05:00', '+05:45'],
    inZone: (zone) => `?sessionVariables=${encodeURIComponent(JSON.stringify({ time_zone: zone }))}`,
  },
  sqlite: {
    model: 'everything',
    values: SQLITE,
    raw: () =>
      `SELECT id, ${['"the user\'s text"', 'count', 'big', 'float', 'decimal', 'flag', 'at', 'json', 'bytes', '"order"']
        .map((name, i) => `quote(${name}) AS c${i}`)
        .join(', ')} FROM "every thing" ORDER BY id`,
    zones: ['UTC'],
    inZone: () => '',
  },
}

function kindOf(variant: VariantName): keyof typeof DATABASES {
  if (variant.startsWith('sqlite')) return 'sqlite'
  return variant === 'mariadb' ? 'mysql' : 'postgresql'
}

describeDatabases((variant) => {
  const backfills = useBackfills(variant)
  const kind = kindOf(variant)
  const { model, raw, zones, inZone, prepare = [] } = DATABASES[kind]
  const values = { ...DATABASES[kind].values }
  // What the client writes and then can't read back: whole numbers past 2^53, and amounts of money.
  if (variant === 'sqlite-libsql' || variant === 'sqlite-prisma6')
    Object.assign(values, { big: fc.maxSafeInteger().map(BigInt), decimal: decimal(15, 12) })
  if (variant === 'postgresql-prisma6') delete values.money

  beforeAll(async () => {
    for (const sql of prepare) await backfills.client.$executeRawUnsafe(sql)
  })

  /** Some columns, and rows with a value of each: what one statement writes. */
  const batches = fc.subarray(Object.keys(values), { minLength: 1, maxLength: 4 }).chain((columns) =>
    fc.array(
      fc.record(Object.fromEntries(columns.map((name) => [name, fc.option(values[name] ?? fc.nat(), { freq: 9 })]))),
      {
        minLength: ROWS,
        maxLength: ROWS,
      },
    ),
  )

  test.each(zones)('every value arrives as Prisma’s own update writes it, in a session of %s', async (zone) => {
    const client: TestClient = backfills.database.clientAt(`${backfills.database.url}${inZone(zone)}`)
    const delegate = (backfills.client as unknown as Record<string, TestDelegate<TestRow>>)[model]
    const writing = (client as unknown as Record<string, TestDelegate<TestRow>>)[model]
    if (!delegate || !writing) throw new Error(`no model ${model}`)
    const fill = async () => {
      await delegate.deleteMany({})
      await delegate.createMany({ data: upTo(ROWS).map((id) => ({ id })) })
    }
    await fc.assert(
      fc.asyncProperty(batches, async (rows) => {
        const columns = Object.keys(rows[0] ?? {})
        const look = () => backfills.client.$queryRawUnsafe(raw(columns))
        await fill()
        const refused: string[] = []
        for (const [i, data] of rows.entries())
          await writing.update({ where: { id: i + 1 }, data }).catch(() => refused.push(`${i + 1}`))
        const wanted = await look()
        await fill()
        const result = await backfills.run(
          {
            model,
            select: { id: true },
            onError: 'skip',
            update: (row: { id: number }) => rows[row.id - 1],
          },
          { names: ['backfill'] },
          client,
        )
        expect(result).toMatchObject({ outcome: 'done', processed: ROWS })
        expect(await look()).toEqual(wanted)
        const skipped = result.logs.flatMap((line) => /^skipped (\d+):/.exec(line)?.[1] ?? [])
        expect(skipped.toSorted()).toEqual(refused.toSorted())
        await backfills.party({ model, update: () => null }).mark({ names: ['backfill'], as: 'pending' })
      }),
      { numRuns: RUNS },
    )
  })
})
