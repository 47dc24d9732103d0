import { expect, test } from '@jest/globals'
import { addPosts, upTo, useBackfills } from '../support/backfills.js'
import type { TestRow } from '../support/databases/test-client.js'
import { watched } from '../support/databases/watched.js'
import { type Database, describeDatabases, type TestClient, type VariantName } from '../support/databases.js'
import fc from '../support/fast-check.js'

const HOSTILE = [
  '',
  '\'; DROP TABLE "every thing"; --',
  '"quoted" `ticked` $1 ? :name @var %s',
  'back\\slash \\" \\\' \\n \\u0041',
  'line\nline\r\ntab\t',
  'emoji 😀 👩‍👩‍👧 ñ 漢字 \u200b\uFEFF',
  '$$ {} [] {"a":1} NULL null',
  ' spaces ',
  '\u0001\u001f\u007f',
]

describeDatabases((variant) => {
  const backfills = useBackfills(variant)

  /** What is in the table, as the database itself tells it. */
  const rawRows = () => dump(backfills.client, backfills.database, 'every thing', EVERYTHING)

  const fill = async (rows: number) => {
    await backfills.client.everything.deleteMany({})
    await backfills.client.everything.createMany({
      data: upTo(rows).map((id) => ({ id, text: `was ${id}`, count: id })),
    })
  }

  /** Writes the same data row by row as Prisma does, and then as a backfill does: the raw rows must be the same. */
  const compare = async (data: readonly TestRow[]) => {
    await fill(data.length + 1)
    for (const [i, each] of data.entries())
      await backfills.client.everything.update({ where: { id: i + 1 }, data: each })
    const expected = await rawRows()
    await fill(data.length + 1)
    const result = await backfills.run(
      {
        model: 'everything',
        select: { id: true },
        batchSize: 7,
        update: ({ id }: { id: number }) => data[id - 1] ?? null,
      },
      { names: ['backfill'] },
    )
    expect(result).toEqual(expect.objectContaining({ outcome: 'done', logs: [] }))
    expect(await rawRows()).toEqual(expected)
  }

  test('random data of every type is written to the bit as Prisma writes it, and nothing else is touched', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyData(variant, backfills.database.nulls), { minLength: 1, maxLength: 20 }), compare),
      { numRuns: 8, endOnFailure: true, includeErrorInReport: true },
    )
  })

  test('texts that look like SQL are texts', async () => {
    await compare(HOSTILE.map((text) => ({ text })))
    await compare(HOSTILE.map((text) => ({ json: { [text]: [text, { deep: text }] } })))
    await compare(HOSTILE.map((text) => ({ json: text })))
  })

  test('the odd ends of every type', async () => {
    const { DbNull } = backfills.database.nulls
    await compare([
      { count: 2147483647, float: 5e-324, big: 9007199254740991n, decimal: '0', flag: false },
      { count: -2147483648, float: 1e300, big: -9007199254740991n, decimal: '-12345.678', flag: true },
      { count: 0, float: -0.1, big: 0n, decimal: 0.1, at: new Date('1970-01-01T00:00:00.000Z') },
      { text: null, count: null, big: null, float: null, decimal: null, flag: null, at: null, bytes: null, mood: null },
      { json: DbNull, bytes: new Uint8Array(), at: new Date('2026-03-29T01:30:00.001Z') },
      { json: {}, bytes: new Uint8Array([0, 39, 34, 92, 255]), at: '2026-12-31T23:59:59.999Z', mood: 'Wild' },
      { json: [], at: '2026-12-31T23:59:59+05:30', mood: { set: 'Calm' }, times: { set: 3 } },
      { json: { set: 1, nested: [null, true, 1.5, { a: null, 'b"c': '\\' }] }, big: 12 },
      { float: 168650324297367000 },
      { float: -9007199254740992 },
      { json: false, text: { set: 'set' }, count: undefined },
      { json: 0 },
      { json: { set: [1] } },
      {},
      { text: undefined },
    ])
  })

  const big = variant === 'sqlite-libsql' || variant === 'sqlite-prisma6' ? test.skip : test
  big('integers beyond what JavaScript numbers hold keep every digit', () =>
    compare([{ big: 9223372036854775807n }, { big: -9223372036854775808n }, { big: 9007199254740993n }]),
  )

  test('rows that set different fields keep the others', () =>
    compare([{ text: 'a' }, { count: 5 }, { text: 'b', count: 6 }, { count: 7, text: 'c' }, {}, { flag: true }]))

  test('one statement a batch, whatever the order of the fields', async () => {
    await fill(30)
    const statements: string[] = []
    const client = watched(backfills.database, statements)
    const update = ({ id }: { id: number }) => (id % 2 ? { text: 'x', count: 1 } : { count: 1, text: 'y' })
    expect(await backfills.run({ model: 'everything', batchSize: 10, update }, {}, client)).toMatchObject({
      processed: 30,
    })
    const updates = statements.filter((sql) => /UPDATE/.test(sql) && /every thing/.test(sql))
    expect(updates).toHaveLength(3)
    const selects = statements.filter((sql) => /^SELECT/.test(sql) && /every thing/.test(sql) && !/COUNT/.test(sql))
    // To begin with the last row, and where the table is (once a run); then a page for each batch.
    expect(selects.length).toBeLessThanOrEqual(5)
  })

  test('null, or nothing, leaves a row alone, @updatedAt and all', async () => {
    const was = new Date('2020-01-01T00:00:00.000Z')
    await backfills.client.stamped.createMany({ data: upTo(4).map((id) => ({ id, title: 'old', updatedAt: was })) })
    const given = [{ title: 'new' }, null, undefined, {}]
    await backfills.run({ model: 'stamped', update: ({ id }: { id: number }) => given[id - 1] })
    const rows = await backfills.client.stamped.findMany({ orderBy: { id: 'asc' } })
    const [touched, ...others] = rows as { title: string; updatedAt: Date }[]
    expect(touched?.title).toBe('new')
    expect(touched?.updatedAt.getTime()).toBeGreaterThan(was.getTime())
    // As Prisma does: an update of nothing is none.
    await backfills.client.stamped.update({ where: { id: 3 }, data: {} })
    const plain = await backfills.client.stamped.findUnique({ where: { id: 3 } })
    expect(others.map(({ updatedAt }) => updatedAt)).toEqual([was, was, plain?.updatedAt])
  })

  test('a given @updatedAt is kept', async () => {
    const was = new Date('2020-01-01T00:00:00.000Z')
    await backfills.client.stamped.createMany({ data: [{ id: 1, title: 'old' }] })
    await backfills.run({ model: 'stamped', update: () => ({ title: 'new', updatedAt: was }) })
    expect(await backfills.client.stamped.findMany()).toEqual([{ id: 1, title: 'new', updatedAt: was }])
  })

  test('what has no plain value is left to Prisma, for that batch, and said once', async () => {
    await backfills.client.author.createMany({ data: [{ id: 1, name: 'Ada' }] })
    await fill(9)
    const { JsonNull } = backfills.database.nulls
    const result = await backfills.run({
      model: 'everything',
      batchSize: 3,
      update: ({ id }: { id: number }) =>
        [{ times: { increment: 2 }, json: JsonNull }, { author: { connect: { id: 1 } } }, { text: 'plain' }][id % 3],
    })
    expect(result).toMatchObject({ outcome: 'done', processed: 9 })
    expect(result.logs).toHaveLength(1)
    expect(result.logs[0]).toContain('one by one')
    expect(await backfills.client.everything.count({ where: { times: 2 } })).toBe(3)
    expect(await backfills.client.everything.count({ where: { authorId: 1 } })).toBe(3)
    expect(await backfills.client.everything.count({ where: { text: 'plain' } })).toBe(3)
  })

  test('a relation to a row that is not there fails the row, rather than leave it as it was', async () => {
    await fill(2)
    const result = await backfills.run({ model: 'everything', update: () => ({ author: { connect: { id: 404 } } }) })
    expect(result).toMatchObject({ outcome: 'failed', error: expect.stringContaining('row 1:') })
  })

  test('a row that is deleted under a batch is passed over, in one statement or row by row', async () => {
    for (const data of [{ text: 'x' }, { text: 'x', times: { increment: 1 } }]) {
      await fill(4)
      const result = await backfills.run(
        {
          model: 'everything',
          transaction: false,
          update: async ({ id }: { id: number }) => {
            if (id === 2) await backfills.client.everything.deleteMany({ where: { id: 3 } })
            return data
          },
        },
        { names: ['backfill'] },
      )
      expect(result).toMatchObject({ outcome: 'done', processed: 4 })
      expect(await backfills.client.everything.count({ where: { text: 'x' } })).toBe(3)
    }
  })

  test('an extension that hooks updates sees every one of them', async () => {
    await addPosts(backfills.client, upTo(5))
    const seen: unknown[] = []
    const hooked = backfills.database.client().$extends({
      query: {
        post: {
          async update({ args, query }: { args: { where: { id: unknown } }; query(args: object): Promise<unknown> }) {
            seen.push(args.where.id)
            return query(args)
          },
        },
      },
    })
    const result = await backfills.run({ model: 'post', batchSize: 2, update: () => ({ slug: 'x' }) }, {}, hooked)
    expect(result).toMatchObject({ outcome: 'done', logs: [expect.stringContaining('extension')] })
    expect(seen).toEqual([1, 2, 3, 4, 5])
    expect(await backfills.client.post.count({ where: { slug: 'x' } })).toBe(5)
  })

  test('an extension that adds fields leaves one statement a batch', async () => {
    await addPosts(backfills.client, upTo(3))
    const extended = backfills.database.client().$extends({
      result: { post: { shout: { needs: { title: true }, compute: ({ title }: { title: string }) => `${title}!` } } },
    })
    const update = ({ shout }: { shout: string }) => ({ slug: shout })
    const result = await backfills.run({ model: 'post', update }, {}, extended)
    expect(result).toMatchObject({ outcome: 'done', logs: [] })
    expect(await backfills.client.post.count({ where: { slug: 'post 3!' } })).toBe(1)
  })

  test.each([
    { what: 'a text in a number', data: { count: 'many' } },
    { what: 'half a number', data: { count: 1.5 } },
    { what: 'no number', data: { count: Number.NaN } },
    { what: 'too great a number', data: { count: 2 ** 31 } },
    { what: 'an infinite number', data: { float: Number.POSITIVE_INFINITY } },
    { what: 'an unknown value of an enum', data: { mood: 'Glum' } },
    { what: 'a date that is none', data: { at: new Date('x') } },
    { what: 'a date that is half', data: { at: '2026-01-01' } },
    { what: 'an unknown field', data: { txet: 'x' } },
    { what: 'null where there must be a value', data: { times: null } },
    { what: 'a plain null in a Json field', data: { json: null } },
    { what: 'a number in a text', data: { text: 5 } },
    { what: 'a number in a BigInt', data: { big: 2 ** 60 } },
    { what: 'a text in bytes', data: { bytes: 'AAEC' } },
  ])('$what is taken or refused as Prisma does it, with nothing of the batch written then', async ({ data }) => {
    await fill(2)
    const before = await rawRows()
    const taken = await backfills.client.everything.update({ where: { id: 1 }, data }).then(
      () => true,
      () => false,
    )
    if (taken) await backfills.client.everything.update({ where: { id: 2 }, data: { text: 'x' } })
    const expected = taken ? await rawRows() : before
    await fill(2)
    const result = await backfills.run({
      model: 'everything',
      update: ({ id }: { id: number }) => (id === 1 ? data : { text: 'x' }),
    })
    expect(result.outcome).toBe(taken ? 'done' : 'failed')
    if (!taken) expect(result.error).toContain('row 1:')
    expect(await rawRows()).toEqual(expected)
  })

  test('many rows of many columns are more statements where the database takes no more values', async () => {
    await fill(3500)
    const data = {
      text: 'x',
      count: 1,
      big: 2n,
      float: 0.5,
      flag: true,
      at: new Date(0),
      mood: 'Wild',
      json: [1],
      times: 7,
    }
    const update = () => data
    expect(await backfills.run({ model: 'everything', batchSize: 5000, update })).toMatchObject({
      outcome: 'done',
      logs: [],
    })
    expect(await backfills.client.everything.count({ where: { times: 7, text: 'x', mood: 'Wild' } })).toBe(3500)
  })
})

