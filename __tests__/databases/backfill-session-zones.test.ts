import { expect, test } from '@jest/globals'
import { defineBackfill } from '../../src/define/backfill.js'
import type { PrismaClientLike } from '../../src/define/config.js'
import { createAfterParty } from '../../src/party.js'
import { type LooseBackfill, runOnce, useBackfills, VERSION } from '../support/backfills.js'
import type { TestRow } from '../support/databases/test-client.js'
import { type Database, describeDatabases, type TestClient } from '../support/databases.js'

/** Moments that clocks make trouble of: summer, winter, an hour that is left out, one that comes twice, long ago. */
const MOMENTS = [
  '2026-07-01T12:00:00.123Z',
  '2026-01-01T00:00:00.000Z',
  '2026-03-08T02:30:00.000Z',
  '2026-11-01T01:30:00.500Z',
  '1850-05-05T05:05:05.050Z',
].map((text) => new Date(text))

interface Engine {
  adapter: { adapterName: string }
}

/** A client whose adapter is one that we know nothing of. */
function stranger(client: TestClient): TestClient {
  const { _engineConfig: engine } = client as unknown as { _engineConfig: Engine }
  Object.defineProperty(engine.adapter, 'adapterName', { value: 'a-team-s-own' })
  return client
}

const inZone = (database: Database, zone: string) =>
  database.clientAt(`${database.url}?options=${encodeURIComponent(`-c TimeZone=${zone}`)}`)

