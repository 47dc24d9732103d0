import { expect, test } from '@jest/globals'
import { defineBackfill } from '../../src/define/backfill.js'
import type { PrismaClientLike } from '../../src/define/config.js'
import { defineTask } from '../../src/define/task.js'
import { createAfterParty } from '../../src/party.js'
import { addPosts, runOnce, upTo, useBackfills, VERSION } from '../support/backfills.js'
import { describeDatabases, type TestClient } from '../support/databases.js'

interface PostRow {
  id: number
  title: string
  views: number
}

describeDatabases((variant) => {
  const backfills = useBackfills(variant)
  /** All that is in the tables, the ledger's included. */
  const everything = async () => {
    const models = ['post', 'everything', 'stamped', 'author', 'afterPartyTaskRecord', 'afterPartyTaskRun']
    const delegates = backfills.client as unknown as Record<string, TestClient['post']>
    const tables = []
    for (const model of models) tables.push(await delegates[model]?.findMany({}))
    return tables
  }

  test('a backfill shows rows, a sample and an estimate, and nothing stays changed', async () => {
    await addPosts(backfills.client, upTo(25))
    const before = await everything()
    const update = ({ title, views }: PostRow) => ({ slug: title, views: views + 1 })
    const [rehearsal] = await backfills.party({ model: 'post', batchSize: 4, update }).rehearse()
    expect(rehearsal).toMatchObject({
      version: VERSION,
      name: 'backfill',
      outcome: 'rehearsed',
      rows: 12,
      total: 25,
      batchMs: expect.any(Number),
      estimateMs: expect.any(Number),
    })
    expect(rehearsal?.sample).toEqual(
      [1, 2, 3].map((id) => ({
        key: `${id}`,
        before: { slug: null, views: 0 },
        after: { slug: `post ${id}`, views: 1 },
      })),
    )
    expect(await everything()).toEqual(before)
  })

  test('what changes in Json and by a millisecond is in the sample', async () => {
    const at = new Date('2026-01-01T00:00:00.000Z')
    await backfills.client.everything.createMany({ data: [{ id: 1, json: { constructor: 1 }, at }] })
    const after = { json: { constructor: 2 }, at: new Date('2026-01-01T00:00:00.001Z') }
    const [rehearsal] = await backfills.party({ model: 'everything', update: () => after }).rehearse()
    expect(rehearsal?.sample).toEqual([{ key: '1', before: { json: { constructor: 1 }, at }, after }])
  })

  test('a rehearsal that fails says why, and nothing stays changed', async () => {
    await addPosts(backfills.client, upTo(8))
    const before = await everything()
    const run = async (rows: PostRow[], { prisma }: { prisma: TestClient }) => {
      await prisma.post.deleteMany({ where: { id: rows[0]?.id } })
      if (rows.some(({ id }) => id === 7)) throw new Error('seven')
    }
    const [rehearsal] = await backfills.party({ model: 'post', batchSize: 3, run }).rehearse()
    expect(rehearsal).toMatchObject({
      outcome: 'failed',
      error: 'seven',
      stack: expect.stringMatching(/seven\n +at .*backfill-rehearse/),
    })
    expect(rehearsal?.mayBeCommitted).toBeUndefined()
    expect(await everything()).toEqual(before)
  })

  if (variant.startsWith('mariadb'))
    test.each([
      ['ends', ''],
      ['throws', 'seven\nAlso, '],
    ])(
      'a rehearsal whose statement committed tells that it may be there, whether it %s after it',
      async (end, error) => {
        await addPosts(backfills.client, upTo(2))
        const run = async (rows: PostRow[], { prisma }: { prisma: TestClient }) => {
          await prisma.post.deleteMany({ where: { id: rows[0]?.id } })
          await prisma.$executeRawUnsafe('CREATE TABLE IF NOT EXISTS ap_rehearsed (id INT)')
          if (end === 'throws') throw new Error('seven')
        }
        const [rehearsal] = await backfills.party({ model: 'post', run }).rehearse()
        expect(rehearsal).toMatchObject({ outcome: 'failed', mayBeCommitted: true })
        expect(rehearsal?.error).toMatch(new RegExp(`^${error}the database ended the transaction`))
        expect(await backfills.client.post.count({})).toBe(1)
      },
    )

  test('an interrupted backfill is rehearsed from where it stands', async () => {
    await addPosts(backfills.client, upTo(10))
    let broken = true
    const seen: number[] = []
    const party = backfills.party({
      model: 'post',
      batchSize: 2,
      update: ({ id }: PostRow) => {
        seen.push(id)
        if (broken && id === 7) throw new Error('seven')
        return { slug: 'x' }
      },
    })
    await runOnce(party)
    broken = false
    seen.length = 0
    const before = await everything()
    const [rehearsal] = await party.rehearse()
    expect(rehearsal).toMatchObject({ outcome: 'rehearsed', rows: 4, total: 4 })
    expect(seen).toEqual([7, 8, 9, 10])
    expect(await everything()).toEqual(before)
  })

  test('a backfill in parts is rehearsed from where the first part stands that is not done', async () => {
    await addPosts(backfills.client, upTo(30))
    const broken = new Set([14, 24])
    const seen: number[] = []
    const party = backfills.party({
      model: 'post',
      batchSize: 2,
      concurrency: 3,
      update: ({ id }: PostRow) => {
        seen.push(id)
        if (broken.has(id)) throw new Error('not yet')
        return { slug: 'x' }
      },
    })
    // Each run ends at the first part that fails: the first part gets done in one of them.
    do await runOnce(party)
    while ((await backfills.client.post.count({ where: { id: { lte: 10 }, slug: null } })) > 0)
    broken.clear()
    seen.length = 0
    const left = await backfills.client.post.findMany({ where: { slug: null }, orderBy: { id: 'asc' } })
    const before = await everything()
    const [rehearsal] = await party.rehearse()
    expect(rehearsal).toMatchObject({ outcome: 'rehearsed', rows: 6, total: left.length })
    expect(seen).toEqual(left.slice(0, 6).map(({ id }) => id))
    expect(left[0]?.id).toBeGreaterThan(10)
    expect(await everything()).toEqual(before)
  })

  test('tasks with a transaction are rolled back; those without are not run', async () => {
    const before = await everything()
    const ran: string[] = []
    const task = (name: string, transaction: boolean) =>
      defineTask({
        transaction,
        run: async ({ prisma }) => {
          ran.push(name)
          await (prisma as unknown as TestClient).post.create({ data: { title: name } })
        },
      })
    const outside = defineBackfill({ model: 'post', transaction: false, run: async () => void ran.push('outside') })
    const client = () => backfills.database.client() as unknown as PrismaClientLike
    const party = createAfterParty({
      client,
      tasks: {
        '20260101000001_inside': task('inside', true),
        '20260101000002_none': task('none', false),
        '20260101000003_outside': outside,
      },
    })
    expect(await party.rehearse()).toMatchObject([
      { name: 'inside', outcome: 'rehearsed' },
      { name: 'none', outcome: 'skipped' },
      { name: 'outside', outcome: 'skipped' },
    ])
    expect(ran).toEqual(['inside'])
    expect(await everything()).toEqual(before)
  })

  test('where there is nothing to walk, nothing is tried', async () => {
    await addPosts(backfills.client, upTo(3))
    const run = () => {
      throw new Error('with no rows')
    }
    const [rehearsal] = await backfills.party({ model: 'post', where: { slug: 'none' }, run }).rehearse()
    expect(rehearsal).toMatchObject({ outcome: 'rehearsed', rows: 0, total: 0, batchMs: 0 })
  })

  test('a table with no rows is rehearsed in no time', async () => {
    const [rehearsal] = await backfills.party({ model: 'post', update: () => ({ slug: 'x' }) }).rehearse()
    expect(rehearsal).toMatchObject({ outcome: 'rehearsed', rows: 0, total: 0, sample: [] })
  })
})
