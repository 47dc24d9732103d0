import { expect, test } from '@jest/globals'
import { addPosts, type BackfillResult, type LooseBackfill, runOnce, upTo, useBackfills } from '../support/backfills.js'
import { describeDatabases, type TestClient } from '../support/databases.js'

interface Args {
  where?: object
  take?: number
  orderBy?: unknown
  select?: object
}
type Query = (args: Args) => Promise<Record<string, unknown>[]>

/** An extension on `findMany` of every model. */
const onFindMany = (answer: (args: Args, query: Query) => Promise<unknown>) => ({
  query: { $allModels: { findMany: ({ args, query }: { args: Args; query: Query }) => answer(args, query) } },
})

const cappedAt = (rows: number) =>
  onFindMany((args, query) => query({ ...args, take: Math.min(args.take ?? rows, rows) }))

const numbers = (posts: { id: number }[]) => posts.map(({ id }) => id)

describeDatabases(
  (variant) => {
    const backfills = useBackfills(variant)
    const extended = (extension: object) => backfills.database.client().$extends(extension)
    const done = async () =>
      numbers(await backfills.client.post.findMany({ where: { slug: 'x' }, orderBy: { id: 'asc' } }))
    const markAll = {
      update: () => ({ slug: 'x' }),
      // What it writes passes through the team's extensions too.
      run: async (rows: { id: number }[], { prisma }: { prisma: TestClient }) => {
        for (const { id } of rows) await prisma.post.update({ where: { id }, data: { slug: 'x' } })
      },
    }
    const run = (backfill: Partial<LooseBackfill>, client: TestClient): Promise<BackfillResult> =>
      backfills.run(
        { model: 'post', batchSize: 10, ...(!backfill.run && { update: markAll.update }), ...backfill },
        {},
        client,
      )

    const WAYS: [string, Partial<LooseBackfill>][] = [
      ['one statement', {}],
      ['a `where` that the update makes false', { where: { slug: null } }],
      [
        'in a transaction',
        { transaction: { isolationLevel: variant.startsWith('sqlite') ? 'Serializable' : 'ReadCommitted' } },
      ],
      ['without a transaction', { transaction: false }],
      ['`run`', { run: markAll.run }],
      ['in parts', { concurrency: 3 }],
      ['following', { follow: true }],
    ]

    test.each(WAYS)('a `where` that finds nothing by itself does no row: %s', async (_, how) => {
      await addPosts(backfills.client, upTo(12))
      const result = await run({ ...how, where: { OR: [] } }, backfills.client)
      expect(result).toMatchObject({ outcome: 'done' })
      expect(await done()).toEqual([])
    })

    test.each(WAYS)('a client that gives fewer rows than asked for ends where no row is left: %s', async (_, how) => {
      await addPosts(backfills.client, upTo(33))
      const client = extended(cappedAt(7))
      const result = await run(how, client)
      expect(result).toMatchObject({ outcome: 'done', processed: 33 })
      expect(await done()).toEqual(upTo(33))
      expect(result.logs.filter((line) => line.includes('The client returned fewer rows'))).toHaveLength(1)
    })

    test('a composite key is walked to its end by a client that gives fewer rows than asked for', async () => {
      await backfills.client.many.createMany({ data: upTo(40).map((id) => ({ id, group: Math.ceil(id / 15) })) })
      const seen: number[] = []
      const update = ({ id }: { id: number }) => {
        seen.push(id)
        return { times: 1 }
      }
      const backfill = { model: 'many', cursor: ['group', 'id'], batchSize: 10, update }
      expect(await backfills.run(backfill, {}, extended(cappedAt(4)))).toMatchObject({ outcome: 'done', processed: 40 })
      expect(seen).toEqual(upTo(40))
    })

    test('rows that are deleted under a capped batch are passed over; it is no fault of the key', async () => {
      await addPosts(backfills.client, upTo(20))
      const client = extended(cappedAt(3))
      const update = async ({ id }: { id: number }) => {
        if (id === 9) await client.post.deleteMany({ where: { id: { in: [2, 5] } } })
        return { slug: 'x' }
      }
      const transaction = { isolationLevel: variant.startsWith('sqlite') ? 'Serializable' : 'ReadCommitted' } as const
      // Whoever deletes from outside waits for the one writer of SQLite.
      const how = variant.startsWith('sqlite') ? { transaction: false as const } : { transaction }
      expect(await run({ update, ...how }, client)).toMatchObject({ outcome: 'done' })
      expect(await done()).toEqual(upTo(20).filter((id) => id !== 2 && id !== 5))
    })

    test('a client that hides rows by their `where` walks those that it shows', async () => {
      await addPosts(backfills.client, upTo(30))
      const hidden = [1, 2, ...upTo(14).map((n) => n + 10), 30]
      await backfills.client.post.updateMany({ where: { id: { in: hidden } }, data: { views: -1 } })
      const visible = onFindMany((args, query) =>
        query({ ...args, where: { AND: [args.where ?? {}, { views: { gte: 0 } }] } }),
      )
      const result = await run({}, extended(visible))
      expect(result).toMatchObject({ outcome: 'done', logs: [] })
      expect(await done()).toEqual(upTo(30).filter((id) => !hidden.includes(id)))
    })

    test.each([
      ['one statement', {}],
      ['in parts', { concurrency: 3 }],
      ['following', { follow: true }],
    ])('a client that takes rows out of its answers walks those that it leaves: %s', async (_, how) => {
      await addPosts(backfills.client, upTo(60))
      // More in a row than a batch has, and the last one.
      const hidden = [...upTo(35).map((n) => n + 5), 47, 60]
      await backfills.client.post.updateMany({ where: { id: { in: hidden } }, data: { views: -1 } })
      const visible = onFindMany(async (args, query) => (await query(args)).filter(({ views }) => Number(views) >= 0))
      expect(await run(how, extended(visible))).toMatchObject({ outcome: 'done', processed: 23 })
      expect(await done()).toEqual(upTo(60).filter((id) => !hidden.includes(id)))
    })

    test('a client that shows no row at all has nothing to walk', async () => {
      await addPosts(backfills.client, upTo(3))
      expect(await run({}, extended(onFindMany(async () => [])))).toMatchObject({ outcome: 'done', processed: 0 })
    })

    const BENT: [string, object][] = [
      ['the other way round', onFindMany((args, query) => query({ ...args, orderBy: { id: 'desc' } }))],
      ['by another field', onFindMany((args, query) => query({ ...args, orderBy: { views: 'asc' } }))],
      ['always in the same order', onFindMany((args, query) => query({ ...args, orderBy: { id: 'asc' } }))],
      ['of another `where`', onFindMany((args, query) => query({ ...args, where: { views: { gte: 0 } } }))],
      ['twice', onFindMany(async (args, query) => (await query(args)).flatMap((row) => [row, row]))],
      [
        'under other keys',
        onFindMany(async (args, query) => (await query(args)).map((row) => ({ ...row, id: Number(row.id) + 1000 }))),
      ],
      [
        'under keys of another type',
        onFindMany(async (args, query) => (await query(args)).map((row) => ({ ...row, id: `post_${row.id}` }))),
      ],
      [
        'by a method of its own',
        {
          model: {
            post: {
              findMany(this: unknown, args: Args) {
                return backfills.client.post.findMany({ ...args, orderBy: { views: 'asc' } })
              },
            },
          },
        },
      ],
    ]

    test.each(BENT)('a client that gives rows %s fails the backfill before it writes', async (_, extension) => {
      await addPosts(backfills.client, upTo(30))
      for (const id of upTo(30)) await backfills.client.post.update({ where: { id }, data: { views: (id * 7) % 31 } })
      const client = extended(extension)
      for (const how of [{}, { transaction: false as const, follow: true }, { concurrency: 3 }]) {
        const party = backfills.party({ model: 'post', batchSize: 10, update: markAll.update, ...how }, client)
        await party.mark({ as: 'pending', names: ['backfill'] })
        const result = await runOnce(party)
        expect(result).toMatchObject({ outcome: 'failed', error: expect.stringContaining('extension of the client') })
        expect(await done()).toEqual([])
      }
    })

    test.each([
      ['the other way round', onFindMany((args, query) => query({ ...args, orderBy: { id: 'desc' } }))],
      ['by another field', onFindMany((args, query) => query({ ...args, orderBy: { times: 'asc' } }))],
    ])('texts that a client gives %s are noticed, where only the database knows their order', async (_, extension) => {
      const ids = upTo(30).map((n) => `${n % 2 ? 'k' : 'K'}${n}`)
      await backfills.client.keyText.createMany({ data: ids.map((id, i) => ({ id, times: (i * 7) % 31 })) })
      const update = () => ({ times: 100 })
      const result = await backfills.run({ model: 'keyText', batchSize: 10, update }, {}, extended(extension))
      expect(result).toMatchObject({ outcome: 'failed', error: expect.stringContaining('extension of the client') })
      expect(await backfills.client.keyText.count({ where: { times: 100 } })).toBe(0)
    })

    test('texts in the order of the database are walked by a client with extensions, whatever that order is', async () => {
      const ids = ['alpha', 'Beta', 'BRAVO', 'charlie', 'Delta', 'a b', 'ab', 'a-b', 'é', 'z', 'Z1']
      await backfills.client.keyText.createMany({ data: ids.map((id) => ({ id })) })
      const client = extended(onFindMany((args, query) => query(args)))
      const update = ({ times }: { times: number }) => ({ times: times + 1 })
      expect(await backfills.run({ model: 'keyText', batchSize: 2, update }, {}, client)).toMatchObject({
        outcome: 'done',
        processed: 11,
        logs: [],
      })
      expect((await backfills.client.keyText.findMany()).map(({ times }) => times)).toEqual(ids.map(() => 1))
    })

    test('a key that an extension computes is refused before anything runs', async () => {
      await addPosts(backfills.client, upTo(3))
      const client = extended({
        result: { post: { id: { needs: { id: true }, compute: ({ id }: { id: number }) => id + 1000 } } },
      })
      await expect(run({}, client)).rejects.toThrow(
        expect.objectContaining({
          code: 'tasks-invalid',
          message: expect.stringContaining('a client extension computes it'),
        }),
      )
    })

    test('a rehearsal sees what a client that gives fewer rows leaves, and fails where a run would', async () => {
      await addPosts(backfills.client, upTo(33))
      const rehearse = async (extension: object) => {
        const events: unknown[] = []
        const party = backfills.party({ model: 'post', batchSize: 10, update: markAll.update }, extended(extension))
        const [rehearsal] = await party.rehearse({ onEvent: (event) => events.push(event) })
        return rehearsal
      }
      expect(await rehearse(cappedAt(7))).toMatchObject({ outcome: 'rehearsed', rows: 30 })
      expect(await rehearse(BENT[0]?.[1] ?? {})).toMatchObject({
        outcome: 'failed',
        error: expect.stringContaining('extension of the client'),
      })
    })

    test('a walk reads a page for each batch; only one that ends short of the last row is asked once more', async () => {
      await addPosts(backfills.client, upTo(30))
      const reads: string[] = []
      const client = backfills.database.client(5, { log: [{ emit: 'event', level: 'query' }] })
      client.$on('query', ({ query }) => {
        // Pages, and the look for the last key; where the table is, is asked once besides.
        if (/^SELECT.*Post/.test(query) && /title|DESC/.test(query)) reads.push(query)
      })
      expect(await run({}, client)).toMatchObject({ outcome: 'done', processed: 30 })
      expect(reads).toHaveLength(1 + 3)
      reads.length = 0
      const rest = backfills.party(
        { model: 'post', batchSize: 10, where: { id: { lt: 25 } }, update: markAll.update },
        client,
      )
      expect(await runOnce(rest, { names: ['backfill'] })).toMatchObject({ outcome: 'done', processed: 24 })
      expect(reads).toHaveLength(1 + 3 + 1)
    })
  },
  ['sqlite-libsql', 'postgresql', 'mariadb', 'postgresql-prisma6'],
)
