import { expect, test } from '@jest/globals'
import { defineBackfill } from '../../src/define/backfill.js'
import type { PrismaClientLike } from '../../src/define/config.js'
import { createAfterParty } from '../../src/party.js'
import { type LooseBackfill, runOnce, upTo, useBackfills, VERSION } from '../support/backfills.js'
import { describeDatabases, type TestClient, VARIANT_NAMES } from '../support/databases.js'

const SQLITE = VARIANT_NAMES.filter((name) => name.startsWith('sqlite'))
const SERVERS = VARIANT_NAMES.filter((name) => !name.startsWith('sqlite'))

describeDatabases((variant) => {
  const backfills = useBackfills(variant)
  const add = (sql: string) => backfills.client.$executeRawUnsafe(sql)
  const nothingDone = async (model: 'dated' | 'keyBig' | 'keyText' | 'keyDecimal' | 'loose' | 'pair') =>
    expect(await backfills.client[model].count({ where: { times: { gt: 0 } } })).toBe(0)

  /** Every way to walk it. */
  const WAYS: [string, LooseBackfill][] = [
    ['one statement', { model: 'dated', update: () => ({ times: 1 }) }],
    [
      'an `update` of some rows',
      { model: 'dated', update: ({ id }: { id: number }) => (id % 3 ? null : { times: 1 }) },
    ],
    ['updates one by one', { model: 'dated', update: () => ({ times: { increment: 1 } }) }],
    ['without a transaction', { model: 'dated', transaction: false, update: () => ({ times: 1 }) }],
    [
      '`run`',
      {
        model: 'dated',
        run: async (rows: { id: number }[], { prisma }: { prisma: TestClient }) => {
          for (const { id } of rows) await prisma.dated.update({ where: { id }, data: { times: 1 } })
        },
      },
    ],
    ['in parts', { model: 'dated', concurrency: 3, update: () => ({ times: 1 }) }],
    ['following', { model: 'dated', follow: true, update: () => ({ times: 1 }) }],
  ].map(([name, how]) => [name as string, { cursor: ['at', 'id'], batchSize: 5, ...(how as LooseBackfill) }])

  const DATES: [string, (id: number) => string][] = [
    ['the column’s own default', () => 'CURRENT_TIMESTAMP'],
    ['ms since 1970', (id) => String(1_767_225_600_000 + id)],
    ['an hour ahead', (id) => `'2026-01-01T01:00:${String(id).padStart(2, '0')}.000+01:00'`],
    ['microseconds', (id) => `'2026-01-01T01:00:00.000${id}+00:00'`],
    ['a day', (id) => `'2026-01-${String(id).padStart(2, '0')}'`],
  ]

  /** Ten that Prisma wrote, the first in number and in order, and ten others. */
  const addDates = async (date: (id: number) => string) => {
    await backfills.client.dated.createMany({
      data: upTo(10).map((id) => ({ id, at: new Date(Date.UTC(2025, 0, id)) })),
    })
    const others = upTo(10).map((n) => `(${n + 10}, ${date(n + 10)})`)
    await add(`INSERT INTO "Dated" (id, at) VALUES ${others.join()}`)
  }

  const REFUSED = { outcome: 'failed', processed: 0, error: expect.stringContaining("can't be found by its at") }

  test.each(DATES)('dates that SQLite keeps as %s are refused before the first write', async (_, date) => {
    await addDates(date)
    expect(await backfills.run(WAYS[0]?.[1] as LooseBackfill)).toMatchObject(REFUSED)
    await nothingDone('dated')
  })

  test.each(WAYS)('such dates are refused before the first write: %s', async (_, backfill) => {
    await addDates(() => 'CURRENT_TIMESTAMP')
    expect(await backfills.run(backfill)).toMatchObject(REFUSED)
    await nothingDone('dated')
  })

  test('dates that Prisma wrote are walked, each row once', async () => {
    const start = Date.UTC(2026, 2, 29, 1, 59, 59, 990)
    await backfills.client.dated.createMany({
      data: upTo(20).map((id) => ({ id, at: new Date(start + Math.floor(id / 3)) })),
    })
    const update = ({ times }: { times: number }) => ({ times: times + 1 })
    const backfill = { model: 'dated', cursor: ['at', 'id'], batchSize: 5, update }
    expect(await backfills.run(backfill)).toMatchObject({ outcome: 'done', processed: 20 })
    expect(await backfills.client.dated.count({ where: { times: 1 } })).toBe(20)
  })

  test('a rehearsal refuses such dates, too', async () => {
    await add('INSERT INTO "Dated" (id) VALUES (1), (2), (3)')
    const party = backfills.party({ model: 'dated', cursor: ['at', 'id'], update: () => ({ times: 1 }) })
    expect(await party.rehearse()).toEqual([
      expect.objectContaining({ outcome: 'failed', error: expect.stringContaining("can't be found by its at") }),
    ])
  })

  test('dates that come in another form while it follows them end it, rather than be left out', async () => {
    await backfills.client.dated.createMany({
      data: upTo(6).map((id) => ({ id, at: new Date(Date.UTC(2026, 0, id)) })),
    })
    let added = false
    const result = await backfills.run({
      model: 'dated',
      cursor: ['at', 'id'],
      batchSize: 2,
      follow: true,
      run: async (_, { prisma }) => {
        if (!added) await prisma.$executeRawUnsafe(`INSERT INTO "Dated" (id, at) VALUES (7, 1)`)
        added = true
      },
    })
    expect(result).toMatchObject({ outcome: 'failed', error: expect.stringContaining("can't be found by its at") })
  })

  test('an adapter that keeps dates as numbers walks numbers, and refuses texts', async () => {
    const client = backfills.database.client(5, {}, { timestampFormat: 'unixepoch-ms' })
    const backfill = { model: 'dated', cursor: ['at', 'id'], batchSize: 2, update: () => ({ times: 1 }) }
    // Both clients write the ledger, and so keep dates alike.
    const party = createAfterParty({
      client: () => client as unknown as PrismaClientLike,
      tasks: { [`${VERSION}_backfill`]: defineBackfill(backfill as never) },
    })
    const run = () => runOnce(party, { names: ['backfill'] })
    await client.dated.createMany({ data: upTo(5).map((id) => ({ id, at: new Date(id * 1_000) })) })
    expect(await run()).toMatchObject({ outcome: 'done', processed: 5 })
    await backfills.client.dated.createMany({ data: [{ id: 6, at: new Date(0), times: 0 }] })
    expect(await run()).toMatchObject({ outcome: 'failed', error: expect.stringContaining("can't be found by its at") })
  })

  test.each([
    ['keyBig' as const, `INSERT INTO "KeyBig" (id) VALUES (1), (2), ('three'), (4)`, 'id'],
    ['keyBig' as const, `INSERT INTO "KeyBig" (id) VALUES (1), (2.5), (4)`, 'id'],
    ['pair' as const, `INSERT INTO "Pair" (a, b) VALUES (1, 1), (1, x'32'), (2, 1)`, 'b'],
    ['keyText' as const, `INSERT INTO "KeyText" (id) VALUES ('a'), (x'62')`, 'id'],
    ['keyDecimal' as const, `INSERT INTO "KeyDecimal" (id) VALUES (1.5), ('2,5')`, 'id'],
    ['keyDecimal' as const, `INSERT INTO "KeyDecimal" (id) VALUES (1.5), (9007199254740993)`, 'id'],
  ])('%s: values of another kind are refused before the first write: %s', async (model, sql, field) => {
    await add(sql)
    const result = await backfills.run({ model, batchSize: 1, update: () => ({ times: 1 }) })
    expect(result).toMatchObject({
      outcome: 'failed',
      processed: 0,
      error: expect.stringContaining(`can't be found by its ${field}`),
    })
    await nothingDone(model)
  })

  test('Decimals that binary numbers only come near to are found again', async () => {
    await add(`INSERT INTO "KeyDecimal" (id) VALUES (0.1 + 0.2), (1.0 / 3), (2.0 / 3), (1e15 + 0.3), (7)`)
    expect(await backfills.run({ model: 'keyDecimal', batchSize: 1, update: () => ({ times: 1 }) })).toMatchObject({
      outcome: 'done',
      processed: 5,
    })
    expect(await backfills.client.keyDecimal.count({ where: { times: 1 } })).toBe(5)
  })

  test('texts that are equal to their column, and not to its unique index, are refused; others are walked', async () => {
    await add('DROP TABLE "Loose"')
    await add('CREATE TABLE "Loose" (code TEXT NOT NULL COLLATE NOCASE, times INTEGER NOT NULL DEFAULT 0)')
    await add('CREATE UNIQUE INDEX exact ON "Loose" (code COLLATE BINARY)')
    const run = () => backfills.run({ model: 'loose', cursor: 'code', batchSize: 1, update: () => ({ times: 1 }) })
    await add(`INSERT INTO "Loose" (code) VALUES ('a'), ('B'), ('A')`)
    expect(await run()).toMatchObject({ outcome: 'failed', error: expect.stringContaining('equal by the column') })
    await nothingDone('loose')
    await add(`DELETE FROM "Loose" WHERE code = 'A' COLLATE BINARY`)
    expect(await run()).toMatchObject({ outcome: 'done', processed: 2 })
  })
}, SQLITE)

