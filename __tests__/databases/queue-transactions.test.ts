import { afterEach, beforeEach, expect, test } from '@jest/globals'
import PgBoss from 'pg-boss'
import type { WorkQueue } from '../../src/define/queue.js'
import { type PgBossQueueOptions, pgBossQueue } from '../../src/queue/pg-boss.js'
import { usingPostgres } from '../support/databases/postgres.mjs'
import { createDatabase, type Database, describeDatabases, type TestClient } from '../support/databases.js'
import { Listening, messages } from '../support/queues.js'

/** Messages that commit or roll back with the records, by every way to PostgreSQL that a client has. */
describeDatabases(
  (variant) => {
    let database: Database
    let client: TestClient
    const queues: WorkQueue[] = []

    beforeEach(async () => {
      database = await createDatabase(variant)
      client = database.client()
    })
    afterEach(async () => {
      await Promise.all(queues.splice(0).map((queue) => queue.close?.()))
      await database.drop()
    })

    const queueOf = (options: PgBossQueueOptions = {}) => {
      const queue = pgBossQueue({ connectionString: database.directUrl, pollingInterval: '100ms', ...options })
      queues.push(queue)
      return queue
    }
    /** What another connection sees. */
    const sent = () =>
      usingPostgres(database.directUrl, async (connection) => {
        const { rows } = await connection.query(
          'SELECT data, retry_limit, extract(epoch FROM expire_in)::int AS expires FROM pgboss.job',
        )
        return rows
      })

    test('messages commit with the transaction that sent them', async () => {
      const queue = queueOf({ redeliverAfter: '20m' })
      const parts = [0, 1, null].map((part) => ({ version: '20260101000000', part }))
      expect(queue.inTransaction).toBe(true)
      await client.$transaction(async (transaction) => {
        await transaction.post.create({ data: { title: 'with a message' } })
        await queue.ring(parts, transaction)
        expect(await sent()).toEqual([])
      })
      expect(await sent()).toEqual(parts.map((data) => ({ data, retry_limit: 5, expires: 1200 })))
      const listening = new Listening(queue)
      await listening.saw(3)
      await listening.stop()
      expect(listening.messages).toEqual(expect.arrayContaining(parts))
    })

    test('messages roll back with the transaction that sent them', async () => {
      const queue = queueOf()
      const failed = client.$transaction(async (transaction) => {
        await transaction.post.create({ data: { title: 'never' } })
        await queue.ring(messages('never'), transaction)
        throw new Error('after the message')
      })
      await expect(failed).rejects.toThrow('after the message')
      expect([await sent(), await client.post.count()]).toEqual([[], 0])
      await queue.ring(messages('after'))
      const listening = new Listening(queue)
      await listening.saw(1)
      await listening.stop()
      expect(listening.versions).toEqual(['after'])
    })

    test('a message that is refused fails the transaction with the error of Prisma', async () => {
      const queue = queueOf()
      await queue.ring(messages('first'))
      await usingPostgres(database.directUrl, (connection) =>
        connection.query('ALTER TABLE pgboss.job ADD CONSTRAINT refuse CHECK (false) NOT VALID'),
      )
      const refused = client.$transaction(async (transaction) => {
        await transaction.post.create({ data: { title: 'never' } })
        await queue.ring(messages('second'), transaction)
      })
      await expect(refused).rejects.toMatchObject({ code: 'P2010' })
      expect(await client.post.count()).toBe(0)
    })

    test('without inTransaction, messages are there before it commits', async () => {
      const queue = queueOf({ inTransaction: false })
      await client.$transaction(async (transaction) => {
        await queue.ring(messages('early'), transaction)
        expect(await sent()).toHaveLength(1)
      })
    })
  },
  ['postgresql', 'postgresql-pgbouncer', 'postgresql-prisma6'],
)

/** The team's own pg-boss. */
describeDatabases(
  (variant) => {
    test('an instance of the team is used as it is, and stays open', async () => {
      await using database = await createDatabase(variant)
      const boss = new PgBoss({ connectionString: database.url, schema: 'team' })
      await boss.start()
      try {
        const queue = pgBossQueue({ boss, queue: 'ours', pollingInterval: '100ms' })
        await queue.ring(messages('one'))
        const listening = new Listening(queue)
        await listening.saw(1)
        await listening.stop()
        await queue.close?.()
        expect(listening.versions).toEqual(['one'])
        expect(boss.listenerCount('error')).toBe(0)
        expect(await boss.getQueue('ours')).toMatchObject({ name: 'ours' })
      } finally {
        await boss.stop()
      }
    })

    test('an instance that a function makes is started and stopped', async () => {
      await using database = await createDatabase(variant)
      const made: PgBoss[] = []
      const stopped: Promise<void>[] = []
      const boss = () => {
        const one = new PgBoss(database.url)
        made.push(one)
        stopped.push(new Promise((resolve) => one.once('stopped', resolve)))
        return one
      }
      const queue = pgBossQueue({ boss, pollingInterval: '100ms' })
      const listening = new Listening(queue)
      await queue.ring(messages('one'))
      await listening.saw(1)
      await listening.stop()
      await queue.close?.()
      await Promise.all(stopped)
      expect(made).toHaveLength(2)
    })

    test('the queue of the team keeps its own settings', async () => {
      await using database = await createDatabase(variant)
      const boss = new PgBoss(database.url)
      await boss.start()
      try {
        await boss.createQueue('after-party', { name: 'after-party', policy: 'short' })
        const queue = pgBossQueue({ connectionString: database.url })
        await queue.ring(messages('one'))
        await queue.close?.()
        expect(await boss.getQueue('after-party')).toMatchObject({ policy: 'short' })
      } finally {
        await boss.stop()
      }
    })
  },
  ['postgresql'],
)