describeDatabases(
  (variant) => {
    const backfills = useBackfills(variant)
    const ids = ['11111111-1111-4111-8111-111111111111', '22222222-2222-4222-8222-222222222222']
    const rows: TestRow[] = [
      {
        tags: ['a', '', 'q"\'\\{},', '😀', 'NULL'],
        numbers: [1, -2, 0],
        moods: ['Wild', 'Calm'],
        jsons: [{ a: [1, null] }, 'text', 5, [1]],
        short: 'vwxyz',
        fixed: 'ab',
        owner: 'ABCDEF00-0000-4000-8000-000000000001',
        small: 32767,
        real: 0.1,
        money: '12345678.99',
        plain: { b: 1, a: [1.0, 'x', null] },
        day: new Date('2026-02-28T00:00:00.000Z'),
        time: new Date('1970-01-01T23:59:59.123Z'),
        zoned: new Date('2026-03-29T01:30:00.123Z'),
      },
      {
        tags: [],
        numbers: { set: [7] },
        moods: [],
        jsons: [],
        short: null,
        plain: 'x',
        time: new Date('2020-01-01T01:02:03Z'),
        day: new Date('2026-01-01T23:00:00Z'),
      },
    ]

    test('lists and native types are written as Prisma writes them', async () => {
      const native = backfills.client.native
      const fill = async () => {
        await native.deleteMany({})
        await native.createMany({ data: ids.map((id) => ({ id })) })
      }
      const raw = () => backfills.client.$queryRawUnsafe('SELECT t::text AS raw FROM "Native" t ORDER BY id')
      await fill()
      for (const [i, data] of rows.entries()) await native.update({ where: { id: ids[i] }, data })
      const expected = await raw()
      await fill()
      const update = ({ id }: { id: string }) => rows[ids.indexOf(id)]
      expect(await backfills.run({ model: 'native', update })).toEqual(
        expect.objectContaining({ outcome: 'done', logs: [] }),
      )
      expect(await raw()).toEqual(expected)
    })

    test('a list of Json that begins with an array keeps its elements', async () => {
      await backfills.client.native.deleteMany({})
      await backfills.client.native.createMany({ data: ids.map((id) => ({ id })) })
      const jsons = [[1], [2, [3]], 'x']
      expect(await backfills.run({ model: 'native', update: () => ({ jsons }) })).toMatchObject({ outcome: 'done' })
      const natives = (await backfills.client.native.findMany()) as unknown as { jsons: unknown }[]
      expect(natives.map(({ jsons }) => jsons)).toEqual([jsons, jsons])
    })

    test.each([{ short: '123456' }, { small: 40_000 }, { owner: 'no uuid' }, { money: '123456789.99' }])(
      '%j fails rather than be cut',
      async (data) => {
        await backfills.client.native.deleteMany({})
        await backfills.client.native.createMany({ data: ids.map((id) => ({ id })) })
        expect(await backfills.run({ model: 'native', update: () => data })).toMatchObject({ outcome: 'failed' })
        expect(
          await backfills.client.native.count({ where: { short: null, small: null, owner: null, money: null } }),
        ).toBe(2)
      },
    )

    test('a table of another schema, that the adapter names, is the one that is written', async () => {
      await backfills.client.$executeRawUnsafe('CREATE SCHEMA IF NOT EXISTS tenant')
      await backfills.client.$executeRawUnsafe('CREATE TABLE tenant."Post" (LIKE public."Post" INCLUDING ALL)')
      await addPosts(backfills.client, upTo(2))
      await backfills.client.$executeRawUnsafe('INSERT INTO tenant."Post" SELECT * FROM public."Post"')
      const client = backfills.database.client(5, {}, { schema: 'tenant' })
      expect(
        await backfills.run({ model: 'post', transaction: false, update: () => ({ slug: 'x' }) }, {}, client),
      ).toEqual(
        expect.objectContaining({
          processed: 2,
        }),
      )
      expect(await backfills.client.post.count({ where: { slug: null } })).toBe(2)
      const [{ n } = { n: 0 }] = await backfills.client.$queryRawUnsafe<{ n: unknown }>(
        `SELECT count(*) AS n FROM tenant."Post" WHERE slug = 'x'`,
      )
      expect(Number(n)).toBe(2)
    })
  },
  ['postgresql', 'postgresql-pgbouncer', 'postgresql-prisma6'],
)