describeDatabases((variant) => {
  const backfills = useBackfills(variant)
  const mysql = variant === 'mariadb'
  const add = (sql: string) => backfills.client.$executeRawUnsafe(mysql ? sql.replaceAll('"', '`') : sql)

  test.each([
    ['the last row', ['2026-01-01 00:00:00.001', '2026-01-01 00:00:00.002', '2026-01-01 00:00:00.003456']],
    [
      'a row after one with its milliseconds',
      ['2026-01-01 00:00:00.001', '2026-01-01 00:00:00.002', '2026-01-01 00:00:00.002456'],
    ],
    [
      'a row between',
      [
        '2026-01-01 00:00:00.001',
        '2026-01-01 00:00:00.002456',
        '2026-01-01 00:00:00.002789',
        '2026-01-01 00:00:00.003',
      ],
    ],
  ])('microseconds that the schema does not tell of leave no row out: %s', async (_, dates) => {
    await add(
      mysql
        ? 'ALTER TABLE "KeyDate" MODIFY id DATETIME(6) NOT NULL'
        : 'ALTER TABLE "KeyDate" ALTER id TYPE timestamp(6)',
    )
    for (const date of dates) await add(`INSERT INTO "KeyDate" (id) VALUES ('${date}')`)
    for (const concurrency of [1, 2]) {
      const party = backfills.party({ model: 'keyDate', batchSize: 1, concurrency, update: () => ({ times: 1 }) })
      await party.mark({ as: 'pending', names: ['backfill'] })
      expect(await runOnce(party)).toMatchObject({ outcome: 'failed', error: expect.stringContaining('stored') })
    }
  })
}, SERVERS)

