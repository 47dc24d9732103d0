import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from '@jest/globals'
import { defineBackfill } from '../../src/define/backfill.js'
import type { PrismaClientLike } from '../../src/define/config.js'
import { createAfterParty } from '../../src/party.js'
import { addPosts, runOnce, upTo, useBackfills, VERSION } from '../support/backfills.js'
import { type Intercepted, intercepted } from '../support/databases/intercepted.js'
import { describeDatabases, type TestClient, type VariantName } from '../support/databases.js'

interface PostRow {
  id: number
  views: number
}

const addOne = ({ views }: PostRow) => ({ views: views + 1 })

const SERVERS: VariantName[] = ['postgresql', 'postgresql-pgbouncer', 'mariadb', 'postgresql-prisma6']

describeDatabases((variant) => {
  const backfills = useBackfills(variant)
  const views = async () => {
    const posts = await backfills.client.post.findMany({ orderBy: { id: 'asc' } })
    return posts.map(({ views }) => views)
  }
  const split = !variant.startsWith('sqlite')
  /** How the parts stand, in their order. */
  const states = async () => {
    const { afterPartyTaskRecord: records } = backfills.client as unknown as Record<string, TestClient['post']>
    const where = { version: { startsWith: `${VERSION}/` } }
    const parts = await records?.findMany({ where, orderBy: { version: 'asc' } })
    return (parts as unknown as { status: string }[]).map(({ status }) => status)
  }

  test.each([0, 1, 2, 3, 4, 5, 23])('%i rows with gaps in 4 parts: each row once', async (rows) => {
    await addPosts(
      backfills.client,
      upTo(rows).map((i) => i * i * 10),
    )
    const result = await backfills.run({ model: 'post', batchSize: 2, concurrency: 4, update: addOne })
    expect(result).toMatchObject({ outcome: 'done', processed: rows })
    expect(await views()).toEqual(upTo(rows).map(() => 1))
    const status = await backfills.party({ model: 'post', update: addOne }).status()
    expect(status.tasks).toMatchObject([{ state: 'done', processed: rows, total: rows }])
  })

  test('parts of a composite key and of a text meet at their bounds', async () => {
    const pairs = [1, 2, 3].flatMap((a) => upTo(9).map((b) => ({ a, b })))
    await backfills.client.pair.createMany({ data: pairs })
    const update = ({ times }: { times: number }) => ({ times: times + 1 })
    expect(await backfills.run({ model: 'pair', batchSize: 2, concurrency: 5, update })).toMatchObject({
      processed: 27,
    })
    expect((await backfills.client.pair.findMany()).every(({ times }) => times === 1)).toBe(true)
  })

  test('rows that come after the last one are not walked, whatever the part', async () => {
    await addPosts(backfills.client, upTo(8))
    let once = true
    const run = async (rows: PostRow[], { prisma }: { prisma: TestClient }) => {
      const first = once
      once = false
      if (first) await prisma.post.createMany({ data: [{ id: 100, title: 'late' }] })
      await prisma.post.updateMany({
        where: { id: { in: rows.map(({ id }) => id) } },
        data: { views: { increment: 1 } },
      })
    }
    expect(await backfills.run({ model: 'post', batchSize: 2, concurrency: 2, run })).toMatchObject({ processed: 8 })
    expect(await views()).toEqual([...upTo(8).map(() => 1), 0])
  })

  test('a failure in one part fails the backfill, stops the others, and the next run does what is left', async () => {
    await addPosts(backfills.client, upTo(40))
    let broken = true
    const definition = {
      model: 'post',
      batchSize: 2,
      concurrency: 2,
      update: async (row: PostRow) => {
        if (broken && row.id === 33) throw new Error('thirty-three')
        // The part before it is at its first rows until this one has failed.
        if (broken && split && row.id === 3) while (!(await states()).includes('failed')) await sleep(20)
        return addOne(row)
      },
    }
    const party = backfills.party(definition)
    const first = await runOnce(party)
    expect(first).toMatchObject({ outcome: 'failed', error: expect.stringContaining('thirty-three') })
    const done = (await views()).filter((view) => view === 1).length
    expect(await states()).toEqual(split ? ['interrupted', 'failed'] : [])
    // Where there is one writer, one part has all rows.
    if (split) expect(done).toBeLessThan(32)
    else expect(done).toBe(32)
    expect(first.processed).toBe(done)
    broken = false
    expect(await runOnce(party)).toMatchObject({ outcome: 'done', processed: 40 - done })
    expect(await views()).toEqual(upTo(40).map(() => 1))
    const attempts = await party.history({ name: 'backfill' })
    expect(attempts.map(({ processed }) => processed)).toEqual([40 - done, done])
  })

  test('an error that nobody caught fails the backfill at once, lets its parts go, and the next run does what is left', async () => {
    await addPosts(backfills.client, upTo(40))
    const crash = new AbortController()
    const party = backfills.party({
      model: 'post',
      batchSize: 2,
      concurrency: 2,
      run: async (rows: PostRow[], { prisma }) => {
        for (const { id } of rows) await prisma.post.updateMany({ where: { id }, data: { views: { increment: 1 } } })
        if (crash.signal.aborted || rows.every(({ id }) => id < 33)) return
        crash.abort(new Error('of nobody'))
        await new Promise(() => {})
      },
    })
    const first = await runOnce(party, { grace: '1h', crashed: crash.signal })
    expect(first).toMatchObject({ outcome: 'failed', error: 'of nobody' })
    // The other part has no row that waits: it may have come to its end before.
    expect(await states()).toEqual(split ? [expect.stringMatching(/^(interrupted|done)$/), 'interrupted'] : [])
    const done = (await views()).filter((view) => view === 1).length
    expect(await runOnce(party)).toMatchObject({ outcome: 'done', processed: 40 - done })
    expect(await views()).toEqual(upTo(40).map(() => 1))
  })

  test.each([
    [4, 1],
    [1, 4],
    [4, 2],
  ])('begun with concurrency %i and resumed with %i, no row is done twice', async (before, after) => {
    await addPosts(backfills.client, upTo(20))
    let broken = true
    const update = (row: PostRow) => {
      if (broken && row.id === 9) throw new Error('nine')
      return addOne(row)
    }
    const definition = { model: 'post', batchSize: 2, update }
    expect(await backfills.run({ ...definition, concurrency: before })).toMatchObject({ outcome: 'failed' })
    broken = false
    expect(await backfills.run({ ...definition, concurrency: after })).toMatchObject({ outcome: 'done' })
    expect(await views()).toEqual(upTo(20).map(() => 1))
  })

  test('run again by hand when it is done, it begins anew, with another number of parts too', async () => {
    await addPosts(backfills.client, upTo(10))
    const definition = { model: 'post', batchSize: 2, update: addOne }
    await backfills.run({ ...definition, concurrency: 3 })
    for (const concurrency of [3, 2, 5, 1]) {
      const again = await backfills.run({ ...definition, concurrency }, { names: ['backfill'] })
      expect(again).toMatchObject({ outcome: 'done', processed: 10 })
    }
    expect(await views()).toEqual(upTo(10).map(() => 5))
    const status = await backfills.party(definition).status()
    expect(status.tasks).toMatchObject([{ version: VERSION, state: 'done', processed: 10, total: 10 }])
  })

  test('past `maxDuration` every part stops after its batch', async () => {
    await addPosts(backfills.client, upTo(12))
    const definition = { model: 'post', batchSize: 2, concurrency: 2, update: addOne }
    const party = backfills.party({ ...definition, pause: '1h' })
    expect(await party.run({ maxDuration: 1_500 })).toMatchObject({ outcome: 'paused' })
    expect(await backfills.run(definition)).toMatchObject({ outcome: 'done' })
    expect(await views()).toEqual(upTo(12).map(() => 1))
  })

  test('more rows than may be skipped, in all parts together, end the backfill', async () => {
    await addPosts(backfills.client, upTo(20))
    const update = (row: PostRow) => {
      if (row.id % 5 === 0) throw new Error('five')
      return addOne(row)
    }
    const definition = { model: 'post', batchSize: 2, concurrency: 4, onError: 'skip' as const, update }
    expect(await backfills.run({ ...definition, maxSkipped: 3 })).toMatchObject({ outcome: 'failed' })
    expect(await backfills.run({ ...definition, maxSkipped: 4 })).toMatchObject({ outcome: 'done' })
    expect((await views()).filter((view) => view === 0)).toHaveLength(4)
    expect((await views()).filter((view) => view === 1)).toHaveLength(16)
  })

  test('what a process skipped before it died is in the history of the run that ends the backfill', async () => {
    await addPosts(backfills.client, upTo(20))
    const update = (row: PostRow) => {
      if (row.id === 2 || row.id === 14) throw new Error('no good')
      return addOne(row)
    }
    const party = backfills.party({ model: 'post', batchSize: 2, concurrency: 4, onError: 'skip', update })
    expect(await runOnce(party)).toMatchObject({ outcome: 'done' })
    // It was killed when its parts were done, and it had not said so of the backfill itself.
    const { afterPartyTaskRecord: records } = backfills.client as unknown as Record<string, TestClient['post']>
    await records?.updateMany({ where: { version: VERSION }, data: { status: 'running', leaseUntil: new Date(0) } })
    expect(await runOnce(party)).toMatchObject({ outcome: 'done' })
    const [last] = await party.history({ name: 'backfill' })
    expect(last?.skippedRows).toEqual(['2', '14'].map((key) => ({ key, error: 'no good' })))
  })

  test('what was skipped is in the history of a process that died before it wrote it', async () => {
    await addPosts(backfills.client, upTo(20))
    const update = (row: PostRow) => {
      if (row.id === 2 || row.id === 14) throw new Error('no good')
      return addOne(row)
    }
    const party = backfills.party({ model: 'post', batchSize: 2, concurrency: 4, onError: 'skip', update })
    expect(await runOnce(party)).toMatchObject({ outcome: 'done' })
    const { afterPartyTaskRun: runs } = backfills.client as unknown as Record<string, TestClient['post']>
    await runs?.updateMany({ data: { status: 'running', finishedAt: null, skippedRows: null } })
    const skippedRows = ['2', '14'].map((key) => ({ key, error: 'no good' }))
    expect(await party.history({ name: 'backfill' })).toMatchObject([{ status: 'done', skippedRows }])
  })

  test('one by one is said once, not once for each part', async () => {
    await addPosts(backfills.client, upTo(12))
    const update = () => ({ views: { increment: 1 } })
    const result = await backfills.run({ model: 'post', batchSize: 1, concurrency: 3, update })
    expect(result.logs).toHaveLength(1)
  })
})

