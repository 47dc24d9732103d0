import { expect, test } from '@jest/globals'
import { defineBackfill } from '../../src/define/backfill.js'
import type { PrismaClientLike } from '../../src/define/config.js'
import { createAfterParty } from '../../src/party.js'
import { addPosts, type LooseBackfill, runOnce, upTo, useBackfills, VERSION } from '../support/backfills.js'
import { type Intercepted, intercepted } from '../support/databases/intercepted.js'
import { describeDatabases, type TestClient } from '../support/databases.js'
import { few } from '../support/selection.js'

interface PostRow {
  id: number
  title: string
  views: number
}

const addOne = ({ views }: PostRow) => ({ views: views + 1 })

/** Adds one to each row, through whatever it is given. */
async function addOneTo(rows: readonly PostRow[], prisma: TestClient): Promise<void> {
  await prisma.post.updateMany({ where: { id: { in: rows.map(({ id }) => id) } }, data: { views: { increment: 1 } } })
}

describeDatabases((variant) => {
  const backfills = useBackfills(variant)
  const sqlite = variant.startsWith('sqlite')
  const views = async () => {
    const posts = await backfills.client.post.findMany({ orderBy: { id: 'asc' } })
    return posts.map(({ views }) => views)
  }
  const record = async () => {
    const { tasks } = await backfills.party({ model: 'post', update: addOne }).status()
    return tasks[0]
  }

  test('a batch that throws after its writes leaves nothing of it; the next run does each row once', async () => {
    await addPosts(backfills.client, upTo(10))
    let broken = true
    const party = backfills.party({
      model: 'post',
      batchSize: 3,
      run: async (rows: PostRow[], { prisma }) => {
        await addOneTo(rows, prisma)
        if (broken && rows.some(({ id }) => id === 8)) throw new Error('after its writes')
      },
    })
    expect(await runOnce(party)).toMatchObject({ outcome: 'failed', processed: 6, error: 'after its writes' })
    expect(await views()).toEqual([1, 1, 1, 1, 1, 1, 0, 0, 0, 0])
    expect(await record()).toMatchObject({ state: 'failed', processed: 6, total: 10, attempts: 1 })
    broken = false
    expect(await runOnce(party)).toMatchObject({ outcome: 'done', processed: 4 })
    expect(await views()).toEqual(upTo(10).map(() => 1))
    expect(await record()).toMatchObject({ state: 'done', processed: 10, total: 10, attempts: 2 })
    const attempts = await party.history({ name: 'backfill' })
    expect(attempts.map(({ status, processed }) => ({ status, processed }))).toEqual([
      { status: 'done', processed: 4 },
      { status: 'failed', processed: 6 },
    ])
  })

  test.each(few(upTo(7), 2))('stopped at row %i by a throw, `update` does each row once in two runs', async (at) => {
    await addPosts(backfills.client, upTo(7))
    let broken = true
    const update = (row: PostRow) => {
      if (broken && row.id === at) throw new Error('not this one')
      return addOne(row)
    }
    const party = backfills.party({ model: 'post', batchSize: 2, update })
    expect(await runOnce(party)).toMatchObject({ outcome: 'failed', error: `row ${at}: not this one` })
    broken = false
    expect(await runOnce(party)).toMatchObject({ outcome: 'done' })
    expect(await views()).toEqual(upTo(7).map(() => 1))
  })

  test('without a transaction a batch may be done twice, and goes on at its checkpoint', async () => {
    await addPosts(backfills.client, upTo(6))
    let broken = true
    const party = backfills.party({
      model: 'post',
      batchSize: 2,
      transaction: false,
      run: async (rows: PostRow[], { prisma }) => {
        await addOneTo(rows, prisma)
        if (broken && rows[0]?.id === 3) throw new Error('outside')
      },
    })
    expect(await runOnce(party)).toMatchObject({ outcome: 'failed', processed: 2 })
    broken = false
    expect(await runOnce(party)).toMatchObject({ outcome: 'done', processed: 4 })
    expect(await views()).toEqual([1, 1, 2, 2, 1, 1])
  })

  test('a claim that is lost in the middle of a batch takes the batch with it', async () => {
    await addPosts(backfills.client, upTo(6))
    const party = backfills.party({
      model: 'post',
      batchSize: 2,
      run: async (rows: PostRow[], { prisma }) => {
        if (rows[0]?.id === 3) {
          // SQLite has one writer: there the other process can only have come before the first write.
          const where = { version: VERSION }
          await stealClaim(sqlite ? prisma : backfills.client, where)
        }
        await addOneTo(rows, prisma)
      },
    })
    // There, what was stolen inside the batch is given back when it rolls back.
    expect(await runOnce(party)).toMatchObject({ outcome: sqlite ? 'failed' : 'locked' })
    expect(await views()).toEqual([1, 1, 0, 0, 0, 0])
  })

  test.each(few(['fails at first', 'is behind at first'], 1))(
    'a commit whose answer is lost counts, also when the look at its record %s',
    async (how) => {
      await addPosts(backfills.client, upTo(6))
      let trouble: (() => unknown) | undefined
      const lost = () => Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })
      const tasks = backfills.database.client()
      let commits = 0
      const client = replacing(tasks, '$transaction', async (...args: Parameters<TestClient['$transaction']>) => {
        const before = await ledgerRows(backfills.client).findUnique({ where: { version: VERSION } })
        const result = await tasks.$transaction(...args)
        commits += 1
        if (commits !== 2) return result
        trouble = () => {
          if (how === 'is behind at first') return before
          throw lost()
        }
        throw lost()
      })
      const ledger = intercepted(backfills.database.client(), {
        afterPartyTaskRecord: {
          async findUnique({ args, query }: Intercepted<object>) {
            const answer = trouble ?? (() => query(args))
            trouble = undefined
            return answer()
          },
        },
      })
      const result = await runOnce(
        createAfterParty({
          client: () => client as unknown as PrismaClientLike,
          ledgerClient: () => ledger as unknown as PrismaClientLike,
          tasks: {
            [`${VERSION}_backfill`]: defineBackfill({
              model: 'post',
              batchSize: 2,
              onError: 'skip',
              // So that batches take interactive transactions, whose commit is a step of its own.
              transaction: { isolationLevel: sqlite ? 'Serializable' : 'ReadCommitted' },
              update: (row: PostRow) => {
                if (row.id === 4) throw new Error('four')
                return addOne(row)
              },
            } as never),
          },
        }),
      )
      expect(result).toMatchObject({
        outcome: 'done',
        processed: 6,
        logs: expect.arrayContaining(['skipped 4: four']),
      })
      expect(await views()).toEqual([1, 1, 1, 0, 1, 1])
    },
  )

  test('a checkpoint that can’t be written fails the backfill; it is not the fault of a row', async () => {
    await addPosts(backfills.client, upTo(3))
    const ledger = intercepted(backfills.database.client(), {
      afterPartyTaskRecord: {
        updateMany({ args, query }: Intercepted<{ data: { skippedRows?: string } }>) {
          if (args.data.skippedRows?.includes('two')) throw new Error('no room for it')
          return query(args)
        },
      },
    })
    const run = async (rows: PostRow[], { prisma }: { prisma: TestClient }) => {
      await addOneTo(rows, prisma)
      if (rows.some(({ id }) => id === 2)) throw new Error('two')
    }
    const result = await runOnce(
      createAfterParty({
        client: () => backfills.database.client() as unknown as PrismaClientLike,
        ledgerClient: () => ledger as unknown as PrismaClientLike,
        tasks: { [`${VERSION}_backfill`]: defineBackfill({ model: 'post', onError: 'skip', run } as never) },
      }),
    )
    expect(result).toMatchObject({ outcome: 'failed', processed: 1 })
    expect(result.error).toContain('no room for it')
    expect(await views()).toEqual([1, 0, 0])
  })

  if (variant === 'postgresql')
    test('a throttle that never answers is left behind at a signal', async () => {
      await addPosts(backfills.client, upTo(2))
      const stop = new AbortController()
      const throttle = () => {
        stop.abort()
        return new Promise(() => {})
      }
      const party = backfills.party({ model: 'post', throttle, update: addOne })
      expect(await runOnce(party, { signal: stop.signal })).toMatchObject({ outcome: 'interrupted' })
      expect(await record()).toMatchObject({ state: 'interrupted' })
    })

  test('a signal lets the batch end, and the next run goes on after it', async () => {
    await addPosts(backfills.client, upTo(6))
    const stop = new AbortController()
    const party = backfills.party({
      model: 'post',
      batchSize: 2,
      // Else the second batch is computed while the first is being written.
      throttle: () => false,
      update: (row: PostRow) => {
        if (row.id === 3) stop.abort()
        return addOne(row)
      },
    })
    expect(await runOnce(party, { signal: stop.signal })).toMatchObject({ outcome: 'interrupted', processed: 4 })
    expect(await views()).toEqual([1, 1, 1, 1, 0, 0])
    expect(await runOnce(party)).toMatchObject({ outcome: 'done', processed: 2 })
    expect(await views()).toEqual(upTo(6).map(() => 1))
  })

  test('past `maxDuration` it leaves the rest for the next run, and that is no failure', async () => {
    await addPosts(backfills.client, upTo(6))
    const party = backfills.party({
      model: 'post',
      batchSize: 2,
      // Nothing but the end of its time ends this rest.
      pause: '1h',
      update: addOne,
    })
    const first = await party.run({ maxDuration: 1_000 })
    expect(first).toMatchObject({ outcome: 'paused', results: [{ outcome: 'paused' }] })
    expect(await record()).toMatchObject({ state: 'paused', reason: { code: 'max-duration' } })
    expect(await backfills.run({ model: 'post', batchSize: 2, update: addOne })).toMatchObject({ outcome: 'done' })
    expect(await views()).toEqual(upTo(6).map(() => 1))
  })

  test.each(['stop', 'skip'] as const)('past `maxDuration` no batch is tried again (onError: %s)', async (onError) => {
    await addPosts(backfills.client, upTo(4))
    let tries = 0
    const run = async () => {
      tries += 1
      await new Promise((resolve) => setTimeout(resolve, 2_100))
      throw new Error('again and again')
    }
    const retry = onError === 'stop' ? { retry: { attempts: 5, delay: '1h' } as const } : {}
    const party = backfills.party({ model: 'post', onError, ...retry, run })
    expect(await party.run({ maxDuration: 2_000 })).toMatchObject({ outcome: 'paused' })
    expect(await record()).toMatchObject({ state: 'paused', processed: 0 })
    expect(tries).toBe(1)
  })

  test('a throttle that never lets go ends with `maxDuration` too', async () => {
    await addPosts(backfills.client, upTo(2))
    const party = backfills.party({ model: 'post', throttle: () => '1h', update: addOne })
    expect(await party.run({ maxDuration: 500 })).toMatchObject({ outcome: 'paused' })
    expect(await views()).toEqual([0, 0])
  })

  test('each batch is told by its number, with the rows done so far', async () => {
    await addPosts(backfills.client, upTo(5))
    const { events } = await backfills.run({ model: 'post', batchSize: 2, update: addOne })
    const told = events.flatMap((event) => (event.type === 'progress' ? [[event.batch, event.processed]] : []))
    expect(told).toEqual([
      [undefined, 0],
      [1, 2],
      [2, 4],
      [3, 5],
    ])
  })

  test('`throttle` is asked before each batch, and again after the time it names', async () => {
    await addPosts(backfills.client, upTo(4))
    const answers = [1, '2ms', false, false]
    const asked: unknown[] = []
    const result = await backfills.run({
      model: 'post',
      batchSize: 2,
      throttle: async ({ prisma }) => {
        asked.push(await prisma.post.count({ where: { views: 1 } }))
        return answers.shift()
      },
      update: addOne,
    })
    expect(result).toMatchObject({ outcome: 'done', processed: 4 })
    expect(asked).toEqual([0, 0, 0, 2])
  })

  test('an adaptive size grows while batches are fast', async () => {
    await addPosts(backfills.client, upTo(300))
    const sizes: number[] = []
    const run = async (rows: PostRow[]) => void sizes.push(rows.length)
    const batchSize = { target: '10m', min: 5, max: 160 } as const
    expect(await backfills.run({ model: 'post', batchSize, run })).toMatchObject({ outcome: 'done', processed: 300 })
    expect(sizes).toEqual([100, 160, 40])
  })

  test('a batch that takes longer than its transaction may is halved and done', async () => {
    await addPosts(backfills.client, upTo(4))
    const sizes: number[] = []
    const result = await backfills.run({
      model: 'post',
      batchSize: 4,
      transaction: { timeout: 1_000 },
      run: async (rows: PostRow[], { prisma, signal }) => {
        sizes.push(rows.length)
        await addOneTo(rows, prisma)
        // The transaction is closed under the work: its next query, or its commit, fails.
        if (rows.length === 4) await new Promise((resolve) => setTimeout(resolve, 1_500, signal))
      },
    })
    expect(result).toMatchObject({ outcome: 'done', processed: 4 })
    expect(result.logs.join()).toContain('Retrying with 2 rows')
    expect(sizes).toEqual([4, 2, 2])
    expect(await views()).toEqual([1, 1, 1, 1])
  })

  test("a row that can't be changed is skipped, told, and kept over attempts", async () => {
    await addPosts(backfills.client, upTo(20))
    const stop = new AbortController()
    const party = backfills.party({
      model: 'post',
      batchSize: 4,
      onError: 'skip',
      update: (row: PostRow) => {
        if (row.id === 2) throw new Error('no title')
        // What the database refuses, rather than the function.
        if (row.id === 6) return { views: 2 ** 40, title: null }
        if (row.id === 9) stop.abort()
        return addOne(row)
      },
      maxSkipped: 3,
    })
    const { outcome, processed = 0 } = await runOnce(party, { signal: stop.signal })
    expect(outcome).toBe('interrupted')
    expect(await runOnce(party)).toMatchObject({ outcome: 'done', processed: 20 - processed })
    expect(await views()).toEqual(upTo(20).map((id) => (id === 2 || id === 6 ? 0 : 1)))
    const skippedRows = [
      { key: '2', error: 'no title' },
      { key: '6', error: expect.stringContaining('title') },
    ]
    expect(await party.history({ name: 'backfill' })).toMatchObject([
      { status: 'done', skippedRows },
      { status: 'interrupted', skippedRows },
    ])
  })

  test('more rows than may be skipped end the backfill; those skipped before are in the history again', async () => {
    await addPosts(backfills.client, upTo(8))
    const update = (row: PostRow) => {
      if (row.id % 2 === 0) throw new Error('even')
      return addOne(row)
    }
    const party = backfills.party({ model: 'post', batchSize: 2, onError: 'skip', maxSkipped: 2, update })
    const first = await runOnce(party)
    expect(first).toMatchObject({
      outcome: 'failed',
      processed: 4,
      error: 'more than 2 rows could not be changed. The last one: 6: even',
    })
    expect(first.logs).toEqual(['skipped 2: even', 'skipped 4: even'])
    expect(await views()).toEqual([1, 0, 1, 0, 0, 0, 0, 0])
    const raised = backfills.party({ model: 'post', batchSize: 2, onError: 'skip', maxSkipped: 4, update })
    const second = await runOnce(raised)
    expect(second).toMatchObject({ outcome: 'done', processed: 4, skipped: 4 })
    expect(second.logs).toEqual(['skipped 6: even', 'skipped 8: even'])
    const [attempt] = await raised.history({ name: 'backfill' })
    expect(attempt?.skippedRows).toEqual([2, 4, 6, 8].map((id) => ({ key: `${id}`, error: 'even' })))
  })

  test('what was skipped is in the history, however much is logged', async () => {
    await addPosts(backfills.client, upTo(30))
    const party = backfills.party({
      model: 'post',
      batchSize: 1,
      onError: 'skip',
      run: async ([row]: PostRow[], { log }) => {
        if (row?.id === 1 || row?.id === 30) throw new Error('no good')
        log('x'.repeat(1_000))
      },
    })
    expect(await runOnce(party)).toMatchObject({ outcome: 'done', processed: 30 })
    const [attempt] = await party.history({ name: 'backfill' })
    expect(attempt?.skippedRows).toEqual(['1', '30'].map((key) => ({ key, error: 'no good' })))
    expect(attempt?.log?.length).toBeLessThan(17_000)
  })

  test('`run` on rows of which one fails skips that one only', async () => {
    await addPosts(backfills.client, upTo(10))
    const result = await backfills.run({
      model: 'post',
      batchSize: 8,
      onError: 'skip',
      run: async (rows: PostRow[], { prisma }) => {
        await addOneTo(rows, prisma)
        if (rows.some(({ id }) => id === 5)) throw new Error('five')
      },
    })
    expect(result).toMatchObject({ outcome: 'done', processed: 10, logs: ['skipped 5: five'] })
    expect(await views()).toEqual(upTo(10).map((id) => (id === 5 ? 0 : 1)))
  })

  if (variant === 'mariadb') {
    test('updates one by one whose transaction ended on the way fail the backfill', async () => {
      await addPosts(backfills.client, upTo(2))
      const tasks = backfills.database.client()
      const committing = (transaction: TestClient) => ({
        ...transaction.post,
        findMany: (args: object) => transaction.post.findMany(args),
        async update(args: object) {
          await transaction.$executeRawUnsafe('CREATE TABLE IF NOT EXISTS ap_side_effect (id INT)')
          return transaction.post.update(args)
        },
      })
      const client = replacing(tasks, '$transaction', (work: (tx: TestClient) => Promise<unknown>, options: object) =>
        tasks.$transaction((transaction) => work(replacing(transaction, 'post', committing(transaction))), options),
      )
      const update = () => ({ views: { increment: 1 } })
      const { outcome, error } = await backfills.run({ model: 'post', update }, {}, client)
      expect(outcome).toBe('failed')
      expect(error).toContain('ended the transaction before the task finished')
    })

    test('a batch that a statement committed on the way fails the backfill, and is not tried again', async () => {
      await addPosts(backfills.client, upTo(4))
      let batches = 0
      const party = backfills.party({
        model: 'post',
        batchSize: 2,
        onError: 'skip',
        retry: { attempts: 3 },
        run: async (rows: PostRow[], { prisma }) => {
          batches += 1
          await addOneTo(rows, prisma)
          await prisma.$executeRawUnsafe('CREATE TABLE ap_other_effect (id INT)')
        },
      })
      const { outcome, error } = await runOnce(party)
      expect({ outcome, batches }).toEqual({ outcome: 'failed', batches: 1 })
      expect(error).toContain('ended the transaction before the task finished')
    })
  }

  test('`retry` tries a batch again before the backfill fails', async () => {
    await addPosts(backfills.client, upTo(3))
    let faults = 2
    const run = async (rows: PostRow[], { prisma }: { prisma: TestClient }) => {
      await addOneTo(rows, prisma)
      if (faults-- > 0) throw new Error('flaky')
    }
    const result = await backfills.run({ model: 'post', retry: { attempts: 3, delay: 1 }, run })
    expect(result).toMatchObject({ outcome: 'done', processed: 3 })
    expect(result.events.filter(({ type }) => type === 'retrying')).toHaveLength(2)
    expect(await views()).toEqual([1, 1, 1])
  })

  test('a `where` that the client refuses is a failure, not rows to leave out', async () => {
    await addPosts(backfills.client, upTo(3))
    const result = await backfills.run({ model: 'post', where: { nothing: 1 }, onError: 'skip', update: addOne })
    expect(result).toMatchObject({ outcome: 'failed' })
  })
})

