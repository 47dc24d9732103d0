import { expect, test } from '@jest/globals'
import type { RunEvent } from '../../src/define/events.js'
import { type LooseBackfill, runOnce, upTo, useBackfills } from '../support/backfills.js'
import { describeDatabases, type TestClient } from '../support/databases.js'

/** What a client can't read, as SQL sets it. */
const UNREADABLE = {
  sqlite: [`"count" = 'abc'`, '"at" = 1e30', `"json" = '{'`, `"order" = 'Unknown'`],
  postgresql: [`"order" = 'Unknown'`],
  mysql: ['`order` = ""', '`at` = "0000-00-00"'],
}

interface Thing {
  id: number
}

const byUpdate: LooseBackfill = { model: 'everything', update: () => ({ times: 1 }) }
const byRun: LooseBackfill = {
  model: 'everything',
  run: async (rows: Thing[], { prisma }) => {
    await prisma.everything.updateMany({ where: { id: { in: rows.map(({ id }) => id) } }, data: { times: 1 } })
  },
}

describeDatabases(
  (variant) => {
    const backfills = useBackfills(variant)
    const provider = variant.startsWith('sqlite') ? 'sqlite' : variant === 'mariadb' ? 'mysql' : 'postgresql'
    const table = provider === 'mysql' ? '`every thing`' : '"every thing"'

    /** Things from 1 to n, of which those named can't be read. */
    const addThings = async (n: number, bad: readonly number[], set = UNREADABLE[provider][0]) => {
      const { client, database } = backfills
      await client.everything.createMany({ data: upTo(n).map((id) => ({ id })) })
      // A connection of its own: what it is told of the session goes with it.
      const one = database.client(1)
      if (provider === 'mysql') await one.$executeRawUnsafe(`SET SESSION sql_mode = ''`)
      if (provider === 'postgresql') await one.$executeRawUnsafe(`ALTER TYPE "Mood" ADD VALUE IF NOT EXISTS 'Unknown'`)
      await one.$executeRawUnsafe(`UPDATE ${table} SET ${set} WHERE id IN (${bad.join(', ')})`)
      await one.$disconnect()
    }

    const done = async () => {
      const things = await backfills.client.everything.findMany({
        select: { id: true, times: true },
        orderBy: { id: 'asc' },
      })
      return things.flatMap(({ id, times }) => (times === 1 ? Number(id) : []))
    }

    test.each(UNREADABLE[provider])(
      'a row that can not be read is named, and those before it are done: %s',
      async (set) => {
        await addThings(6, [4], set)
        const party = backfills.party(byUpdate)
        const result = await runOnce(party)
        expect(result).toMatchObject({ outcome: 'failed', processed: 3 })
        expect(result.error).toMatch(/^row 4: can't be read: .+/)
        expect(result.error).not.toContain('\n')
        await backfills.client.$executeRawUnsafe(`DELETE FROM ${table} WHERE id = 4`)
        expect(await runOnce(party)).toMatchObject({ outcome: 'done', processed: 2 })
        expect(await done()).toEqual([1, 2, 3, 5, 6])
      },
    )

    test.each([
      ['update', byUpdate],
      ['update without a transaction', { ...byUpdate, transaction: false }],
      ['run', byRun],
      ['batches of one', { ...byUpdate, batchSize: 1 }],
      ['two parts', { ...byUpdate, concurrency: 2 }],
    ])('rows that can not be read are skipped, wherever they are in a batch: %s', async (_, backfill) => {
      await addThings(10, [1, 4, 5, 9, 10])
      const result = await backfills.run({ batchSize: 4, ...backfill, onError: 'skip' })
      expect(result).toMatchObject({ outcome: 'done', processed: 10 })
      const [attempt] = await backfills.party(byUpdate).history({ name: 'backfill' })
      const rows = [...(attempt?.skippedRows ?? [])].sort((a, b) => Number(a.key) - Number(b.key))
      const error = expect.stringMatching(/^can't be read: ./)
      expect(rows).toEqual([1, 4, 5, 9, 10].map((id) => ({ key: `${id}`, error })))
      expect(await done()).toEqual([2, 3, 6, 7, 8])
    })

    test('a rehearsal names rows that can not be read, or tells that they would be skipped', async () => {
      await addThings(6, [4])
      const [failed] = await backfills.party(byUpdate).rehearse()
      expect(failed).toMatchObject({ outcome: 'failed' })
      expect(failed?.error).toMatch(/^row 4: can't be read: /)
      const told: string[] = []
      const onEvent = (event: RunEvent) => event.type === 'log' && told.push(event.message)
      const [skipped] = await backfills.party({ ...byUpdate, onError: 'skip' }).rehearse({ onEvent })
      expect(skipped).toMatchObject({ outcome: 'rehearsed', rows: 6, total: 6 })
      expect(told).toEqual([expect.stringMatching(/^Would skip row 4: can't be read: /)])
    })

    test('more rows that can not be read than may be skipped fail the backfill', async () => {
      await addThings(6, [2, 3, 5])
      const result = await backfills.run({ ...byUpdate, onError: 'skip', maxSkipped: 2 })
      expect(result).toMatchObject({ outcome: 'failed' })
      expect(result.error).toMatch(/^more than 2 rows could not be changed. The last one: 5: can't be read: /)
      expect(await done()).toEqual([1, 4])
    })

    test('what every read fails with is not blamed on a row', async () => {
      await addThings(3, [2])
      const quote = (name: string) => (provider === 'mysql' ? `\`${name}\`` : `"${name}"`)
      const rename = (from: string, to: string) =>
        backfills.client.$executeRawUnsafe(`ALTER TABLE ${table} RENAME COLUMN ${quote(from)} TO ${quote(to)}`)
      await rename('float', 'real')
      try {
        const result = await backfills.run({ ...byUpdate, onError: 'skip' }, {}, backfills.database.client())
        expect(result).toMatchObject({ outcome: 'failed', processed: 0 })
        expect(result.error).toMatch(/float|does not exist/)
        expect(result.error).not.toMatch(/\brow \d/)
        expect(result.logs.filter((line) => line.startsWith('skipped'))).toEqual([])
      } finally {
        await rename('real', 'float')
      }
    })
  },
  ['sqlite-libsql', 'sqlite-better-sqlite3', 'sqlite-prisma6', 'postgresql', 'mariadb'],
)

describeDatabases(
  (variant) => {
    const backfills = useBackfills(variant)

    test('a key that can not be read stops the backfill, and says so', async () => {
      const { client } = backfills
      await client.keyBig.createMany({ data: [1, 2].map((id) => ({ id: BigInt(id) })) })
      const insert = (id: string) => client.$executeRawUnsafe(`INSERT INTO "KeyBig" (id, times) VALUES (${id}, 0)`)
      await insert('-9007199254740995')
      const backfill: LooseBackfill = { model: 'keyBig', onError: 'skip', update: () => ({ times: 1 }) }
      const first = await backfills.run(backfill)
      expect(first).toMatchObject({ outcome: 'failed', processed: 0 })
      expect(first.error).toMatch(/^can't read id of one of the first rows, so it can't be skipped: .+/)
      await insert('9007199254740995')
      await client.$executeRawUnsafe('DELETE FROM after_party_task_records')
      const last = await backfills.run(backfill)
      expect(last).toMatchObject({ outcome: 'failed', processed: 0 })
      expect(last.error).toMatch(/^can't read id of the last row, so it can't be skipped: .+/)
    })

    test('a row that an extension of the client throws at is named, and skipped', async () => {
      await backfills.client.everything.createMany({ data: upTo(5).map((id) => ({ id })) })
      const throwAt = (row: Thing, id: number) => {
        if (row.id === id) throw new Error(`no key for ${id}`)
      }
      const client = backfills.database.client().$extends({
        result: {
          everything: {
            secret: { needs: { id: true }, compute: (row: Thing) => throwAt(row, 2) ?? 'open' },
          },
        },
        query: {
          everything: {
            async findMany({ args, query }: { args: object; query(args: object): Promise<Thing[]> }) {
              const rows = await query(args)
              // Only whole rows are decrypted.
              for (const row of rows) if ('times' in row) throwAt(row, 4)
              return rows
            },
          },
        },
      }) as TestClient
      const update = ({ secret }: { secret: string }) => ({ times: secret === 'open' ? 1 : 0 })
      const result = await backfills.run({ model: 'everything', onError: 'skip', update }, {}, client)
      expect(result).toMatchObject({ outcome: 'done', processed: 5 })
      expect(result.logs.filter((line) => line.startsWith('skipped'))).toEqual([
        'skipped 2: no key for 2',
        "skipped 4: can't be read: no key for 4",
      ])
    })
  },
  ['sqlite-libsql'],
)