describeDatabases((variant) => {
  const backfills = useBackfills(variant)
  const parts = async () => {
    const { afterPartyTaskRecord: records } = backfills.client as unknown as Record<string, TestClient['post']>
    const found = await records?.findMany({ where: { version: { startsWith: `${VERSION}/` } } })
    return (found as unknown as { status: string }[]).map(({ status }) => status)
  }

  /** A holder and a helper do 60 rows together; the helper leaves out one, and the holder too, where that is wanted. */
  const together = async (given: { maxSkipped?: number; both?: boolean }) => {
    await addPosts(backfills.client, upTo(60))
    // The holder has one part at a time, and its first batch waits until the other process has done one.
    let helped = () => {}
    const help = new Promise<void>((resolve) => {
      helped = resolve
    })
    const touch = async (rows: PostRow[], prisma: TestClient) => {
      await prisma.post.updateMany({
        where: { id: { in: rows.map(({ id }) => id) } },
        data: { views: { increment: 1 } },
      })
    }
    const { both = false, ...limits } = given
    const shared = { model: 'post', batchSize: 5, concurrency: 4, onError: 'skip' as const, ...limits }
    const unlucky: (number | undefined)[] = [undefined, undefined]
    let waiting = () => {}
    const begun = new Promise<void>((resolve) => {
      waiting = resolve
    })
    let batches = 0
    const holder = backfills.party({
      ...shared,
      run: async (rows: PostRow[], { prisma }) => {
        batches += 1
        waiting()
        if (both && batches > 2) unlucky[0] ??= rows[0]?.id
        if (rows.some(({ id }) => id === unlucky[0])) throw new Error('of all rows')
        await touch(rows, prisma)
        // All of its workers wait in their first batch but one part is left for nobody: so the other has none to take
        // until one of them fails to hold it. Hence the holder works on two parts of four at most.
        if (batches <= 2) await help
      },
    })
    const helper = backfills.party(
      {
        ...shared,
        run: async (rows: PostRow[], { prisma }) => {
          unlucky[1] ??= rows[0]?.id
          if (rows.some(({ id }) => id === unlucky[1])) throw new Error('of all rows')
          await touch(rows, prisma)
          helped()
        },
      },
      backfills.database.client(),
    )
    const first = holdParts(backfills.client, 2).then(async (letGo) => {
      const running = runOnce(holder)
      await begun
      await letGo()
      return running
    })
    await begun
    const second = runOnce(helper)
    const results = await Promise.all([first, second])
    const posts = await backfills.client.post.findMany({ orderBy: { id: 'asc' } })
    expect(posts.filter(({ views }) => views !== 1).map(({ id }) => id)).toEqual(unlucky.filter(Boolean).sort(byNumber))
    return { results, unlucky }
  }

  test('a second process takes parts that are free: together they do each row once, and list what was skipped', async () => {
    const { results, unlucky } = await together({})
    expect(results.map(({ outcome }) => outcome)).toEqual(['done', 'done'])
    const rows = results.map(({ processed }) => processed ?? 0)
    expect(rows.every((each) => each > 0)).toBe(true)
    expect(rows.reduce((sum, each) => sum + each, 0)).toBe(60)
    // The history of the backfill is the holder's.
    const attempts = await backfills.party({ model: 'post', update: addOne }).history({ name: 'backfill' })
    const skippedRows = [{ key: `${unlucky[1]}`, error: 'of all rows' }]
    expect(attempts).toMatchObject([{ status: 'done', processed: 60, skippedRows }])
  })

  test('what was skipped is in the history also when the parts can’t be read again at the end', async () => {
    await addPosts(backfills.client, upTo(20))
    const done = new Set<string>()
    let refused = 0
    const ledger = intercepted(backfills.database.client(), {
      afterPartyTaskRecord: {
        async findUnique({ args, query }: Intercepted<{ where: { version: string } }>) {
          const { version } = args.where
          if (done.size === 4 && version.includes('/')) {
            refused += 1
            throw new Error('the disk is full')
          }
          const record = (await query(args)) as { status: string } | null
          if (version.includes('/') && record?.status === 'done') done.add(version)
          return record
        },
      },
    })
    const update = (row: PostRow) => {
      if (row.id === 2 || row.id === 14) throw new Error('no good')
      return addOne(row)
    }
    const backfill = { model: 'post', batchSize: 2, concurrency: 4, onError: 'skip', update }
    const party = createAfterParty({
      client: () => backfills.database.client() as unknown as PrismaClientLike,
      ledgerClient: () => ledger as unknown as PrismaClientLike,
      tasks: { [`${VERSION}_backfill`]: defineBackfill(backfill as never) },
    })
    expect(await runOnce(party)).toMatchObject({ outcome: 'done' })
    expect(refused).toBe(4)
    const skippedRows = ['2', '14'].map((key) => ({ key, error: 'no good' }))
    const attempts = await backfills.party({ model: 'post', update }).history({ name: 'backfill' })
    expect(attempts).toMatchObject([{ status: 'done', processed: 20, skippedRows }])
  })

  test('rows that two processes skipped count together', async () => {
    const { results } = await together({ both: true, maxSkipped: 1 })
    expect(results[0]).toMatchObject({ outcome: 'failed', error: expect.stringContaining('more than 1 rows') })
  })

  test('what a process that helps skipped is in the history also when another part fails', async () => {
    await addPosts(backfills.client, upTo(20))
    const shared = { model: 'post', batchSize: 5, concurrency: 2, onError: 'skip' as const, maxSkipped: 1 }
    let begin = () => {}
    const begun = new Promise<void>((resolve) => {
      begin = resolve
    })
    const holder = backfills.party({
      ...shared,
      run: async () => {
        begin()
        while (!(await parts()).includes('done')) await sleep(20)
        throw new Error('of every row')
      },
    })
    const helper = backfills.party(
      {
        ...shared,
        run: async (rows: PostRow[]) => {
          if (rows.some(({ id }) => id === 13)) throw new Error('thirteen')
        },
      },
      backfills.database.client(),
    )
    const letGo = await holdParts(backfills.client, 1)
    const running = runOnce(holder)
    await begun
    await letGo()
    const results = await Promise.all([running, runOnce(helper)])
    expect(results.map(({ outcome }) => outcome)).toEqual(['failed', 'failed'])
    const [attempt] = await holder.history({ name: 'backfill' })
    // Ten rows of the helper, and the one that the holder could skip.
    expect(attempt).toMatchObject({
      status: 'failed',
      processed: 11,
      skippedRows: expect.arrayContaining([{ key: '13', error: 'thirteen' }]),
    })
  })

  test('a part that fails in the process that helps fails the backfill in both, and is tried once', async () => {
    await addPosts(backfills.client, upTo(40))
    let tried = 0
    const shared = { model: 'post', batchSize: 5, concurrency: 2 }
    let begin = () => {}
    const begun = new Promise<void>((resolve) => {
      begin = resolve
    })
    let failed = () => {}
    const failure = new Promise<void>((resolve) => {
      failed = resolve
    })
    const holder = backfills.party({
      ...shared,
      run: async () => {
        begin()
        await failure
      },
    })
    const helper = backfills.party(
      {
        ...shared,
        run: async () => {
          tried += 1
          failed()
          throw new Error('poison')
        },
      },
      backfills.database.client(),
    )
    const first = holdParts(backfills.client, 1).then(async (letGo) => {
      const running = runOnce(holder)
      await begun
      await letGo()
      return running
    })
    await begun
    const results = await Promise.all([first, runOnce(helper)])
    expect(results).toMatchObject([
      { outcome: 'failed', error: expect.stringContaining('poison') },
      { outcome: 'failed', elsewhere: true, error: expect.stringContaining('poison') },
    ])
    expect(tried).toBe(1)
  })
}, SERVERS)

/** Holds the last parts of four or two, as a third process does, until they are let go. */
async function holdParts(client: TestClient, count: number): Promise<() => Promise<unknown>> {
  const { afterPartyTaskRecord: records } = client as unknown as Record<string, TestClient['post']>
  const versions = upTo(count).map((i) => `${VERSION}/0${(count === 2 ? 2 : 1) + i}`)
  const leaseUntil = new Date(Date.now() + 3_600_000)
  const held = { name: 'backfill', status: 'running', fence: 1, owner: 'third:1:x', leaseUntil }
  await records?.createMany({ data: versions.map((version) => ({ version, ...held })) })
  return async () => records?.updateMany({ where: { version: { in: versions } }, data: { status: 'interrupted' } })
}

function byNumber(a: number | undefined, b: number | undefined): number {
  return (a ?? 0) - (b ?? 0)
}
