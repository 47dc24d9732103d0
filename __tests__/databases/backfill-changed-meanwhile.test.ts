import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from '@jest/globals'
import { type BackfillResult, type LooseBackfill, upTo, useBackfills } from '../support/backfills.js'
import { watched } from '../support/databases/watched.js'
import { describeDatabases, type TestClient } from '../support/databases.js'

/** Rows of the model `Everything`, as the tests here use them. */
interface EverythingRow {
  id: number
  count: number
  text: string
  times: number
  float: number | null
}

type Way = [string, Partial<LooseBackfill>, (() => TestClient)?]

describeDatabases((variant) => {
  const backfills = useBackfills(variant)
  const sqlite = variant.startsWith('sqlite')
  // SQLite can't compare floats, so it would let nobody write while a batch is under way.
  const select = { id: true, count: true, text: true, times: true, ...(!sqlite && { float: true }) }

  /** Writes what it saw into the row, and changes what the application changes too. */
  const update = ({ count, text, times }: EverythingRow) => ({
    count: count + 1_000,
    text: `${text}!`,
    times: times + 1,
    ...(!sqlite && { float: count }),
  })

  /** Six rows in batches of four; the second one is changed when `update` gets the third, for the nth time. */
  const meanwhile = async (
    change: (client: TestClient) => Promise<unknown>,
    { pass = 1, ...more }: Partial<LooseBackfill> & { pass?: number } = {},
    client?: TestClient,
  ): Promise<{ result: BackfillResult; rows: EverythingRow[] }> => {
    await backfills.client.everything.createMany({ data: upTo(6).map((id) => ({ id, text: 't0', count: 0 })) })
    let passes = 0
    const given = more.update ?? update
    const backfill: LooseBackfill = {
      model: 'everything',
      select,
      batchSize: 4,
      ...more,
      update: async (row: EverythingRow) => {
        if (row.id === 3) passes += 1
        if (row.id === 3 && passes === pass) await change(backfills.client)
        return given(row as never)
      },
    }
    const result = await backfills.run(backfill, {}, client)
    const rows = await backfills.client.everything.findMany({ orderBy: { id: 'asc' } })
    return { result, rows: rows as unknown as EverythingRow[] }
  }
  const of = (id: number, [count, text, times, float]: readonly unknown[]) => [
    id,
    count,
    text,
    times,
    sqlite ? null : float,
  ]
  const values = (rows: readonly EverythingRow[]) =>
    rows.map(({ id, count, text, times, float }) => of(id, [count, text, times, float]))
  /** The rows as the backfill leaves them when nobody comes in between. */
  const expected = (but: Record<number, unknown[] | undefined> = {}) =>
    upTo(6).flatMap((id) => {
      const values = id in but ? but[id] : [1_000, 't0!', 1, 0]
      return values ? [of(id, values)] : []
    })
  const writes = (data: object) => (client: TestClient) => client.everything.update({ where: { id: 2 }, data })

  const hooked = () =>
    backfills.database.client().$extends({
      query: {
        everything: { update: ({ args, query }: { args: object; query(args: object): unknown }) => query(args) },
      },
    })
  const byItself: Way = ['row by row, without a transaction', { transaction: false }, hooked]
  const onServers: Way[] = [
    ['in several statements', { transaction: { isolationLevel: 'ReadCommitted' } }],
    ['repeatable read', { transaction: { timeout: '10s', isolationLevel: 'RepeatableRead' } }],
    ['in parts', { concurrency: 2 }],
    ['row by row', {}, hooked],
  ]
  const ways: Way[] = [
    ['at once with the checkpoint', {}],
    // A transaction that reads has all of SQLite's file, and nobody else can write.
    ...(sqlite ? [] : onServers),
    ['without a transaction', { transaction: false }],
    // MySQL's update of Prisma does not say where it finds no row.
    ...(variant === 'mariadb' ? [] : [byItself]),
  ]

  describe.each(ways)('%s', (way, more, client) => {
    test('a row that changed is read and done again', async () => {
      const { result, rows } = await meanwhile(writes({ count: 5, text: 't5' }), more, client?.())
      expect(result).toMatchObject({ outcome: 'done', processed: 6 })
      expect(values(rows)).toEqual(expected({ 2: [1_005, 't5!', 1, 5] }))
      // That isolation refuses the write, and all of the batch is read again.
      if (way !== 'repeatable read' || variant === 'mariadb') expect(result.changedMeanwhile).toBe(1)
    })

    test('a row that was deleted is not brought back', async () => {
      const { result, rows } = await meanwhile(
        (client) => client.everything.deleteMany({ where: { id: 2 } }),
        more,
        client?.(),
      )
      expect(result).toMatchObject({ outcome: 'done' })
      expect(values(rows)).toEqual(expected({ 2: undefined }))
    })

    test('a row that `where` no longer finds is left alone', async () => {
      const { result, rows } = await meanwhile(writes({ flag: true }), { ...more, where: { flag: null } }, client?.())
      expect(result).toMatchObject({ outcome: 'done' })
      expect(values(rows)).toEqual(expected({ 2: [0, 't0', 0, null] }))
    })

    test('what is written is compared too, though `update` did not ask for it', async () => {
      const given = { ...more, select: { id: true }, update: ({ id }: EverythingRow) => ({ text: `x${id}`, times: 1 }) }
      // The first time, the batch is read again for the texts that it is about to write.
      const { result, rows } = await meanwhile(writes({ text: 'theirs' }), { ...given, pass: 2 }, client?.())
      expect(result).toMatchObject({ outcome: 'done', processed: 6 })
      expect(rows.map(({ text }) => text)).toEqual(upTo(6).map((id) => `x${id}`))
    })
  })

  test('a change to what is neither read nor written is no reason to read again', async () => {
    let calls = 0
    const given = (row: EverythingRow) => {
      calls += 1
      return update({ ...row, count: 0 })
    }
    const { result } = await meanwhile(writes({ flag: true }), { update: given as never })
    expect(result).toMatchObject({ outcome: 'done', processed: 6 })
    expect(result).not.toHaveProperty('changedMeanwhile')
    expect(calls).toBe(6)
  })

  test('`update` sees what `select` asks for, and nothing else', async () => {
    const seen = new Set<string>()
    const given = (row: object) => {
      seen.add(Object.keys(row).sort().join())
      return { text: 'x', flag: true }
    }
    await meanwhile(async () => {}, { select: { id: true, count: true }, where: { times: 0 }, update: given as never })
    expect([...seen]).toEqual(['count,id'])
  })

  test('a row that changes is skipped where its change can’t be made', async () => {
    const given = (row: EverythingRow) => {
      if (row.text === 'bad') throw new Error('not this one')
      return update(row)
    }
    const more = { onError: 'skip' as const, update: given as never }
    const { result, rows } = await meanwhile(writes({ text: 'bad' }), more)
    expect(result).toMatchObject({ outcome: 'done', changedMeanwhile: 1, skipped: 1 })
    expect(values(rows)).toEqual(expected({ 2: [0, 'bad', 0, null] }))
  })

  test('texts that only a collation finds equal are not the same', async () => {
    const { result, rows } = await meanwhile(writes({ text: 'T0' }))
    expect(result).toMatchObject({ outcome: 'done', changedMeanwhile: 1 })
    expect(rows[1]?.text).toBe('T0!')
  })

  const onSqlite = sqlite ? test : test.skip
  const readBefore = ['SELECT rows', 'UPDATE record', 'UPDATE rows']
  const readWithin = ['UPDATE record', 'SELECT rows', 'UPDATE rows', 'UPDATE record']
  onSqlite.each([
    { what: 'compared', select: { id: true }, data: { text: 'x' }, trips: readBefore },
    { what: 'read and can’t be compared', select: { id: true, float: true }, data: { text: 'x' }, trips: readWithin },
    { what: 'written and can’t be compared', select: { id: true }, data: { float: 1 }, trips: readWithin },
  ])('what is $what: the statements of a batch', async ({ select, data, trips }) => {
    await backfills.client.everything.createMany({ data: upTo(6).map((id) => ({ id, text: 't0', count: 0 })) })
    const statements: string[] = []
    const client = watched(backfills.database, statements)
    const result = await backfills.run({ model: 'everything', batchSize: 2, select, update: () => data }, {}, client)
    expect(result).toMatchObject({ outcome: 'done', processed: 6 })
    // The begin and the end of a transaction are not logged by every driver.
    const said = statements.flatMap((sql) => {
      const table = /every thing/.test(sql) ? 'rows' : /task_records/.test(sql) ? 'record' : undefined
      return table ? [`${/^\w+/.exec(sql)} ${table}`] : []
    })
    expect(said.slice(-2 * trips.length)).toEqual([...trips, ...trips])
  })

  const onServer = sqlite ? test.skip : test
  onServer('`lock` keeps rows as `run` gets them until the batch is committed', async () => {
    await backfills.client.everything.createMany({ data: upTo(6).map((id) => ({ id, text: 't0', count: 0 })) })
    const theirs: Promise<unknown>[] = []
    const result = await backfills.run({
      model: 'everything',
      batchSize: 4,
      lock: true,
      async run(rows: EverythingRow[], { prisma }) {
        if (rows[0]?.id === 1) {
          const blocked = backfills.client.everything.update({ where: { id: 2 }, data: { count: { increment: 1 } } })
          theirs.push(blocked)
          const first = await Promise.race([blocked.then(() => 'theirs'), sleep(300).then(() => 'ours')])
          expect(first).toBe('ours')
        }
        for (const { id, count } of rows)
          await prisma.everything.update({ where: { id }, data: { count: count + 1_000 } })
      },
    })
    await Promise.all(theirs)
    expect(result).toMatchObject({ outcome: 'done', processed: 6 })
    const rows = await backfills.client.everything.findMany({ orderBy: { id: 'asc' } })
    expect(rows.map(({ count }) => count)).toEqual([1_000, 1_001, 1_000, 1_000, 1_000, 1_000])
  })
})
