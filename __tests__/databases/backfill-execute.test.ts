import { expect, test } from '@jest/globals'
import type { BackfillRange } from '../../src/define/backfill.js'
import { addPosts, type LooseBackfill, upTo, useBackfills } from '../support/backfills.js'
import { describeDatabases, type TestClient } from '../support/databases.js'
import { testAgain } from '../support/selection.js'

interface Given {
  prisma: TestClient
  range: BackfillRange
}

describeDatabases((variant) => {
  const backfills = useBackfills(variant)
  const quote = (name: string) => (variant === 'mariadb' ? `\`${name}\`` : `"${name}"`)
  const slugs = async () => {
    const posts = await backfills.client.post.findMany({ orderBy: { id: 'asc' } })
    return posts.map(({ slug }) => slug)
  }
  const setSlug = ({ prisma, range }: Given, value = quote('title')) =>
    prisma.$executeRawUnsafe(
      `UPDATE ${quote('Post')} SET slug = ${value} WHERE slug IS NULL AND ${range.sql}`,
      ...range.values,
    )
  const walk = (execute: (given: Given) => unknown, more: Partial<LooseBackfill> = {}) =>
    ({ model: 'post', batchSize: 2, ...more, execute }) as LooseBackfill

  test('`execute` gets the range of each batch, and its own SQL writes it', async () => {
    await addPosts(backfills.client, [1, 2, 4, 5, 9])
    const ranges: unknown[] = []
    const result = await backfills.run(
      walk((given) => {
        const { first, last, rows, values } = given.range
        ranges.push({ first, last, rows, values })
        return setSlug(given)
      }),
    )
    expect(result).toMatchObject({ outcome: 'done', processed: 5 })
    expect(ranges).toEqual([
      { first: { id: 1 }, last: { id: 2 }, rows: 2, values: [1, 2] },
      { first: { id: 4 }, last: { id: 5 }, rows: 2, values: [4, 5] },
      { first: { id: 9 }, last: { id: 9 }, rows: 1, values: [9, 9] },
    ])
    expect(await slugs()).toEqual([1, 2, 4, 5, 9].map((id) => `post ${id}`))
  })

  test('`range.where` is the range and `where` of the backfill', async () => {
    await addPosts(backfills.client, upTo(6))
    await backfills.client.post.update({ where: { id: 2 }, data: { slug: 'there' } })
    const execute = ({ prisma, range }: Given) => prisma.post.updateMany({ where: range.where, data: { slug: 'new' } })
    const result = await backfills.run(walk(execute, { where: { slug: null } }))
    expect(result).toMatchObject({ outcome: 'done', processed: 5 })
    expect(await slugs()).toEqual(['new', 'there', 'new', 'new', 'new', 'new'])
  })

  test('what a batch wrote commits with its checkpoint, or is taken back with it', async () => {
    await addPosts(backfills.client, upTo(6))
    let broken = true
    const execute = async (given: Given) => {
      await setSlug(given)
      if (broken && given.range.first.id === 3) throw new Error('not yet')
    }
    expect(await backfills.run(walk(execute))).toMatchObject({ outcome: 'failed', processed: 2, error: 'not yet' })
    expect(await slugs()).toEqual(['post 1', 'post 2', null, null, null, null])
    broken = false
    expect(await backfills.run(walk(execute))).toMatchObject({ outcome: 'done', processed: 4 })
    expect(await slugs()).toEqual(upTo(6).map((id) => `post ${id}`))
  })

  test('with `onError: skip`, the row at fault is found by halves and skipped', async () => {
    await addPosts(backfills.client, upTo(6))
    const execute = async (given: Given) => {
      await setSlug(given)
      if (Number(given.range.first.id) <= 3 && Number(given.range.last.id) >= 3) throw new Error('not three')
    }
    const result = await backfills.run(walk(execute, { batchSize: 4, onError: 'skip' }))
    expect(result).toMatchObject({ outcome: 'done', skipped: 1 })
    expect(result.logs).toContain('skipped 3: not three')
    expect(await slugs()).toEqual(upTo(6).map((id) => (id === 3 ? null : `post ${id}`)))
  })

  testAgain('a query that is not awaited fails the batch', async () => {
    await addPosts(backfills.client, upTo(2))
    const execute = ({ prisma }: Given) => {
      prisma.post.count().then(undefined, () => {})
    }
    expect(await backfills.run(walk(execute))).toMatchObject({
      outcome: 'failed',
      error: expect.stringContaining('post.count'),
    })
  })

  testAgain.each<[string, Partial<LooseBackfill>]>([
    ['with `lock`', { lock: true }],
    ['without a transaction', { transaction: false }],
    ['in parts', { concurrency: 2 }],
  ])('%s', async (_, more) => {
    await addPosts(backfills.client, upTo(7))
    expect(await backfills.run(walk(setSlug, more))).toMatchObject({ outcome: 'done', processed: 7 })
    expect(await slugs()).toEqual(upTo(7).map((id) => `post ${id}`))
  })

  test('a rehearsal takes it back', async () => {
    await addPosts(backfills.client, upTo(3))
    const [rehearsal] = await backfills.party(walk(setSlug)).rehearse()
    expect(rehearsal).toMatchObject({ outcome: 'rehearsed', rows: 3 })
    expect(rehearsal?.sample?.[0]).toEqual({ key: '1', before: { slug: null }, after: { slug: 'post 1' } })
    expect(await slugs()).toEqual([null, null, null])
  })

  test('composite, text and BigInt keys', async () => {
    // Integers past 2^53 don't come out of libsql.
    const huge = variant.startsWith('sqlite') ? 2n ** 50n : 2n ** 60n
    const pairs = [1, 2].flatMap((a) => [1, 2, 3].map((b) => ({ a, b })))
    await backfills.client.pair.createMany({ data: pairs })
    await backfills.client.keyText.createMany({ data: ['a', 'b', 'c'].map((id) => ({ id })) })
    await backfills.client.keyBig.createMany({ data: [1n, huge, huge + 1n].map((id) => ({ id })) })
    for (const [model, table] of [
      ['pair', 'Pair'],
      ['keyText', 'KeyText'],
      ['keyBig', 'KeyBig'],
    ] as const) {
      const execute = ({ prisma, range }: Given) =>
        prisma.$executeRawUnsafe(`UPDATE ${quote(table)} SET times = times + 1 WHERE ${range.sql}`, ...range.values)
      expect(await backfills.run(walk(execute, { model }))).toMatchObject({ outcome: 'done' })
      const rows = await backfills.client[model].findMany()
      expect(rows.map(({ times }) => times)).toEqual(rows.map(() => 1))
      await backfills.party(walk(execute, { model })).mark({ names: ['backfill'], as: 'pending' } as never)
    }
  })

  test('a key that SQL has no exact text for says what to use instead', async () => {
    await backfills.client.keyDate.createMany({
      data: upTo(3).map((day) => ({ id: new Date(Date.UTC(2026, 0, day)) })),
    })
    const bySql = ({ range }: Given) => range.sql
    expect(await backfills.run(walk(bySql, { model: 'keyDate' }))).toMatchObject({
      outcome: 'failed',
      error:
        '`range.sql` is not available: id is of type DateTime. Use `range.where` with `updateMany` or `deleteMany`',
    })
    const byWhere = ({ prisma, range }: Given) =>
      prisma.keyDate.updateMany({ where: range.where, data: { times: { increment: 1 } } })
    expect(await backfills.run(walk(byWhere, { model: 'keyDate' }))).toMatchObject({ outcome: 'done', processed: 3 })
    const rows = await backfills.client.keyDate.findMany()
    expect(rows.map(({ times }) => times)).toEqual([1, 1, 1])
  })
})