describeDatabases(
  (variant) => {
    const backfills = useBackfills(variant)

    test('a lock that another session holds ends the wait of a batch; it is halved and tried again', async () => {
      await addPosts(backfills.client, upTo(4))
      const limit = variant === 'mariadb' ? 'SET innodb_lock_wait_timeout = 1' : "SET LOCAL lock_timeout = '200ms'"
      let waited = 0
      let release = () => {}
      const held = new Promise<void>((resolve) => {
        release = resolve
      })
      let locked = () => {}
      const isLocked = new Promise<void>((resolve) => {
        locked = resolve
      })
      const blocker = backfills.database.client().$transaction(
        async (transaction) => {
          await transaction.post.update({ where: { id: 3 }, data: { title: 'mine' } })
          locked()
          await held
        },
        { timeout: 30_000 },
      )
      await isLocked
      const result = await backfills.run({
        model: 'post',
        batchSize: 4,
        run: async (rows: PostRow[], { prisma }) => {
          await prisma.$executeRawUnsafe(limit)
          waited += 1
          if (waited === 3) release()
          await addOneTo(rows, prisma)
        },
      })
      await blocker
      expect(result).toMatchObject({ outcome: 'done', processed: 4 })
      expect(result.logs[0]).toContain('Retrying with 2 rows')
      const posts = await backfills.client.post.findMany({ orderBy: { id: 'asc' } })
      expect(posts.map(({ views }) => views)).toEqual([1, 1, 1, 1])
    })

    test.each([
      { what: 'a heartbeat', end: 'is done', outcome: 'done', views: [1, 1, 1, 1], data: { leaseUntil: inAnHour() } },
      {
        what: 'another process that takes the task',
        end: 'takes none of its rows',
        outcome: 'locked',
        views: [0, 0, 0, 0],
        data: { fence: { increment: 1 }, owner: 'other:1:x', leaseUntil: inAnHour() },
      },
    ])('a batch that waits for a lock while $what comes in between $end', async ({ data, outcome, views }) => {
      await addPosts(backfills.client, upTo(4))
      const other = backfills.database.client()
      let rival: Promise<unknown> | undefined
      const update = async (row: PostRow) => {
        if (row.id === 4 && !rival)
          await new Promise<void>((locked) => {
            rival = other.$transaction(async (transaction) => {
              await transaction.post.update({ where: { id: 3 }, data: { title: 'mine' } })
              await ledgerRows(transaction).updateMany({ where: { version: VERSION }, data })
              locked()
              await waitsForLock(backfills.client, variant)
            })
          })
        return addOne(row)
      }
      const result = await backfills.run({ model: 'post', batchSize: 4, update })
      await rival
      expect(result.outcome).toBe(outcome)
      const posts = await backfills.client.post.findMany({ orderBy: { id: 'asc' } })
      expect(posts.map(({ views }) => views)).toEqual(views)
      expect(posts[2]).toMatchObject({ title: 'mine' })
    })

    test('rows and checkpoint are one statement; what takes more than one is a transaction', async () => {
      await addPosts(backfills.client, upTo(4))
      const tasks = backfills.database.client()
      let transactions = 0
      const counting = replacing(tasks, '$transaction', (...args: Parameters<TestClient['$transaction']>) => {
        transactions += 1
        return tasks.$transaction(...args)
      })
      const walk = { model: 'post', batchSize: 2 }
      const count = async (backfill: LooseBackfill) => {
        transactions = 0
        const party = backfills.party(backfill, counting)
        await party.mark({ as: 'pending', names: ['backfill'] })
        expect(await runOnce(party)).toMatchObject({ outcome: 'done', processed: 4 })
        // The first is that in which the rows are counted, once, before the walk.
        return transactions - 1
      }
      const different = (row: PostRow) => (row.id % 2 ? { views: row.views + 1 } : { slug: 'x' })
      expect(await count({ ...walk, update: addOne })).toBe(0)
      expect(await count({ ...walk, update: () => null })).toBe(0)
      expect(await count({ ...walk, update: different })).toBe(2)
      // One more, where it turns out that rows are to be locked before they are updated one by one.
      expect(await count({ ...walk, update: () => ({ views: { increment: 1 } }) })).toBe(3)
      expect(await count({ ...walk, transaction: { isolationLevel: 'RepeatableRead' }, update: addOne })).toBe(2)
      expect(await count({ ...walk, transaction: { timeout: '1m' }, update: addOne })).toBe(0)
    })

    test('rows that are deleted between the read and the write of their batch do not hold it up', async () => {
      await addPosts(backfills.client, upTo(4))
      const update = async (row: PostRow) => {
        if (row.id === 2) await backfills.client.post.deleteMany({ where: { id: { lte: 2 } } })
        return addOne(row)
      }
      expect(await backfills.run({ model: 'post', batchSize: 2, update })).toMatchObject({ outcome: 'done' })
      const posts = await backfills.client.post.findMany({ orderBy: { id: 'asc' } })
      expect(posts.map(({ id, views }) => [id, views])).toEqual([
        [3, 1],
        [4, 1],
      ])
    })

    if (variant !== 'mariadb')
      test('under RepeatableRead, what the application writes between read and write is not lost', async () => {
        await addPosts(backfills.client, upTo(2))
        const application = backfills.database.client()
        let reads = 0
        const result = await backfills.run({
          model: 'post',
          transaction: { isolationLevel: 'RepeatableRead' },
          update: async (row: PostRow) => {
            if (row.id === 1) reads += 1
            if (row.id === 1 && reads === 1) await application.post.update({ where: { id: 1 }, data: { views: 10 } })
            return addOne(row)
          },
        })
        expect(result).toMatchObject({ outcome: 'done', processed: 2 })
        expect(reads).toBe(2)
        const posts = await backfills.client.post.findMany({ orderBy: { id: 'asc' } })
        expect(posts.map(({ views }) => views)).toEqual([11, 1])
      })

    // It takes a quarter of a minute, and has nothing to do with the database.
    if (variant === 'postgresql')
      test('a batch that conflicts with others every time fails the backfill after eight tries', async () => {
        await addPosts(backfills.client, upTo(4))
        const sizes: number[] = []
        const result = await backfills.run({
          model: 'post',
          batchSize: 4,
          run: async (rows: PostRow[]) => {
            sizes.push(rows.length)
            throw Object.assign(new Error('a write conflict'), { code: 'P2034' })
          },
        })
        expect(result).toMatchObject({ outcome: 'failed', error: 'a write conflict' })
        expect(sizes).toEqual([4, 2, 1, 1, 1, 1, 1, 1])
      })

    test('of two that lock each other out, the batch is tried again', async () => {
      await addPosts(backfills.client, upTo(20))
      let once = true
      let met = () => {}
      const meet = new Promise<void>((resolve) => {
        met = resolve
      })
      const other = backfills.database.client()
      let rival: Promise<unknown> = Promise.resolve()
      const result = await backfills.run({
        model: 'post',
        batchSize: 4,
        run: async (rows: PostRow[], { prisma }) => {
          if (once) {
            once = false
            await prisma.post.update({ where: { id: 1 }, data: { slug: 'x' } })
            rival = other.$transaction(
              async (transaction) => {
                // MariaDB rolls back the one that has written less, PostgreSQL the one that has waited longer.
                await transaction.post.updateMany({ where: { id: { gte: 4 } }, data: { slug: 'y' } })
                met()
                await waitsForLock(backfills.client, variant)
                await transaction.post.update({ where: { id: 1 }, data: { slug: 'y' } })
              },
              { timeout: 30_000 },
            )
            await meet
            await prisma.post.update({ where: { id: 4 }, data: { slug: 'x' } })
          }
          await addOneTo(rows, prisma)
        },
      })
      await rival
      expect(result).toMatchObject({ outcome: 'done', processed: 20 })
      expect(result.logs[0]).toContain('Retrying with 2 rows')
      const posts = await backfills.client.post.findMany({ orderBy: { id: 'asc' } })
      expect(posts.map(({ views, slug }) => [views, slug])).toEqual(
        upTo(20).map((id) => [1, id === 2 || id === 3 ? null : 'y']),
      )
    })
  },
  ['postgresql', 'mariadb', 'postgresql-prisma6'],
)