describeDatabases(
  (variant) => {
    const backfills = useBackfills(variant)
    const rows: TestRow[] = [
      {
        short: 'vwxyz',
        long: 'x'.repeat(100_000),
        fixed: 'ab',
        bit: true,
        huge: 9223372036854775807n,
        money: '12345678.99',
        day: new Date('2026-02-28T00:00:00.000Z'),
        time: new Date('1970-01-01T23:59:59.123Z'),
        stamp: new Date('2026-03-29T01:30:00.123Z'),
        blob: new Uint8Array([0, 1, 255]),
      },
      { bit: false, day: new Date('2026-01-01T23:00:00Z'), time: new Date('2020-01-01T01:02:03Z'), short: null },
    ]
    const fill = async () => {
      await backfills.client.native.deleteMany({})
      await backfills.client.native.createMany({ data: rows.map((_, i) => ({ id: 4294967290 - i })) })
    }

    test('native types are written as Prisma writes them', async () => {
      const raw = () =>
        backfills.client.$queryRawUnsafe(
          'SELECT id, short, MD5(`long`), fixed, HEX(bit), CAST(huge AS CHAR), money, day, CAST(`time` AS CHAR), CAST(stamp AS CHAR), HEX(`blob`) FROM Native ORDER BY id',
        )
      await fill()
      for (const [i, data] of rows.entries())
        await backfills.client.native.update({ where: { id: 4294967290 - i }, data })
      const expected = await raw()
      await fill()
      const update = ({ id }: { id: number }) => rows[4294967290 - id]
      expect(await backfills.run({ model: 'native', update })).toEqual(
        expect.objectContaining({ outcome: 'done', logs: [] }),
      )
      expect(await raw()).toEqual(expected)
    })

    test.each([{ short: '123456' }, { money: '123456789.99' }, { huge: -1n }])(
      '%j fails rather than be cut',
      async (data) => {
        await fill()
        const given = 'huge' in data ? { huge: -1n } : data
        expect(await backfills.run({ model: 'native', update: () => given })).toMatchObject({ outcome: 'failed' })
        expect(await backfills.client.native.count({ where: { short: null, money: null, huge: null } })).toBe(2)
      },
    )
  },
  ['mariadb'],
)

