import { expect, test } from '@jest/globals'
import { addPosts, runOnce, upTo, useBackfills } from '../support/backfills.js'
import type { TestDelegate, TestRow } from '../support/databases/test-client.js'
import { describeDatabases, type TestClient } from '../support/databases.js'

type Keyed = 'keyBig' | 'keyText' | 'keyDate' | 'keyDecimal'

const nameOf = (id: unknown) => (id instanceof Date ? id.toISOString() : String(id))

/** Adds one to every row that it sees: a row done twice shows. */
const countVisits = {
  run: async (rows: { id: number }[], { prisma }: { prisma: TestClient }) => {
    for (const { id } of rows) await prisma.post.update({ where: { id }, data: { views: { increment: 1 } } })
  },
}

describeDatabases((variant) => {
  const backfills = useBackfills(variant)
  const views = async () => {
    const posts = await backfills.client.post.findMany({ orderBy: { id: 'asc' } })
    return posts.map(({ views }) => views)
  }

  test.each([
    { rows: 0, batches: [] },
    { rows: 1, batches: [1] },
    { rows: 3, batches: [3] },
    { rows: 4, batches: [4] },
    { rows: 5, batches: [4, 1] },
    { rows: 8, batches: [4, 4] },
  ])('$rows rows in batches of 4 are batches of $batches', async ({ rows, batches }) => {
    await addPosts(backfills.client, upTo(rows))
    const seen: number[] = []
    const run = async (batch: unknown[]) => void seen.push(batch.length)
    expect(await backfills.run({ model: 'post', batchSize: 4, run })).toMatchObject({
      outcome: 'done',
      processed: rows,
    })
    expect(seen).toEqual(batches)
  })

  test('ids with gaps are walked in order, each row once', async () => {
    const ids = [1, 2, 7, 8, 9, 500, 501, 100_000, 2_000_000_000]
    await addPosts(backfills.client, ids)
    const seen: number[] = []
    const run = async (rows: { id: number }[]) => void seen.push(...rows.map(({ id }) => id))
    const result = await backfills.run({ model: 'post', batchSize: 2, run })
    expect(result).toMatchObject({ outcome: 'done', processed: 9 })
    expect(seen).toEqual(ids)
  })

  test('a `where` that the update makes false leaves no row out', async () => {
    await addPosts(backfills.client, upTo(11))
    await backfills.client.post.update({ where: { id: 3 }, data: { slug: 'mine' } })
    const result = await backfills.run({
      model: 'post',
      where: { slug: null },
      select: { title: true },
      batchSize: 3,
      update: ({ title }: { title: string }) => ({ slug: title }),
    })
    expect(result).toMatchObject({ outcome: 'done', processed: 10 })
    const slugs = (await backfills.client.post.findMany({ orderBy: { id: 'asc' } })).map(({ slug }) => slug)
    expect(slugs).toEqual(upTo(11).map((id) => (id === 3 ? 'mine' : `post ${id}`)))
  })

  test('rows that are deleted or added before the last one meanwhile are walked as they are; later ones are not', async () => {
    await addPosts(backfills.client, [10, 20, 30, 40, 50, 60])
    const seen: number[] = []
    const result = await backfills.run({
      model: 'post',
      batchSize: 2,
      run: async (rows: { id: number }[], { prisma }) => {
        if (seen.length === 0) {
          await prisma.post.deleteMany({ where: { id: { in: [30, 60] } } })
          await prisma.post.createMany({
            data: [
              { id: 45, title: 'between' },
              { id: 70, title: 'after' },
              { id: 5, title: 'before' },
            ],
          })
        }
        seen.push(...rows.map(({ id }) => id))
      },
    })
    expect(result.outcome).toBe('done')
    expect(seen).toEqual([10, 20, 40, 45, 50])
  })

  test('`follow` takes in what was added after it began', async () => {
    await addPosts(backfills.client, [1, 2, 3])
    const seen: number[] = []
    const result = await backfills.run({
      model: 'post',
      batchSize: 2,
      follow: true,
      run: async (rows: { id: number }[], { prisma }) => {
        if (seen.length === 0)
          await prisma.post.createMany({
            data: [
              { id: 4, title: 'new' },
              { id: 9, title: 'new' },
            ],
          })
        seen.push(...rows.map(({ id }) => id))
      },
    })
    expect(result).toMatchObject({ outcome: 'done', processed: 5 })
    expect(seen).toEqual([1, 2, 3, 4, 9])
  })

  test('`follow` taken away in mid-walk ends it at what is there then', async () => {
    await addPosts(backfills.client, upTo(6))
    const seen: number[] = []
    const stop = new AbortController()
    const definition = {
      model: 'post',
      batchSize: 2,
      run: async (rows: { id: number }[]) => {
        seen.push(...rows.map(({ id }) => id))
        if (seen.length === 2) stop.abort()
      },
    }
    const first = await backfills.run({ ...definition, follow: true }, { signal: stop.signal })
    expect(first).toMatchObject({ outcome: 'interrupted' })
    await addPosts(backfills.client, [7])
    expect(await backfills.run(definition)).toMatchObject({ outcome: 'done' })
    expect([...new Set(seen)]).toEqual(upTo(7))
  })

  test('`follow` added in mid-walk takes in what was added meanwhile', async () => {
    await addPosts(backfills.client, upTo(4))
    const stop = new AbortController()
    const seen: number[] = []
    const definition = {
      model: 'post',
      batchSize: 2,
      run: async (rows: { id: number }[]) => {
        seen.push(...rows.map(({ id }) => id))
        if (seen.length === 2) stop.abort()
      },
    }
    expect(await backfills.run(definition, { signal: stop.signal })).toMatchObject({ outcome: 'interrupted' })
    await addPosts(backfills.client, [7])
    expect(await backfills.run({ ...definition, follow: true })).toMatchObject({ outcome: 'done' })
    expect([...new Set(seen)]).toEqual([1, 2, 3, 4, 7])
  })

  test('with read replicas, nothing is read from a replica: it may be behind', async () => {
    await addPosts(backfills.client, upTo(3))
    const primary = backfills.database.client()
    const behind = { findMany: async () => [], count: async () => 0 }
    const replicated = new Proxy(primary, {
      get: (target, key) =>
        key === '$primary' ? () => primary : key === 'post' ? behind : (Reflect.get(target, key) as unknown),
    })
    const update = () => ({ slug: 'x' })
    for (const transaction of [true, false]) {
      await backfills.client.post.updateMany({ where: {}, data: { slug: null } })
      const party = backfills.party({ model: 'post', batchSize: 2, transaction, update }, replicated)
      await party.mark({ as: 'pending', names: ['backfill'] })
      expect(await runOnce(party)).toMatchObject({ outcome: 'done', processed: 3 })
      expect(await backfills.client.post.count({ where: { slug: 'x' } })).toBe(3)
    }
  })

  if (variant.startsWith('sqlite'))
    test('a date that SQLite keeps in another text than Prisma writes is refused, not passed by', async () => {
      for (const day of ['2026-01-01', '2026-01-02'])
        await backfills.client.$executeRawUnsafe(`INSERT INTO "KeyDate" ("id") VALUES ('${day} 00:00:00')`)
      const result = await backfills.run({ model: 'keyDate', update: () => ({ times: 1 }) })
      expect(result).toMatchObject({ outcome: 'failed', processed: 0 })
      expect(result.error).toContain("can't be found by its id")
    })

  const HOSTILE_TEXTS = ['', ' ', '"', "'; DROP TABLE x", '\\', '10', '2', 'B', 'a.b', 'back\\slash', 'z😀', 'é', 'ß']
  // libsql's driver reads no integer that JavaScript's numbers don't hold.
  const digits = variant === 'sqlite-libsql' || variant === 'sqlite-prisma6' ? 53 : 63
  const most = 2n ** BigInt(digits) - 1n
  const KEYS: { model: Keyed; ids: unknown[] }[] = [
    {
      model: 'keyBig',
      ids: [-most, -1n, 0n, 1n, most - 1n, most],
    },
    // To MariaDB, spaces at the end are nothing.
    { model: 'keyText', ids: HOSTILE_TEXTS.filter((id) => variant !== 'mariadb' || id !== ' ') },
    {
      model: 'keyText',
      ids: [
        '018f3c5e-0000-7000-8000-00000000000a',
        '018f3c5e-0000-7000-8000-00000000000b',
        'ffffffff-ffff-4fff-8fff-ffffffffffff',
      ],
    },
    {
      model: 'keyDate',
      ids: ['2026-01-01T00:00:00.000Z', '2026-01-01T00:00:00.001Z', '2026-03-29T01:30:00.999Z'].map(
        (at) => new Date(at),
      ),
    },
    { model: 'keyDecimal', ids: ['-2.5', '0.1', '0.2', '0.30000000000004', '12345678.25'] },
  ]

  test.each(KEYS)(
    '$model: walked one by one, resumed after a failure at each row, every row is done once',
    async ({ model, ids }) => {
      const delegate = backfills.client[model]
      await delegate.createMany({ data: ids.map((id) => ({ id })) })
      const tried = new Set<string>()
      const party = backfills.party({
        model,
        batchSize: 1,
        update: ({ id, times }: { id: unknown; times: number }) => {
          if (tried.has(nameOf(id))) return { times: times + 1 }
          tried.add(nameOf(id))
          throw new Error('not yet')
        },
      })
      for (const _ of ids) expect(await runOnce(party)).toMatchObject({ outcome: 'failed' })
      expect(await runOnce(party)).toMatchObject({ outcome: 'done', processed: 1 })
      expect((await delegate.findMany()).map(({ times }) => times)).toEqual(ids.map(() => 1))
    },
  )

  test.each(KEYS)('$model: one statement finds every row of a batch', async ({ model, ids }) => {
    const delegate: TestDelegate<TestRow> = backfills.client[model]
    await delegate.createMany({ data: ids.map((id) => ({ id })) })
    const result = await backfills.run({
      model,
      batchSize: 4,
      update: ({ times }: { times: number }) => ({ times: times + 1 }),
    })
    expect(result).toEqual(expect.objectContaining({ outcome: 'done', processed: ids.length }))
    expect((await delegate.findMany()).map(({ times }) => times)).toEqual(ids.map(() => 1))
  })

  test('texts that differ only in case are told apart as the database tells them', async () => {
    const ids = ['alpha', 'Beta', 'BRAVO', 'charlie', 'Delta']
    await backfills.client.keyText.createMany({ data: ids.map((id) => ({ id })) })
    if (variant !== 'mariadb')
      await backfills.client.keyText.createMany({ data: ['ALPHA', 'beta'].map((id) => ({ id })) })
    const result = await backfills.run({
      model: 'keyText',
      batchSize: 2,
      update: ({ times }: { times: number }) => ({ times: times + 1 }),
    })
    expect(result.outcome).toBe('done')
    expect(new Set((await backfills.client.keyText.findMany()).map(({ times }) => times))).toEqual(new Set([1]))
  })

  test('a composite key with few first values is walked in order, across its boundaries, from every checkpoint', async () => {
    const pairs = [1, 2, 3].flatMap((a) => [1, 2, 3, 5, 8].map((b) => ({ a, b })))
    await backfills.client.pair.createMany({ data: pairs })
    const failed = new Set<string>()
    const party = backfills.party({
      model: 'pair',
      batchSize: 2,
      update: ({ a, b, times }: { a: number; b: number; times: number }) => {
        if (b % 2 === 1 || failed.has(`${a},${b}`)) return { times: times + 1 }
        failed.add(`${a},${b}`)
        throw new Error('not yet')
      },
    })
    for (const _ of [1, 2, 3, 4, 5, 6]) expect(await runOnce(party)).toMatchObject({ outcome: 'failed' })
    expect(await runOnce(party)).toMatchObject({ outcome: 'done' })
    const rows = await backfills.client.pair.findMany({ orderBy: [{ a: 'asc' }, { b: 'asc' }] })
    expect(rows).toEqual(pairs.map((pair) => ({ ...pair, times: 1 })))
  })

  test('a composite key with a name updates row by row where it must', async () => {
    await backfills.client.pair.createMany({ data: upTo(3).map((b) => ({ a: 1, b })) })
    const result = await backfills.run({ model: 'pair', update: () => ({ times: { increment: 1 } }) })
    expect(result).toMatchObject({ outcome: 'done', logs: [expect.stringContaining('one by one')] })
    expect((await backfills.client.pair.findMany()).map(({ times }) => times)).toEqual([1, 1, 1])
  })

  test('a unique field can be walked by, alone or after another', async () => {
    await backfills.client.loose.createMany({ data: ['c', 'a', 'b'].map((code) => ({ code })) })
    const seen: string[] = []
    const run = async (rows: { code: string }[]) => void seen.push(...rows.map(({ code }) => code))
    expect(await backfills.run({ model: 'loose', cursor: 'code', batchSize: 2, run })).toMatchObject({
      outcome: 'done',
    })
    expect(seen).toEqual(['a', 'b', 'c'])
  })

  test('fields that hold a unique one are walked by together', async () => {
    await backfills.client.many.createMany({ data: upTo(7).map((id) => ({ id, group: id % 2 })) })
    const seen: number[] = []
    const result = await backfills.run({
      model: 'many',
      cursor: ['group', 'id'],
      select: { times: true },
      batchSize: 2,
      update: ({ id, times }: { id: number; times: number }) => {
        seen.push(id)
        return { times: id === 4 ? { increment: 1 } : times + 1 }
      },
    })
    expect(result).toMatchObject({ outcome: 'done', processed: 7 })
    // The first batch may come again, to be locked before its rows are updated one by one.
    expect([...new Set(seen)]).toEqual([2, 4, 6, 1, 3, 5, 7])
    expect((await backfills.client.many.findMany()).map(({ times }) => times)).toEqual(upTo(7).map(() => 1))
  })

  test.each([
    { model: 'pots', why: 'no model "pots"' },
    { model: 'post', cursor: 'name', why: 'name is not a field of post' },
    { model: 'loose', why: 'loose has no `@id`' },
    { model: 'many', cursor: 'group', why: 'not unique' },
    { model: 'many', cursor: 'maybe', why: 'can be null' },
    { model: 'everything', cursor: ['mood', 'id'], why: 'null' },
    { model: 'author', cursor: 'things', why: 'not a field' },
  ])('$model by $cursor is refused before anything runs: $why', async ({ model, cursor, why }) => {
    const run = backfills.run({ model, ...(cursor && { cursor }), run: async () => {} })
    await expect(run).rejects.toThrow(
      expect.objectContaining({ code: 'tasks-invalid', message: expect.stringContaining(why) }),
    )
    expect(await backfills.client.$queryRawUnsafe('SELECT * FROM after_party_task_records')).toEqual([])
  })

  test('a cursor that was changed at a checkpoint is refused', async () => {
    await backfills.client.many.createMany({ data: upTo(4).map((id) => ({ id, group: id })) })
    let allowed = 1
    const run = async () => {
      if (allowed-- <= 0) throw new Error('not yet')
    }
    expect(await backfills.run({ model: 'many', batchSize: 1, run })).toMatchObject({ outcome: 'failed' })
    const again = await backfills.run({ model: 'many', cursor: ['group', 'id'], batchSize: 1, run: async () => {} })
    expect(again).toMatchObject({ outcome: 'failed', error: expect.stringContaining('the cursor changed from id to ') })
  })

  test('a row that is given another key is refused: it could be met again', async () => {
    await addPosts(backfills.client, [1, 2])
    const result = await backfills.run({
      model: 'post',
      onError: 'skip',
      update: ({ id }: { id: number }) => ({ id: id + 10 }),
    })
    expect(result).toMatchObject({
      outcome: 'failed',
      error: expect.stringContaining("id is the backfill's cursor: `update` must not change it"),
    })
  })

  test('a client that omits the key is walked all the same', async () => {
    await addPosts(backfills.client, upTo(5))
    const client = backfills.database.client(5, { omit: { post: { id: true } } })
    const result = await backfills.run({ model: 'post', batchSize: 2, update: () => ({ slug: 'x' }) }, {}, client)
    expect(result).toMatchObject({ outcome: 'done', processed: 5 })
    expect(await backfills.client.post.count({ where: { slug: 'x' } })).toBe(5)
  })

  test('walked again by hand when it is done, it begins anew', async () => {
    await addPosts(backfills.client, upTo(3))
    const party = backfills.party({ model: 'post', batchSize: 2, ...countVisits })
    await runOnce(party)
    expect(await views()).toEqual([1, 1, 1])
    expect(await runOnce(party, { names: ['backfill'] })).toMatchObject({ outcome: 'done', processed: 3 })
    expect(await views()).toEqual([2, 2, 2])
  })
})

describeDatabases(
  (variant) => {
    const backfills = useBackfills(variant)

    test('a key that is finer than a JavaScript date is refused', async () => {
      const run = backfills.run({ model: 'fine', run: async () => {} })
      await expect(run).rejects.toThrow('microseconds')
    })
  },
  ['postgresql', 'mariadb', 'postgresql-prisma6'],
)