describeDatabases(
  (variant) => {
    const backfills = useBackfills(variant)
    const uuid = (row: number) => `${String(row).padStart(8, '0')}-0000-4000-8000-000000000000`
    const rows: TestRow[] = [
      ...MOMENTS.map((at) => ({ zoned: at, day: at, time: at })),
      { zoned: { set: MOMENTS[0] } },
      { zoned: '2026-06-01T00:00:00+05:45', day: null },
    ]

    /** What each of two ways to write makes of the same rows, as the database itself tells it. */
    const compare = async (client: TestClient, more: Partial<LooseBackfill>) => {
      const fill = async () => {
        await backfills.client.native.deleteMany({})
        await backfills.client.native.createMany({
          data: rows.map((_, row) => ({ id: uuid(row), zoned: MOMENTS[row % 2] })),
        })
      }
      const raw = () => backfills.client.$queryRawUnsafe('SELECT t::text AS raw FROM "Native" t ORDER BY id')
      await fill()
      for (const [row, data] of rows.entries()) await client.native.update({ where: { id: uuid(row) }, data })
      const expected = await raw()
      await fill()
      const update = ({ id }: { id: string }) => rows[Number(id.slice(0, 8))]
      const result = await backfills.run({ model: 'native', update, ...more }, { names: ['backfill'] }, client)
      expect(await raw()).toEqual(expected)
      return result
    }

    test.each(['UTC', 'America/New_York', 'Asia/Kathmandu', 'Pacific/Apia'])(
      'in a session of %s, times are the moments that Prisma writes, in one statement a batch',
      async (zone) => {
        const client = inZone(backfills.database, zone)
        expect(await compare(client, {})).toMatchObject({ outcome: 'done', logs: [] })
        expect(await compare(client, { transaction: false })).toMatchObject({ outcome: 'done', logs: [] })
      },
    )

    test('a time that is only moved from one field to another stays what it was', async () => {
      await backfills.client.native.deleteMany({})
      await backfills.client.native.createMany({ data: [{ id: uuid(1) }] })
      await backfills.client.$executeRawUnsafe(`UPDATE "Native" SET zoned = '2026-07-01 12:00:00Z'`)
      const client = inZone(backfills.database, 'America/New_York')
      await backfills.run({ model: 'native', update: ({ zoned }: TestRow) => ({ zoned }) }, {}, client)
      const [row] = await backfills.client.$queryRawUnsafe(
        `SELECT zoned = '2026-07-01 12:00:00Z'::timestamptz AS same FROM "Native"`,
      )
      expect(row).toEqual({ same: true })
    })

    test('through an adapter that is not known, Prisma writes times with a zone, unless the session has UTC', async () => {
      const far = await compare(stranger(inZone(backfills.database, 'Asia/Kathmandu')), {})
      expect(far).toMatchObject({ outcome: 'done', logs: [expect.stringContaining('zoned')] })
      const near = await compare(stranger(inZone(backfills.database, 'Etc/UTC')), {})
      expect(near).toMatchObject({ outcome: 'done', logs: [] })
    })

    test('`@updatedAt` with a zone is now', async () => {
      await backfills.client.stamped.createMany({ data: [1, 2].map((id) => ({ id, title: 'old' })) })
      await backfills.client.$executeRawUnsafe('ALTER TABLE "Stamped" ALTER "updated_at" TYPE timestamptz')
      const client = inZone(backfills.database, 'America/New_York')
      expect(await backfills.run({ model: 'stamped', update: () => ({ title: 'new' }) }, {}, client)).toMatchObject({
        outcome: 'done',
        logs: [],
      })
      await client.stamped.update({ where: { id: 2 }, data: { title: 'newer' } })
      const [row] = await backfills.client.$queryRawUnsafe(
        `SELECT max(updated_at) - min(updated_at) < interval '5 minutes' AS near FROM "Stamped"`,
      )
      expect(row).toEqual({ near: true })
    })

    /** Rows that are walked by a time with a zone, `times` of each its number. */
    const keyed = async (texts: readonly string[]) => {
      await backfills.client.keyDate.deleteMany({})
      await backfills.client.$executeRawUnsafe('ALTER TABLE "KeyDate" ALTER id TYPE timestamptz')
      for (const [i, text] of texts.entries())
        await backfills.client.$executeRawUnsafe(`INSERT INTO "KeyDate" VALUES ('${text}', ${i + 1})`)
    }
    const add100 = {
      model: 'keyDate',
      batchSize: 2,
      update: ({ times }: { times: number }) => ({ times: times + 100 }),
    }
    const times = () => backfills.client.$queryRawUnsafe('SELECT times FROM "KeyDate" ORDER BY id')

    test('rows are found by a time with a zone, each of them and no neighbour', async () => {
      await keyed(['2026-07-01 10:00Z', '2026-07-01 14:00Z', '2026-07-01 18:00Z', '2026-07-01 22:00Z'])
      const client = inZone(backfills.database, 'America/New_York')
      const result = await backfills.run(add100, {}, client)
      expect(result).toMatchObject({ outcome: 'done', processed: 4, logs: [] })
      expect(await times()).toEqual([101, 102, 103, 104].map((times) => ({ times })))
    })

    test.each([
      ['in one statement', add100],
      ['one by one', { ...add100, update: () => ({ times: { increment: 100 } }) }],
    ])('a row whose clock comes twice that night is not passed over, %s', async (_, backfill) => {
      // 01:30 of summer time: Prisma reads a clock that means the later of the two to the session.
      await keyed(['2026-11-01 05:30Z', '2026-11-02 05:30Z'])
      const client = inZone(backfills.database, 'America/New_York')
      const result = await backfills.run(backfill, {}, client)
      expect(result).toMatchObject({
        outcome: 'failed',
        error: expect.stringContaining('et `cursor` to another field'),
      })
      expect(await times()).toEqual([1, 2].map((times) => ({ times })))
    })
  },
  ['postgresql', 'postgresql-prisma6'],
)

