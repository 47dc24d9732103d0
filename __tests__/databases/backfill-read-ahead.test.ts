import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from '@jest/globals'
import { addPosts, type BackfillResult, type LooseBackfill, runOnce, upTo, useBackfills } from '../support/backfills.js'
import { watched } from '../support/databases/watched.js'
import { describeDatabases, type TestClient, type VariantName } from '../support/databases.js'
import { few } from '../support/selection.js'

interface PostRow {
  id: number
  title: string
}

/** SQLite lets nobody write while a batch is under way, so nothing is read ahead there. */
const SERVERS: VariantName[] = ['postgresql', 'postgresql-pgbouncer', 'mariadb', 'postgresql-prisma6']

/** With what is written: else the first batch is read again for it, to be compared. */
const SELECT = { id: true, title: true, slug: true }

/** Longer than any batch takes here, and longer than the first one may. */
const LONG_MS = 300
const VERY_LONG_MS = 10_000

describeDatabases((variant) => {
  const backfills = useBackfills(variant)
  const update = ({ id, title }: PostRow) => ({ slug: `${id} ${title}` })
  const slugs = async () => {
    const posts = await backfills.client.post.findMany({ orderBy: { id: 'asc' } })
    return posts.map(({ slug }) => slug)
  }
  const expected = (ids = upTo(6)) => ids.map((id) => `${id} post ${id}`)

  /** Keeps batches that change a row waiting, until the work given is over. */
  const holding = async <T>(row: number, work: (transaction: TestClient) => Promise<T>): Promise<T> => {
    const other = backfills.database.client()
    try {
      const hold = async (transaction: TestClient) => {
        await transaction.post.update({ where: { id: row }, data: { views: { increment: 1 } } })
        return work(transaction)
      }
      return await other.$transaction(hold, { timeout: 20_000, maxWait: 20_000 })
    } finally {
      await other.$disconnect()
    }
  }

  /**
   * Six posts in batches of two. While the first batch waits to be written, `work` is told when `update` gets a row of
   * the second one; false: it did not for a long time.
   */
  const during = async (
    backfill: Partial<LooseBackfill>,
    work: (transaction: TestClient) => Promise<unknown> = async () => {},
    mostMs = VERY_LONG_MS,
  ): Promise<{ result: BackfillResult; calls: number[]; ahead: boolean; before: number[] }> => {
    await addPosts(backfills.client, upTo(6))
    const calls: number[] = []
    let called = () => {}
    const second = new Promise<boolean>((resolve) => {
      called = () => resolve(true)
    })
    const given = backfill.update ?? update
    const heard = (row: PostRow) => {
      calls.push(row.id)
      if (row.id === 3) called()
      return given(row as never)
    }
    let result: Promise<BackfillResult> | undefined
    let before: number[] = []
    const ahead = await holding(1, async (transaction) => {
      const walk = { model: 'post', select: SELECT, batchSize: 2, ...backfill }
      result = backfills.run({ ...walk, update: heard })
      const ahead = await Promise.race([second, sleep(mostMs, false)])
      await work(transaction)
      before = [...calls]
      return ahead
    })
    return { result: (await result) as BackfillResult, calls, ahead, before }
  }

  test('the next batch is computed while one is being written, and never the one after that', async () => {
    const { result, calls, ahead, before } = await during({}, () => sleep(LONG_MS))
    expect(ahead).toBe(true)
    expect(before).toEqual([1, 2, 3, 4])
    expect(result).toMatchObject({ outcome: 'done', processed: 6 })
    expect(calls).toEqual(upTo(6))
    expect(await slugs()).toEqual(expected())
  })

  test('rows that are changed between that read and their write are read again', async () => {
    const { result } = await during({}, () =>
      backfills.client.post.update({ where: { id: 3 }, data: { title: 'theirs' } }),
    )
    expect(result).toMatchObject({ outcome: 'done', processed: 6, changedMeanwhile: 1 })
    expect(await slugs()).toEqual(expected().with(2, '3 theirs'))
  })

  test('rows that are deleted, or that `where` no longer finds, are left alone', async () => {
    const { result } = await during({ where: { slug: null } }, async () => {
      await backfills.client.post.deleteMany({ where: { id: 3 } })
      await backfills.client.post.update({ where: { id: 4 }, data: { slug: 'theirs' } })
    })
    expect(result).toMatchObject({ outcome: 'done' })
    expect(await slugs()).toEqual([...expected([1, 2]), 'theirs', ...expected([5, 6])])
  })

  test('a field that `where` compares with is compared, too', async () => {
    const { title } = (backfills.client.post as unknown as { fields: Record<string, unknown> }).fields
    await backfills.client.$transaction(async () => {})
    const walk = { select: { id: true, slug: true }, where: { OR: [{ slug: null }, { slug: { equals: title } }] } }
    const { result } = await during({ ...walk, update: () => ({ slug: 'new' }) }, async () => {
      await backfills.client.post.update({ where: { id: 3 }, data: { slug: 'same', title: 'same' } })
      await backfills.client.post.update({ where: { id: 4 }, data: { slug: 'theirs' } })
    })
    expect(result).toMatchObject({ outcome: 'done', changedMeanwhile: 2 })
    expect(await slugs()).toEqual(['new', 'new', 'new', 'theirs', 'new', 'new'])
  })

  test('of the same change to every row, the keys are read ahead, and its range is changed as it is then', async () => {
    await addPosts(backfills.client, [1, 2, 3, 5, 6, 7])
    const statements: string[] = []
    const client = watched(backfills.database, statements)
    const pages = () => statements.filter((sql) => /^SELECT .*Post.* ASC LIMIT/.test(sql)).length
    let result: Promise<BackfillResult> | undefined
    await holding(1, async () => {
      result = backfills.run(
        { model: 'post', where: { slug: null }, batchSize: 2, update: { slug: 'new' } as never },
        {},
        client,
      )
      for (const end = Date.now() + VERY_LONG_MS; pages() < 2 && Date.now() < end; ) await sleep(10)
      await addPosts(backfills.client, [4])
      await backfills.client.post.update({ where: { id: 5 }, data: { slug: 'theirs' } })
      await sleep(LONG_MS)
      expect(pages()).toBe(2)
    })
    expect(await result).toMatchObject({ outcome: 'done' })
    expect(await slugs()).toEqual(['new', 'new', 'new', 'new', 'theirs', 'new', 'new'])
    expect(pages()).toBe(3)
  })

  test('after a batch that is done again, the next is read again, too', async () => {
    const { result, calls } = await during({}, (transaction) =>
      transaction.post.update({ where: { id: 1 }, data: { title: 'theirs' } }),
    )
    expect(result).toMatchObject({ outcome: 'done', processed: 6, changedMeanwhile: 1 })
    expect(calls).toEqual([1, 2, 3, 4, 1, 2, 3, 4, 5, 6])
    expect(await slugs()).toEqual(expected().with(0, '1 theirs'))
  })

  test('what `update` throws is the fault of its own batch, and told once', async () => {
    const calls: number[] = []
    const fails = (row: PostRow) => {
      calls.push(row.id)
      if (row.id === 4) throw new Error('not this one')
      return update(row)
    }
    const { result, ahead } = await during({ update: fails })
    expect(ahead).toBe(true)
    expect(result).toMatchObject({ outcome: 'failed', processed: 2, error: 'row 4: not this one' })
    expect(calls).toEqual([1, 2, 3, 4])
    expect(await slugs()).toEqual([...expected([1, 2]), null, null, null, null])
    // The next run goes on after the first batch.
    expect(await backfills.run({ model: 'post', batchSize: 2, update })).toMatchObject({ processed: 4 })
  })

  test('a row that is skipped is listed once, with its own batch', async () => {
    const skips = (row: PostRow) => {
      if (row.id === 4) throw new Error('not this one')
      return update(row)
    }
    const { result } = await during({ update: skips, onError: 'skip' })
    expect(result).toMatchObject({ outcome: 'done', processed: 6, skipped: 1 })
    expect(result.logs.filter((line) => line.startsWith('skipped'))).toEqual(['skipped 4: not this one'])
    expect(await slugs()).toEqual(expected().with(3, null as never))
  })

  test.each<[string, (stop: AbortController) => object, string]>([
    ['a signal', ({ signal }) => ({ signal, grace: 10_000 }), 'interrupted'],
    ['the end of its time', () => ({ maxDuration: 1_500 }), 'paused'],
  ])('%s leaves what is read ahead for the next run', async (_, options, outcome) => {
    await addPosts(backfills.client, upTo(6))
    const stop = new AbortController()
    let ahead = false
    const heard = (row: PostRow) => {
      if (row.id === 3) ahead = true
      return update(row)
    }
    const party = backfills.party({ model: 'post', select: SELECT, batchSize: 2, update: heard })
    const result = holding(1, async () => {
      const result = runOnce(party, options(stop))
      for (let looks = 0; !ahead && looks < 200; looks += 1) await sleep(10)
      stop.abort()
      await sleep(outcome === 'paused' ? 1_500 : 20)
      return { result }
    })
    expect(await (await result).result).toMatchObject({ outcome, processed: 2 })
    expect(ahead).toBe(true)
    expect(await slugs()).toEqual([...expected([1, 2]), null, null, null, null])
    expect(await runOnce(party)).toMatchObject({ outcome: 'done', processed: 4 })
    expect(await slugs()).toEqual(expected())
  })

  const offs: [string, () => Partial<LooseBackfill>][] = [
    ['with a pause', () => ({ pause: '1ms' })],
    ['with a throttle', () => ({ throttle: () => false })],
    [
      'where `update` is asynchronous: it may ask for what the batches before wrote',
      () => ({ update: async (row: PostRow) => update(row) }),
    ],
    ['without a transaction', () => ({ transaction: false })],
    ['at an isolation level of its own', () => ({ transaction: { isolationLevel: 'ReadCommitted' } })],
    ['with `lock`', () => ({ lock: true })],
  ]
  describe.each(few(offs, 3))('nothing is read ahead %s', (_, backfill) => {
    test('and it comes to the same', async () => {
      const { result, ahead, calls } = await during(backfill(), undefined, LONG_MS)
      expect(ahead).toBe(false)
      expect(result).toMatchObject({ outcome: 'done', processed: 6 })
      expect(calls).toEqual(upTo(6))
      expect(await slugs()).toEqual(expected())
    })
  })

  test('`pause: 0` is no pause', async () => {
    expect(await during({ pause: 0 })).toMatchObject({ ahead: true })
  })

  /** Everything that is read is compared, or nothing is read ahead. */
  const walks: [string, Partial<LooseBackfill>, boolean][] = [
    ['plain columns', { select: { text: true, count: true, at: true, mood: true, flag: true } }, true],
    ['a Json column', { select: { text: true, json: true } }, false],
    ['a Float', { select: { text: true, float: true } }, false],
    ['all columns, Json and Float among them', {}, false],
    ['another model', { select: { text: true, author: { select: { name: true } } } }, false],
    ['plain columns, and `where` asks about another model', { select: { text: true }, where: { author: null } }, false],
    [
      'plain columns, and `where` asks about Json',
      { select: { text: true }, where: { NOT: { json: { equals: 7 } } } },
      false,
    ],
  ]
  test.each(walks)('whether a batch is read ahead that sees %s', async (_, walk, wanted) => {
    await backfills.client.everything.createMany({ data: upTo(6).map((id) => ({ id, text: 't', json: 1 })) })
    let called = () => {}
    const second = new Promise<boolean>((resolve) => {
      called = () => resolve(true)
    })
    const heard = ({ id }: { id: number }) => {
      if (id === 3) called()
      return { times: id }
    }
    const other = backfills.database.client()
    let result: Promise<BackfillResult> | undefined
    const ahead = await other.$transaction(
      async (transaction) => {
        await transaction.everything.update({ where: { id: 1 }, data: { authorId: null } })
        result = backfills.run({ model: 'everything', batchSize: 2, ...walk, update: heard })
        return Promise.race([second, sleep(wanted ? VERY_LONG_MS : LONG_MS, false)])
      },
      { timeout: 20_000 },
    )
    await other.$disconnect()
    expect(await result).toMatchObject({ outcome: 'done', processed: 6 })
    expect(ahead).toBe(wanted)
  })
}, SERVERS)
