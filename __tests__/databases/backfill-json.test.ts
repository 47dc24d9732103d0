import { expect, test } from '@jest/globals'
import { upTo, useBackfills } from '../support/backfills.js'
import type { TestRow } from '../support/databases/test-client.js'
import { describeDatabases } from '../support/databases.js'

/** An object of a class. */
class Odd {
  constructor(readonly text = 'own') {}
}

/** What looks like JSON to JavaScript, and is something of its own to Prisma, or nothing. */
const VALUES: unknown[] = [
  { bytes: new Uint8Array([1, 2]) },
  { buffer: Buffer.from('x') },
  new Uint8Array([1]),
  { at: new Date(0) },
  [new Date(0)],
  new Date(0),
  { own: new Odd() },
  Object.create({ inherited: 1 }),
  Object.assign(Object.create(null), { bare: 1 }),
  new String('boxed'),
  { toJSON: () => ({ as: 'told' }) },
  new Map([[1, 2]]),
  { gone: undefined, kept: 1 },
  { big: 5n },
  JSON.parse('{"__proto__":{"a":1},"b":1}'),
  { $type: 'DateTime', value: '2026-01-01T00:00:00.000Z' },
  { a: { $type: 'BigInt', value: '5' } },
  { __prismaRawParameters__: true, values: '[1]' },
  { constructor: 'x', a: { constructor: null } },
  0.1 + 0.2,
  { sum: 0.1 + 0.2, list: [1 / 3, 1e21, 1e-7, 2 ** 53 + 2, -0, 123456.789] },
  1e21,
  123456789012345680000,
  { '10': 1, b: 2, a: 3, '9': 4 },
  { text: '\u2028<>&/\u007f\u0001é😀' },
  { '\ud800': 1 },
  '\ud800',
  [],
  {},
  [null, [null], { a: null }],
  'text',
  '',
  true,
  0,
  { set: 1 },
  { set: { a: 1 }, b: 2 },
]

/** What Prisma refuses, in every version. */
const REFUSED: [string, unknown][] = [
  ['undefined in a list', [undefined]],
  ['a hole in a list', { a: new Array(2) }],
  ['a function', { a: () => 1 }],
  ['a symbol', [Symbol('x')]],
  ['a date that is none', { a: new Date('x') }],
]