describeDatabases(
  (variant) => {
    const backfills = useBackfills(variant)
    const add = (sql: string) => backfills.client.$executeRawUnsafe(sql)

    test('texts that are equal to their column, and not to its unique index, are refused; others are walked', async () => {
      await add(`CREATE COLLATION any_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false)`)
      await add('DROP INDEX "Loose_code_key"')
      await add('ALTER TABLE "Loose" ALTER code TYPE text COLLATE any_case')
      await add('CREATE UNIQUE INDEX exact ON "Loose" (code COLLATE "C")')
      const run = () => backfills.run({ model: 'loose', cursor: 'code', batchSize: 1, update: () => ({ times: 1 }) })
      await add(`INSERT INTO "Loose" (code) VALUES ('a'), ('B'), ('A')`)
      expect(await run()).toMatchObject({
        outcome: 'failed',
        processed: 0,
        error: expect.stringContaining('equal by the column'),
      })
      await add(`DELETE FROM "Loose" WHERE code COLLATE "C" = 'A'`)
      expect(await run()).toMatchObject({ outcome: 'done', processed: 2 })
    })
  },
  ['postgresql', 'postgresql-prisma6'],
)

describeDatabases(
  (variant) => {
    const backfills = useBackfills(variant)

    test('a date that every update changes is refused: rows would move past the end', async () => {
      const run = backfills.run({ model: 'stamped', cursor: ['updatedAt', 'id'], update: () => ({ title: 'x' }) })
      await expect(run).rejects.toThrow(
        expect.objectContaining({ code: 'tasks-invalid', message: expect.stringContaining('every update changes it') }),
      )
    })
  },
  ['sqlite-libsql', 'postgresql', 'mariadb'],
)
