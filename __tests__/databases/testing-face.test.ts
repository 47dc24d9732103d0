import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { defineBackfill, defineTask, type TaskContext } from '../../src/index.js'
import { runBackfill, runTask } from '../../src/testing.js'
import { addPosts, upTo } from '../support/backfills.js'
import { createDatabase, type Database, describeDatabases, type TestClient } from '../support/databases.js'

/** A row of `Post`, as a backfill of these tests has it. */
interface PostRow {
  id: number
  views: number
}

const clientOf = ({ prisma }: { prisma: object }) => prisma as TestClient
const addPost = (context: TaskContext<object>, title = 'slug') => clientOf(context).post.create({ data: { title } })

const viewed = (row: object) => ({ views: (row as PostRow).views + 1 })
const viewEach = { model: 'post', batchSize: 2, update: viewed } as const

const viewAll = (rows: readonly object[], prisma: object) =>
  (prisma as TestClient).post.updateMany({
    where: { id: { in: (rows as PostRow[]).map(({ id }) => id) } },
    data: { views: { increment: 1 } },
  })

/** One that can't commit: SQLite looks at its foreign keys only then. */
async function addOrphan(prisma: object): Promise<void> {
  const client = prisma as TestClient
  await client.$executeRawUnsafe('PRAGMA defer_foreign_keys = ON')
  await client.everything.create({ data: { authorId: 404 } })
}

/** Has the database to itself, as another process does that writes, until it is let go. */
async function holdLock(client: TestClient): Promise<() => Promise<void>> {
  let letGo = () => {}
  let held = () => {}
  const isHeld = new Promise<void>((resolve) => {
    held = resolve
  })
  const over = client.$transaction(
    async (transaction) => {
      await transaction.post.create({ data: { title: 'of another' } })
      await new Promise<void>((_, reject) => {
        letGo = () => reject(new Error('rolled back'))
        held()
      })
    },
    { timeout: 60_000 },
  )
  const ended = over.catch(() => {})
  await isHeld
  return async () => {
    letGo()
    await ended
  }
}

/** What a client's transactions come to beside what they do. */
interface Transactions {
  /** The options of every one that was begun. */
  begun: unknown[]
  /** Why the next can't commit, and are rolled back; undefined lets one pass. */
  commitErrors: (Error | undefined)[]
}

function watching(client: TestClient, { begun, commitErrors }: Transactions): TestClient {
  return new Proxy(client, {
    get(target, key) {
      if (key !== '$transaction') return Reflect.get(target, key) as unknown
      return (work: (transaction: TestClient) => Promise<unknown>, options?: object) => {
        begun.push(options)
        return target.$transaction(async (transaction) => {
          const result = await work(transaction)
          const error = commitErrors.shift()
          if (error) throw error
          return result
        }, options)
      }
    },
  })
}