describeDatabases((variant) => {
  const backfills = useBackfills(variant)
  const quoted = (name: string) => (backfills.database.provider === 'mysql' ? `\`${name}\`` : `"${name}"`)

  const raw = () => {
    const { provider } = backfills.database
    const text = (column: string) =>
      ({ postgresql: `${column}::text`, mysql: `HEX(${column})`, sqlite: `typeof(${column}) || quote(${column})` })[
        provider
      ]
    const columns = ['json', 'float', 'decimal'].map((name) => `${text(quoted(name))} AS ${quoted(name)}`)
    return backfills.client.$queryRawUnsafe(
      `SELECT id, ${columns.join(', ')} FROM ${quoted('every thing')} ORDER BY id`,
    )
  }

  const fill = async (rows: number) => {
    await backfills.client.everything.deleteMany({})
    await backfills.client.everything.createMany({ data: Array.from({ length: rows }, (_, row) => ({ id: row + 1 })) })
  }

  /** The data that Prisma takes here, and what it makes of it. */
  const written = async (all: readonly TestRow[]) => {
    const taken: TestRow[] = []
    await fill(1)
    for (const data of all) {
      const isTaken = await backfills.client.everything.update({ where: { id: 1 }, data }).then(
        () => true,
        () => false,
      )
      if (isTaken) taken.push(data)
    }
    await fill(taken.length)
    for (const [row, data] of taken.entries())
      await backfills.client.everything.update({ where: { id: row + 1 }, data })
    return { taken, expected: await raw() }
  }

  const backfill = async (data: readonly TestRow[], batchSize: number) => {
    await fill(data.length)
    const update = ({ id }: { id: number }) => data[id - 1]
    const options = { names: ['backfill'] }
    expect(await backfills.run({ model: 'everything', batchSize, update }, options)).toMatchObject({ outcome: 'done' })
    return raw()
  }

  test('JSON is written as Prisma writes it, whatever else is in its batch', async () => {
    const { JsonNull, DbNull } = backfills.database.nulls
    const values = [...VALUES, JsonNull, DbNull, { a: JsonNull }, { a: DbNull }, [JsonNull]]
    const { taken, expected } = await written(values.map((json) => ({ json })))
    expect(taken.length).toBeGreaterThan(30)
    expect(await backfill(taken, 1)).toEqual(expected)
    expect(await backfill(taken, 100)).toEqual(expected)
  })

  test('numbers have the digits that Prisma gives them, whatever else is in their batch', async () => {
    const floats = [0.1 + 0.2, 1 / 3, 2 / 3, 123456.78901234567, 123456789012345680000, 2 ** 53 + 2, 1e300, -1e-300, -0]
    const decimals = [
      0.1 + 0.2,
      '0.30000000000000004',
      '13792.79115505657591722',
      '12345678901234567890',
      '007',
      '-0.10',
    ]
    const { taken, expected } = await written([
      ...floats.flatMap((float) => [{ float }, { float: { set: float } }]),
      ...decimals.map((decimal) => ({ decimal })),
    ])
    expect(await backfill(taken, 1)).toEqual(expected)
    expect(await backfill(taken, 100)).toEqual(expected)
  })

  test.each(REFUSED)(
    '%s in JSON is refused, as Prisma refuses it, and nothing of its batch is written',
    async (_, json) => {
      for (const others of [{ json: [1] }, { json: backfills.database.nulls.JsonNull }]) {
        await fill(3)
        const before = await raw()
        const update = ({ id }: { id: number }) => (id === 2 ? { json } : others)
        const result = await backfills.run({ model: 'everything', update }, { names: ['backfill'] })
        expect(result).toMatchObject({ outcome: 'failed', error: expect.stringContaining('row 2') })
        expect(await raw()).toEqual(before)
      }
    },
  )

  test('plain JSON is one statement a batch', async () => {
    const plain = [{ a: [1, 'x', true, null, { b: 0.5 }] }, [], 'text', 5, false, structuredClone({ c: [1.25] })]
    await fill(plain.length)
    const update = ({ id }: { id: number }) => ({ json: plain[id - 1] })
    expect(await backfills.run({ model: 'everything', update })).toMatchObject({ outcome: 'done', logs: [] })
    const rows = await backfills.client.everything.findMany({ orderBy: { id: 'asc' } })
    expect(rows.map(({ json }) => json)).toEqual(plain)
  })
})

describeDatabases(
  (variant) => {
    const backfills = useBackfills(variant)

    test('a number is one in every column that holds numbers: the year 0 is not 2000', async () => {
      await backfills.client.$executeRawUnsafe('ALTER TABLE `every thing` MODIFY `count` YEAR')
      const years = [0, 1, 70, 2026]
      await backfills.client.everything.createMany({ data: upTo(2 * years.length).map((id) => ({ id })) })
      for (const [i, count] of years.entries())
        await backfills.client.everything.update({ where: { id: 2 * i + 1 }, data: { count } })
      const update = ({ id }: { id: number }) => (id % 2 ? null : { count: years[id / 2 - 1] })
      expect(await backfills.run({ model: 'everything', update })).toMatchObject({ outcome: 'done', logs: [] })
      const rows = await backfills.client.$queryRawUnsafe(
        'SELECT CAST(`count` AS CHAR) AS year FROM `every thing` ORDER BY id',
      )
      expect(rows.map(({ year }) => year)).toEqual(['0000', '0000', '2001', '2001', '1970', '1970', '2026', '2026'])
    })
  },
  ['mariadb'],
)