const EVERYTHING = [
  'id',
  "the user's text",
  'count',
  'big',
  'float',
  'decimal',
  'flag',
  'at',
  'json',
  'bytes',
  'order',
  'times',
  'authorId',
]

/** A table as text, so that nothing is lost on the way. */
async function dump(
  client: TestClient,
  { provider }: Database,
  table: string,
  columns: readonly string[],
): Promise<unknown[]> {
  const quote = provider === 'mysql' ? '`' : '"'
  const quoted = (name: string) => `${quote}${name}${quote}`
  const text = (column: string) =>
    ({
      postgresql: `${quoted(column)}::text`,
      mysql: `HEX(${quoted(column)})`,
      sqlite: `typeof(${quoted(column)}) || ':' || quote(${quoted(column)})`,
    })[provider]
  const list = columns.map((column, i) => `${text(column)} AS c${i}`).join(', ')
  return client.$queryRawUnsafe(`SELECT ${list} FROM ${quoted(table)} ORDER BY ${quoted('id')}`)
}

/** Prisma rounds a Float to 16 digits on its way, and those in Json too; the statement of a batch keeps all. */
function asPrismaKeepsIt(value: number): number {
  return Number(value.toPrecision(15))
}

function shortNumber(value: number): number {
  return Math.round((value % 1e6) * 100) / 100
}