/** `runTask` and `runBackfill` as a team's tests call them, on the database that most of those have: a file. */
describeDatabases(() => {
  let database: Database
  let prisma: TestClient
  let transactions: Transactions

  beforeEach(async () => {
    database = await createDatabase('sqlite-libsql')
    transactions = { begun: [], commitErrors: [] }
    prisma = watching(database.client(), transactions)
  })
  afterEach(() => database.drop())

  const posts = () => database.client().post.findMany({ orderBy: { id: 'asc' } })
  const titles = async () => (await posts()).map(({ title }) => title)
  const views = async () => (await posts()).map((post) => post.views)
  /** A client that does not wait for locks: whoever has one is in this process, and would stand still meanwhile. */
  const impatient = async () => {
    const client = database.client()
    await client.$queryRawUnsafe('PRAGMA busy_timeout = 50')
    return watching(client, transactions)
  }

  describe('a task that a test runs', () => {
    it.each([false, true])('has its steps, which another run does again (transaction: %s)', async (transaction) => {
      let tries = 0
      const task = defineTask({
        transaction,
        retry: { attempts: 2, delay: 1 },
        async run(context) {
          await context.step('add', async () => void (await addPost(context)))
          tries += 1
          if (tries === 1) throw new Error('once')
        },
      })
      expect(await runTask(task, { prisma })).toMatchObject({ outcome: 'done' })
      expect([tries, await titles()]).toEqual([2, ['slug']])
      expect(await runTask(task, { prisma })).toMatchObject({ outcome: 'done' })
      expect(await titles()).toEqual(['slug', 'slug'])
    })

    it('waits when its `when` says not yet', async () => {
      const task = defineTask({ when: () => 'the flag is off', run: (context) => addPost(context) })
      const reason = { code: 'waiting', text: 'the flag is off' }
      expect(await runTask(task, { prisma })).toEqual({ outcome: 'waiting', logs: [], reason })
      expect(await titles()).toEqual([])
    })

    it('is done when it ends, and its logs and progress are there', async () => {
      const task = defineTask({
        async run(context) {
          await addPost(context)
          context.log('gave %d slug', 1)
          context.log.warn('one was blank')
          context.progress(1, 2)
        },
      })
      expect(await runTask(task, { prisma })).toEqual({
        outcome: 'done',
        processed: 1,
        logs: [
          { level: 'info', message: 'gave 1 slug' },
          { level: 'warn', message: 'one was blank' },
        ],
      })
      expect(await titles()).toEqual(['slug'])
      expect(transactions.begun).toEqual([])
    })

    it('has the deploy id and a version', async () => {
      let given: Partial<TaskContext> = {}
      const task = defineTask({
        run(context) {
          given = context
        },
      })
      await runTask(task, { prisma, deployId: 'abc' })
      expect(given).toMatchObject({ deployId: 'abc', version: expect.stringMatching(/^\d{14}$/) })
    })

    it('has what the test gave it, when that is no client of Prisma’s', async () => {
      const madeUp = { post: { count: () => 7 } }
      let given: unknown
      const task = defineTask({
        run(context) {
          given = context.prisma
        },
      })
      await runTask(task, { prisma: madeUp })
      expect(given).toBe(madeUp)
    })

    it('that throws has failed, with the error and where it was thrown', async () => {
      const task = defineTask({
        async run({ log }) {
          log('began')
          throw new RangeError('no such post')
        },
      })
      expect(await runTask(task, { prisma })).toEqual({
        outcome: 'failed',
        error: 'no such post',
        stack: expect.stringContaining('testing-face.test'),
        logs: [{ level: 'info', message: 'began' }],
      })
    })

    it('runs in a transaction when it has one, with its options in ms', async () => {
      const task = defineTask({
        transaction: { timeout: '2m', maxWait: '1s', isolationLevel: 'Serializable' },
        run: (context) => addPost(context),
      })
      expect(await runTask(task, { prisma })).toMatchObject({ outcome: 'done' })
      expect(await titles()).toEqual(['slug'])
      expect(transactions.begun).toEqual([{ timeout: 120_000, maxWait: 1_000, isolationLevel: 'Serializable' }])
    })

    it('leaves nothing behind when it fails in its transaction', async () => {
      const task = defineTask({
        transaction: true,
        async run(context) {
          await addPost(context)
          expect(await clientOf(context).post.count()).toBe(1)
          throw new Error('after the write')
        },
      })
      expect(await runTask(task, { prisma })).toMatchObject({ outcome: 'failed', error: 'after the write' })
      expect(await titles()).toEqual([])
    })

    it('has failed when its transaction can not commit', async () => {
      const task = defineTask({
        transaction: true,
        async run(context) {
          await addPost(context)
          await addOrphan(context.prisma)
          context.log('ended')
        },
      })
      expect(await runTask(task, { prisma })).toMatchObject({
        outcome: 'failed',
        error: expect.stringMatching(/foreign key/i),
        logs: [{ message: 'ended' }],
      })
      expect(await titles()).toEqual([])
    })

    it('is tried again after a write conflict', async () => {
      let letGo: (() => Promise<void>) | undefined
      let tries = 0
      const task = defineTask({
        transaction: true,
        async run(context) {
          tries += 1
          if (letGo) await letGo()
          else letGo = await holdLock(database.client())
          await addPost(context)
        },
      })
      expect(await runTask(task, { prisma: await impatient() })).toMatchObject({ outcome: 'done' })
      expect(await titles()).toEqual(['slug'])
      expect(tries).toBe(2)
      expect(transactions.begun).toHaveLength(2)
    })

    it('runs in the transaction that the test has open, when the client is one', async () => {
      const task = defineTask({ transaction: true, run: (context) => addPost(context) })
      const enough = new Error('enough')
      const tested = prisma.$transaction(async (transaction) => {
        expect(await runTask(task, { prisma: transaction })).toMatchObject({ outcome: 'done' })
        expect(await transaction.post.count()).toBe(1)
        throw enough
      })
      await expect(tested).rejects.toBe(enough)
      expect(await titles()).toEqual([])
    })

    it('is tried again as its `retry` says', async () => {
      const task = defineTask({
        retry: { attempts: 3, delay: 1 },
        async run(context) {
          await addPost(context, 'try')
          if ((await clientOf(context).post.count()) < 3) throw new Error('not yet')
        },
      })
      expect(await runTask(task, { prisma })).toMatchObject({ outcome: 'done' })
      expect(await titles()).toEqual(['try', 'try', 'try'])
    })

    it('fails when it takes longer than its timeout, even when it does not look at its signal', async () => {
      const task = defineTask({ timeout: 10, run: () => new Promise(() => {}) })
      const result = await runTask(task, { prisma, grace: 10 })
      expect(result).toMatchObject({ outcome: 'failed', reason: { code: 'timeout', text: '10ms' } })
    })

    it('is interrupted by the signal of the test', async () => {
      const stop = new AbortController()
      const task = defineTask({
        async run({ signal, log }) {
          const aborted = new Promise((resolve) => signal.addEventListener('abort', resolve))
          stop.abort()
          await aborted
          log('tidied up')
          signal.throwIfAborted()
        },
      })
      const result = await runTask(task, { prisma, signal: stop.signal })
      expect(result).toMatchObject({ outcome: 'interrupted', logs: [{ level: 'info', message: 'tidied up' }] })
    })

    it('runs whatever its environments', async () => {
      const task = defineTask({ environments: ['production'], run: (context) => addPost(context) })
      expect(await runTask(task, { prisma })).toMatchObject({ outcome: 'done' })
      expect(await titles()).toEqual(['slug'])
    })
  })

  describe('a backfill that a test runs', () => {
    it('walks all rows, each batch in a transaction, and says how many', async () => {
      await addPosts(prisma, upTo(5))
      const backfill = defineBackfill({ ...viewEach })
      expect(await runBackfill(backfill, { prisma })).toMatchObject({ outcome: 'done', processed: 5 })
      expect(await views()).toEqual([1, 1, 1, 1, 1])
      expect(transactions.begun).toHaveLength(3)
    })

    it('is done at once when there are no rows', async () => {
      const result = await runBackfill(defineBackfill({ ...viewEach }), { prisma, batches: 1 })
      expect(result).toMatchObject({ outcome: 'done', processed: 0 })
    })

    it('is interrupted after so many batches, and goes on there: no row is done twice', async () => {
      await addPosts(prisma, upTo(5))
      const backfill = defineBackfill({ ...viewEach })
      const first = await runBackfill(backfill, { prisma, batches: 1 })
      expect(first).toMatchObject({ outcome: 'interrupted', processed: 2 })
      expect(await views()).toEqual([1, 1, 0, 0, 0])
      const second = await runBackfill(backfill, { prisma, after: first, batches: 1 })
      expect(second).toMatchObject({ outcome: 'interrupted', processed: 2 })
      const third = await runBackfill(backfill, { prisma, after: second })
      expect(third).toMatchObject({ outcome: 'done', processed: 1 })
      expect(await views()).toEqual([1, 1, 1, 1, 1])
    })

    it('that had as many batches as it may is done', async () => {
      await addPosts(prisma, upTo(4))
      const result = await runBackfill(defineBackfill({ ...viewEach }), { prisma, batches: 2 })
      expect(result).toMatchObject({ outcome: 'done', processed: 4 })
    })

    it('begins anew without `after`', async () => {
      await addPosts(prisma, upTo(3))
      const backfill = defineBackfill({ ...viewEach })
      await runBackfill(backfill, { prisma, batches: 1 })
      await runBackfill(backfill, { prisma })
      expect(await views()).toEqual([2, 2, 1])
    })

    it('leaves out rows that were added after it began', async () => {
      await addPosts(prisma, upTo(3))
      const backfill = defineBackfill({ ...viewEach })
      const first = await runBackfill(backfill, { prisma, batches: 1 })
      await addPosts(prisma, [4])
      await runBackfill(backfill, { prisma, after: first })
      expect(await views()).toEqual([1, 1, 1, 0])
    })

    it('whose batch fails has failed with the row, keeps the batches before, and goes on when it is mended', async () => {
      await addPosts(prisma, upTo(5))
      let broken = true
      const backfill = defineBackfill({
        ...viewEach,
        update(row) {
          if (broken && row.id === 4) throw new RangeError('no such word')
          return viewed(row)
        },
      })
      const first = await runBackfill(backfill, { prisma })
      expect(first).toMatchObject({ outcome: 'failed', processed: 2, error: 'row 4: no such word' })
      expect(first.stack).toContain('testing-face.test')
      expect(await views()).toEqual([1, 1, 0, 0, 0])
      broken = false
      expect(await runBackfill(backfill, { prisma, after: first })).toMatchObject({ outcome: 'done', processed: 3 })
      expect(await views()).toEqual([1, 1, 1, 1, 1])
    })

    it('does not count a checkpoint whose transaction could not commit', async () => {
      await addPosts(prisma, upTo(5))
      transactions.commitErrors.push(undefined, new Error('a post without an author'))
      const backfill = defineBackfill({ ...viewEach })
      const first = await runBackfill(backfill, { prisma })
      expect(first).toMatchObject({ outcome: 'failed', processed: 2, error: 'a post without an author' })
      expect(await views()).toEqual([1, 1, 0, 0, 0])
      expect(await runBackfill(backfill, { prisma, after: first })).toMatchObject({ outcome: 'done', processed: 3 })
      expect(await views()).toEqual([1, 1, 1, 1, 1])
    })

    it('tries a batch again, with half the rows, after a deadlock', async () => {
      await addPosts(prisma, upTo(4))
      transactions.commitErrors.push(Object.assign(new Error('write conflict'), { code: 'P2034' }))
      const result = await runBackfill(defineBackfill({ ...viewEach }), { prisma })
      expect(result).toMatchObject({ outcome: 'done', processed: 4 })
      expect(result.logs).toContainEqual({ level: 'warn', message: expect.stringContaining('Retrying with 1 rows') })
      expect(await views()).toEqual([1, 1, 1, 1])
    })

    it('skips rows with `onError`, and its result names them', async () => {
      await addPosts(prisma, upTo(3))
      const backfill = defineBackfill({
        ...viewEach,
        onError: 'skip',
        update(row) {
          if (row.id === 2) throw new Error('no such word')
          return viewed(row)
        },
      })
      const { outcome, skippedRows } = await runBackfill(backfill, { prisma })
      expect(outcome).toBe('done')
      expect(skippedRows).toEqual([{ key: '2', error: 'no such word' }])
      expect(await views()).toEqual([1, 0, 1])
    })

    it('with `run` gives it the rows and the transaction of their batch', async () => {
      await addPosts(prisma, upTo(3))
      const batches: number[][] = []
      let broken = true
      const backfill = defineBackfill({
        model: 'post',
        batchSize: 2,
        async run(rows, { prisma: transaction, log }) {
          batches.push(rows.map(({ id }) => Number(id)))
          await viewAll(rows, transaction)
          if (broken && rows.length === 1) throw new Error('after its writes')
          log('%d posts', rows.length)
        },
      })
      const first = await runBackfill(backfill, { prisma })
      expect(first).toMatchObject({ outcome: 'failed', logs: [{ level: 'info', message: '2 posts' }] })
      expect(await views()).toEqual([1, 1, 0])
      broken = false
      const { outcome, logs } = await runBackfill(backfill, { prisma, after: first })
      expect({ outcome, logs }).toEqual({ outcome: 'done', logs: [{ level: 'info', message: '1 posts' }] })
      expect(batches).toEqual([[1, 2], [3], [3]])
      expect(await views()).toEqual([1, 1, 1])
    })

    it('with `transaction: false` has the client itself, and a batch that fails half done is done again', async () => {
      await addPosts(prisma, upTo(4))
      let broken = true
      const backfill = defineBackfill({
        model: 'post',
        batchSize: 2,
        transaction: false,
        async run(rows, { prisma: client }) {
          for (const row of rows) {
            if (broken && row.id === 4) throw new Error('the mail server is gone')
            await viewAll([row], client)
          }
        },
      })
      const first = await runBackfill(backfill, { prisma })
      expect(first).toMatchObject({ outcome: 'failed', processed: 2, error: 'the mail server is gone' })
      broken = false
      await runBackfill(backfill, { prisma, after: first })
      expect(await views()).toEqual([1, 1, 2, 1])
      expect(transactions.begun).toEqual([])
    })

    it('runs in the transaction that the test has open, where a failed batch leaves no checkpoint', async () => {
      await addPosts(prisma, upTo(4))
      let broken = true
      const backfill = defineBackfill({
        ...viewEach,
        update(row) {
          if (broken && row.id === 3) throw new Error('not yet')
          return viewed(row)
        },
      })
      const enough = new Error('enough')
      const tested = prisma.$transaction(async (transaction) => {
        const first = await runBackfill(backfill, { prisma: transaction })
        expect(first).toMatchObject({ outcome: 'failed', processed: 2 })
        broken = false
        expect(await runBackfill(backfill, { prisma: transaction, after: first })).toMatchObject({
          outcome: 'done',
          processed: 2,
        })
        expect(await transaction.post.count({ where: { views: 1 } })).toBe(4)
        throw enough
      })
      await expect(tested).rejects.toBe(enough)
      expect(await views()).toEqual([0, 0, 0, 0])
    })

    it('is walked in one part, whatever its concurrency', async () => {
      await addPosts(prisma, upTo(8))
      const backfill = defineBackfill({ ...viewEach, concurrency: 4 })
      const first = await runBackfill(backfill, { prisma, batches: 3 })
      expect(first).toMatchObject({ outcome: 'interrupted', processed: 6 })
      expect(await views()).toEqual([1, 1, 1, 1, 1, 1, 0, 0])
      await runBackfill(backfill, { prisma, after: first })
      expect(await views()).toEqual([1, 1, 1, 1, 1, 1, 1, 1])
    })

    it('does not rest between batches', async () => {
      await addPosts(prisma, upTo(5))
      const result = await runBackfill(defineBackfill({ ...viewEach, pause: '1h' }), { prisma })
      expect(result).toMatchObject({ outcome: 'done', processed: 5 })
    })

    it('is interrupted by the signal of the test', async () => {
      await addPosts(prisma, upTo(4))
      const stop = new AbortController()
      const backfill = defineBackfill({
        ...viewEach,
        update(row) {
          stop.abort()
          return viewed(row)
        },
      })
      const first = await runBackfill(backfill, { prisma, signal: stop.signal })
      expect(first).toMatchObject({ outcome: 'interrupted', processed: 2 })
      expect(await runBackfill(backfill, { prisma, after: first })).toMatchObject({ outcome: 'done', processed: 2 })
      expect(await views()).toEqual([1, 1, 1, 1])
    })
  })

  describe('what is not a task', () => {
    it('is refused, with every fault', async () => {
      const misspelt = { kind: 'task', everyDeply: true, timeout: '5 minuts', run() {} } as never
      await expect(runTask(misspelt, { prisma })).rejects.toMatchObject({
        name: 'AfterPartyError',
        code: 'tasks-invalid',
        why: expect.stringMatching(/timeout must be a duration[\s\S]*everyDeply is not an option/),
      })
    })

    it('is refused when it is a backfill', async () => {
      const backfill = defineBackfill({ model: 'post', update: () => null }) as never
      await expect(runTask(backfill, { prisma })).rejects.toMatchObject({ code: 'tasks-invalid' })
    })

    it('is refused as a backfill when it is a task', async () => {
      const task = defineTask({ run() {} }) as never
      await expect(runBackfill(task, { prisma })).rejects.toMatchObject({
        code: 'tasks-invalid',
        why: expect.stringContaining('runTask'),
      })
    })
  })
}, ['sqlite-libsql'])