function inAnHour(): Date {
  return new Date(Date.now() + 3_600_000)
}

/** Waits until some session of the test's database waits for a lock. */
async function waitsForLock(client: TestClient, variant: string): Promise<void> {
  const waiting =
    variant === 'mariadb'
      ? "SELECT COUNT(*) AS n FROM information_schema.INNODB_TRX t JOIN information_schema.PROCESSLIST p ON p.ID = t.trx_mysql_thread_id WHERE t.trx_state = 'LOCK WAIT' AND p.DB = DATABASE()"
      : "SELECT count(*)::int AS n FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
  for (;;) {
    const [row] = (await client.$queryRawUnsafe(waiting)) as { n: number | bigint }[]
    if (Number(row?.n) > 0) return
    // MariaDB tells nothing new to those who ask sooner.
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}

/** Another process takes the task, as it does once the lease is over. */
function ledgerRows(client: TestClient): TestClient['post'] {
  return (client as unknown as { afterPartyTaskRecord: TestClient['post'] }).afterPartyTaskRecord
}

/** A client, or a transaction of one, one property of it replaced. */
function replacing(client: TestClient, name: string, by: unknown): TestClient {
  return new Proxy(client, { get: (target, key) => (key === name ? by : Reflect.get(target, key)) })
}

async function stealClaim(client: TestClient, where: object): Promise<void> {
  await ledgerRows(client).updateMany({ where, data: { fence: { increment: 1 }, owner: 'other:1:x' } })
}