function anyData(variant: VariantName, { DbNull }: Database['nulls']): fc.Arbitrary<TestRow> {
  const postgresql = variant.startsWith('postgresql')
  const most = variant === 'sqlite-libsql' || variant === 'sqlite-prisma6' ? 2n ** 53n - 1n : 2n ** 63n - 1n
  // PostgreSQL holds no NUL, in texts or in jsonb.
  const text = fc
    .oneof(
      fc.string({ unit: 'binary', maxLength: 30 }),
      fc.string({ unit: 'grapheme', maxLength: 30 }),
      fc.constantFrom(...HOSTILE),
    )
    .map((each) => (postgresql ? each.replaceAll('\0', '') : each))
  const json = fc
    .jsonValue({ stringUnit: 'binary', maxDepth: 3 })
    .map((value) =>
      JSON.parse(JSON.stringify(value), (_, each) => (typeof each === 'number' ? shortNumber(each) : each)),
    )
    // What is left to Prisma, which is logged: `backfill-every-type` has it.
    .filter((value) => value !== null && !/\\u0000|__proto__/.test(JSON.stringify(value)))
  const maybe = <T>(each: fc.Arbitrary<T>) =>
    fc.oneof(
      { weight: 8, arbitrary: each },
      { weight: 1, arbitrary: fc.constant(null) },
      { weight: 1, arbitrary: each.map((set) => ({ set })) },
      { weight: 1, arbitrary: fc.constant(undefined) },
    )
  return fc.record(
    {
      text: maybe(text),
      count: maybe(fc.integer()),
      big: maybe(fc.bigInt({ min: -most, max: most })),
      float: maybe(fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e300, max: 1e300 }).map(asPrismaKeepsIt)),
      decimal: maybe(
        fc
          .tuple(fc.integer({ min: -999_999, max: 999_999 }), fc.integer({ min: 1, max: 999 }))
          .map(([whole, part]) => `${whole}.${part}`),
      ),
      flag: maybe(fc.boolean()),
      at: maybe(fc.date({ min: new Date('1000-01-01'), max: new Date('9999-12-31'), noInvalidDate: true })),
      json: fc.oneof({ weight: 8, arbitrary: json }, { weight: 1, arbitrary: fc.constant(DbNull) }),
      bytes: maybe(fc.uint8Array({ maxLength: 40 })),
      mood: maybe(fc.constantFrom('Calm', 'Wild')),
      times: fc.nat(1000),
    },
    { requiredKeys: [] },
  )
}

describeDatabases(
  (variant) => {
    const backfills = useBackfills(variant)

    test.each(['utf8mb3 COLLATE utf8mb3_general_ci', 'ascii COLLATE ascii_bin', 'latin1 COLLATE latin1_swedish_ci'])(
      'rows are found by a text key of another character set: %s',
      async (charset) => {
        await backfills.client.$executeRawUnsafe(
          `ALTER TABLE KeyText MODIFY id VARCHAR(191) CHARACTER SET ${charset} NOT NULL`,
        )
        const keys = backfills.client.keyText
        await keys.createMany({ data: ['a', 'b', 'c'].map((id) => ({ id })) })
        expect(await backfills.run({ model: 'keyText', batchSize: 2, update: () => ({ times: 1 }) })).toMatchObject({
          outcome: 'done',
          processed: 3,
          logs: [],
        })
        expect(await keys.count({ where: { times: 1 } })).toBe(3)
      },
    )
  },
  ['mariadb'],
)
