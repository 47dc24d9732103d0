import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { defineBackfill } from '../../src/define/backfill.js'
import type { PrismaClientLike } from '../../src/define/config.js'
import { createAfterParty } from '../../src/party.js'
import { addPosts, runOnce, upTo } from '../support/backfills.js'
import { createDatabase, type Database, describeDatabases, type TestClient } from '../support/databases.js'
import { type Context, task } from '../support/parties.js'

/** How a transaction comes to a level that no definition names. */
type Setting = [how: string, make: (database: Database) => TestClient | Promise<TestClient>]

const LEASE_MS = 400
const SLOW_MS = 500
const ROLE = `ap_isolated_${process.pid}`
const SNAPSHOT = 'RepeatableRead'

const byClient: Setting[] = [
  ['the client’s options', (database) => database.client(5, { transactionOptions: { isolationLevel: SNAPSHOT } })],
]

const postgresql: Setting[] = [
  ...byClient,
  [
    'the URL',
    (database) =>
      database.clientAt(
        `${database.url}?options=${encodeURIComponent('-c default_transaction_isolation=serializable')}`,
      ),
  ],
  [
    'the role',
    async (database) => {
      const client = database.client(1)
      await client.$executeRawUnsafe(`CREATE ROLE ${ROLE} LOGIN SUPERUSER`)
      await client.$executeRawUnsafe(`ALTER ROLE ${ROLE} SET default_transaction_isolation = 'repeatable read'`)
      const url = new URL(database.url)
      url.username = ROLE
      return database.clientAt(url.href)
    },
  ],
  [
    'the database',
    async (database) => {
      const name = new URL(database.url).pathname.slice(1)
      await database
        .client(1)
        .$executeRawUnsafe(`ALTER DATABASE "${name}" SET default_transaction_isolation = 'repeatable read'`)
      return database.client()
    },
  ],
]

const snapshots = encodeURIComponent(JSON.stringify({ innodb_snapshot_isolation: 'ON' }))
const strict = encodeURIComponent(JSON.stringify({ innodb_snapshot_isolation: 'ON', tx_isolation: 'SERIALIZABLE' }))
const mariadb: Setting[] = [
  ...byClient,
  ['snapshots', (database) => database.clientAt(`${database.url}?sessionVariables=${snapshots}`)],
  ['snapshots that are serializable', (database) => database.clientAt(`${database.url}?sessionVariables=${strict}`)],
]

/** A heartbeat of its own never spoils a transaction that is longer than a part of the lease. */
describeDatabases(
  (variant) => {
    const isMariaDb = variant === 'mariadb'
    let database: Database
    let outside: TestClient
    beforeAll(async () => {
      database = await createDatabase(variant)
      outside = database.client()
    })
    afterAll(async () => {
      if (!isMariaDb) await outside?.$executeRawUnsafe(`DROP ROLE IF EXISTS ${ROLE}`)
      await database?.drop()
    })
    beforeEach(async () => {
      for (const model of ['post', 'afterPartyTaskRecord', 'afterPartyTaskRun'])
        await (outside as unknown as Record<string, TestClient['post']>)[model]?.deleteMany({})
      await addPosts(outside, upTo(3))
    })

    afterEach(async () => {
      const name = new URL(database.url).pathname.slice(1)
      if (!isMariaDb) await outside.$executeRawUnsafe(`ALTER DATABASE "${name}" RESET default_transaction_isolation`)
    })

    const party = (client: TestClient, name: string, definition: unknown) =>
      createAfterParty({
        client: () => client as unknown as PrismaClientLike,
        ledgerClient: () => database.client(2) as unknown as PrismaClientLike,
        tasks: { [`20260101000000_${name}`]: definition as never },
        environment: 'test',
        lease: LEASE_MS,
      })

    test.each(isMariaDb ? mariadb : postgresql)('with a level of %s everything runs once', async (_, make) => {
      const client = await make(database)
      let tries = 0
      const work = async ({ prisma }: Context) => {
        tries += 1
        await prisma.post.count()
        await sleep(SLOW_MS)
        await prisma.post.create({ data: { id: 100, title: 'slow' } })
      }
      await using once = party(client, 'once', task(work, { transaction: true }))
      expect(await runOnce(once)).toMatchObject({ outcome: 'done' })
      expect(tries).toBe(1)

      const sizes: number[] = []
      const run = async (rows: { id: number }[], { prisma }: { prisma: TestClient }) => {
        sizes.push(rows.length)
        await sleep(SLOW_MS)
        for (const { id } of rows) await prisma.post.update({ where: { id }, data: { views: { increment: 1 } } })
      }
      const model = 'post'
      await outside.post.deleteMany({ where: { id: 100 } })
      await outside.$executeRawUnsafe('DELETE FROM after_party_task_records')
      await using batches = party(client, 'batches', defineBackfill({ model, batchSize: 10, run } as never))
      expect(await runOnce(batches)).toMatchObject({ outcome: 'done', processed: 3 })
      expect(sizes).toEqual([3])
    })

    if (!isMariaDb)
      test('a statement that waits for a lock, with a level of the database, is not spoiled', async () => {
        const client = database.clientAt(
          `${database.url}?options=${encodeURIComponent('-c default_transaction_isolation=repeatable\\ read')}`,
        )
        const sizes: number[] = []
        const update = (row: { id: number; views: number }) => {
          sizes.push(row.id)
          return { views: row.views + 1 }
        }
        await using batches = party(client, 'batches', defineBackfill({ model: 'post', update } as never))
        let running: ReturnType<typeof runOnce> | undefined
        await outside.$transaction(async (transaction) => {
          // A lock that is let go without a change: nothing that the statement could be in conflict with.
          await transaction.$queryRawUnsafe('SELECT id FROM "Post" WHERE id = 2 FOR UPDATE')
          running = runOnce(batches)
          await whenWaiting(outside)
          await sleep(SLOW_MS)
        })
        const result = await running
        expect(result).toMatchObject({ outcome: 'done', processed: 3 })
        expect(result?.logs).toEqual([])
        expect(sizes).toEqual([1, 2, 3])
      })

    test('a level that the task itself sets costs no try', async () => {
      const level = isMariaDb ? 'SET innodb_snapshot_isolation = ON' : 'SET TRANSACTION ISOLATION LEVEL REPEATABLE READ'
      const client = database.client(1)
      let tries = 0
      const work = async ({ prisma }: Context) => {
        tries += 1
        await prisma.$executeRawUnsafe(level)
        await prisma.post.count()
        await sleep(SLOW_MS)
        await prisma.post.create({ data: { id: 100, title: 'slow' } })
      }
      const definition = task(work, { transaction: true, retry: { attempts: 1 } })
      await using own = party(client, 'own', definition)
      const result = await runOnce(own)
      expect(result).toMatchObject({ outcome: 'done' })
      expect(result.events.map(({ type }) => type)).not.toContain('retrying')
      expect(await outside.post.count({ where: { title: 'slow' } })).toBe(1)
      expect(tries).toBe(2)
    })
  },
  ['postgresql', 'mariadb'],
)

/** Somebody waits for a lock in this database. */
async function whenWaiting(client: TestClient): Promise<void> {
  const query = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
  while ((await client.$queryRawUnsafe(query)).length === 0) await sleep(20)
}