describeDatabases(
  (variant) => {
    const backfills = useBackfills(variant)
    const rows: TestRow[] = [
      ...MOMENTS.map((at) => ({ day: at, time: at, ...(at.getUTCFullYear() > 2000 && { stamp: at }) })),
      { day: new Date('2026-12-31T23:59:59.999Z'), time: new Date('2026-12-31T23:59:59.999Z') },
    ]

    test.each(['+00:00', '-05:00', '+05:45'])(
      'in a session of %s, times are written as Prisma writes them, in one statement a batch',
      async (zone) => {
        const variables = encodeURIComponent(JSON.stringify({ time_zone: zone }))
        const client = backfills.database.clientAt(`${backfills.database.url}?sessionVariables=${variables}`)
        const [session] = await client.$queryRawUnsafe('SELECT @@time_zone AS zone')
        expect(session).toEqual({ zone })
        const fill = async () => {
          await backfills.client.native.deleteMany({})
          await backfills.client.native.createMany({ data: rows.map((_, row) => ({ id: row + 1 })) })
        }
        const raw = () =>
          backfills.client.$queryRawUnsafe(
            'SELECT id, CAST(day AS CHAR), CAST(`time` AS CHAR), CAST(stamp AS CHAR) FROM Native ORDER BY id',
          )
        await fill()
        for (const [row, data] of rows.entries()) await client.native.update({ where: { id: row + 1 }, data })
        const expected = await raw()
        await fill()
        const update = ({ id }: { id: number }) => rows[id - 1]
        expect(await backfills.run({ model: 'native', update }, {}, client)).toMatchObject({
          outcome: 'done',
          logs: [],
        })
        expect(await raw()).toEqual(expected)
      },
    )

    test('rows are found by a TIMESTAMP, each of them and no neighbour', async () => {
      await backfills.client.$executeRawUnsafe('ALTER TABLE KeyDate MODIFY id TIMESTAMP(3) NOT NULL')
      const variables = encodeURIComponent(JSON.stringify({ time_zone: '-05:00' }))
      const client = backfills.database.clientAt(`${backfills.database.url}?sessionVariables=${variables}`)
      const hours = [10, 15, 20]
      await client.keyDate.createMany({
        data: hours.map((hour) => ({ id: new Date(Date.UTC(2026, 6, 1, hour)), times: hour })),
      })
      const update = ({ times }: { times: number }) => ({ times: times + 100 })
      expect(await backfills.run({ model: 'keyDate', batchSize: 2, update }, {}, client)).toMatchObject({
        outcome: 'done',
        processed: 3,
        logs: [],
      })
      const found = await backfills.client.$queryRawUnsafe('SELECT times FROM KeyDate ORDER BY id')
      expect(found).toEqual([110, 115, 120].map((times) => ({ times })))
    })
  },
  ['mariadb'],
)

describeDatabases(
  (variant) => {
    const backfills = useBackfills(variant)

    test.each(['iso8601', 'unixepoch-ms'])(
      'dates are kept as %s, where the adapter is told so',
      async (timestampFormat) => {
        const client = backfills.database.client(5, {}, { timestampFormat })
        const rows = MOMENTS.map((at, row) => ({ id: row + 1, at }))
        const raw = () =>
          backfills.client.$queryRawUnsafe(`SELECT id, typeof(at) || ':' || at AS at FROM "every thing" ORDER BY id`)
        const fill = async () => {
          await backfills.client.everything.deleteMany({})
          await backfills.client.everything.createMany({ data: rows.map(({ id }) => ({ id })) })
        }
        await fill()
        for (const { id, at } of rows) await client.everything.update({ where: { id }, data: { at } })
        const expected = await raw()
        await fill()
        const update = ({ id }: { id: number }) => ({ at: rows[id - 1]?.at })
        // Both clients write the ledger, and so keep dates alike.
        const party = createAfterParty({
          client: () => client as unknown as PrismaClientLike,
          tasks: { [`${VERSION}_backfill`]: defineBackfill({ model: 'everything', update } as never) },
        })
        expect(await runOnce(party)).toMatchObject({ outcome: 'done', logs: [] })
        expect(await raw()).toEqual(expected)
      },
    )
  },
  ['sqlite-libsql', 'sqlite-better-sqlite3', 'sqlite-prisma6'],
)
