import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { defineBackfill } from '../../src/define/backfill.js'
import type { PrismaClientLike } from '../../src/define/config.js'
import { type AfterPartyOptions, createAfterParty } from '../../src/party.js'
import { addPosts, upTo } from '../support/backfills.js'
import { createDatabase, type Database, describeDatabases, type TestClient } from '../support/databases.js'
import { task } from '../support/parties.js'

interface Operation {
  model?: string
  operation: string
  args: { where?: object }
  query(args: object): Promise<unknown>
}

/** What the extension of the test saw that was none of the team's business. */
let seen: string[] = []

/** The team's own models have what its extensions want; the ledger's do not. */
const ofTheTeam = (model: string | undefined) => model === 'Post'

const withoutDeleted = ({ model, args, query }: Operation) =>
  query(ofTheTeam(model) ? args : { ...args, where: { ...args.where, deletedAt: null } })

const forbidden = () => {
  throw new Error('not in this project')
}

const EXTENSIONS: Record<string, object> = {
  'soft deletes': {
    query: {
      $allModels: Object.fromEntries(
        ['findMany', 'findFirst', 'findUnique', 'update', 'updateMany', 'count'].map((name) => [name, withoutDeleted]),
      ),
    },
  },
  'a filter that hides rows': {
    query: {
      $allModels: {
        findMany: async ({ model, args, query }: Operation) => (ofTheTeam(model) ? query(args) : []),
        findUnique: async ({ model, args, query }: Operation) => (ofTheTeam(model) ? query(args) : null),
      },
    },
  },
  'a log of everything': {
    query: {
      $allOperations({ model, operation, args, query }: Operation) {
        if (!ofTheTeam(model)) seen.push(`${model ?? 'no model'}.${operation}`)
        return query(args)
      },
    },
  },
  'errors of its own': {
    query: {
      $allOperations: ({ args, query }: Operation) =>
        query(args).catch(() => {
          throw new Error('something went wrong')
        }),
    },
  },
  'no raw SQL': { query: { $executeRawUnsafe: forbidden, $queryRawUnsafe: forbidden } },
  'operations that are replaced': {
    model: { afterPartyTaskRecord: { updateMany: forbidden, findMany: forbidden, create: forbidden } },
    result: { $allModels: { status: { needs: {}, compute: () => 'hidden' } } },
  },
}

const TRANSACTIONAL = '20260101000000_transactional'
const UPDATING = '20260102000000_updating'
const RUNNING = '20260103000000_running'

const tasks = () => ({
  [TRANSACTIONAL]: task(({ prisma }) => prisma.post.create({ data: { id: 100, title: 'made' } }), {
    transaction: true,
  }),
  [UPDATING]: defineBackfill({
    model: 'post',
    batchSize: 2,
    update: (row: { views: number }) => ({ views: row.views + 1 }),
  } as never),
  [RUNNING]: defineBackfill({
    model: 'post',
    batchSize: 2,
    run: async (rows: { id: number }[], { prisma }: { prisma: TestClient }) => {
      for (const { id } of rows) await prisma.post.update({ where: { id }, data: { views: { increment: 1 } } })
    },
  } as never),
})

/** The ledger's own operations never pass through what a team made of its client. */
describeDatabases(
  (variant) => {
    let database: Database
    let outside: TestClient
    beforeAll(async () => {
      database = await createDatabase(variant)
      outside = database.client()
    })
    afterAll(() => database?.drop())
    beforeEach(async () => {
      seen = []
      for (const model of ['post', 'afterPartyTaskRecord', 'afterPartyTaskRun'])
        await (outside as unknown as Record<string, TestClient['post']>)[model]?.deleteMany({})
      await addPosts(outside, upTo(3))
    })

    const plain = () => database.client() as unknown as PrismaClientLike
    const extended = (extension: object) =>
      database
        .client()
        .$extends({ model: { $allModels: { hello: () => 'hello' } } })
        .$extends(extension) as unknown as PrismaClientLike
    const party = (options: Pick<AfterPartyOptions, 'client'> & Partial<AfterPartyOptions>) =>
      createAfterParty({ tasks: tasks(), environment: 'test', ...options })
    const views = async () => {
      const posts = await outside.post.findMany({ orderBy: { id: 'asc' } })
      return posts.map((post) => post.views)
    }

    describe.each(Object.entries(EXTENSIONS))('a client with %s', (_, extension) => {
      test.each([
        ['a client of its own', { ledgerClient: plain }],
        ['the same', {}],
      ])('runs everything once, the ledger having %s', async (_, options) => {
        await using both = party({ client: () => extended(extension), ...options })
        expect(await both.run()).toMatchObject({
          outcome: 'done',
          results: [{ outcome: 'done' }, { outcome: 'done', processed: 4 }, { outcome: 'done', processed: 4 }],
        })
        expect(await views()).toEqual([2, 2, 2, 2])
        // What is done is known to be done.
        expect(await both.run()).toMatchObject({ outcome: 'done', results: [] })
        const { tasks } = await both.status()
        expect(tasks.map(({ state }) => state)).toEqual(['done', 'done', 'done'])
        expect(await both.history()).toHaveLength(3)
        await both.mark({ as: 'pending', names: ['running'] })
        expect(await both.run()).toMatchObject({ outcome: 'done', results: [{ name: 'running', processed: 4 }] })
        expect(await views()).toEqual([3, 3, 3, 3])
        expect(seen).toEqual([])
      })
    })

    test('two parties whose clients hide what went wrong run everything once', async () => {
      const extension = EXTENSIONS['errors of its own'] as object
      await using one = party({ client: () => extended(extension) })
      await using other = party({ client: () => extended(extension) })
      const results = await Promise.all([one.run(), other.run()])
      expect(results).toMatchObject([{ outcome: 'done' }, { outcome: 'done' }])
      expect(await views()).toEqual([2, 2, 2, 2])
    })

    test('a record comes whole, whatever the client leaves out', async () => {
      const client = () =>
        database.client(5, {
          omit: { afterPartyTaskRecord: { checkpoint: true, fence: true } },
        }) as unknown as PrismaClientLike
      let broken = true
      const update = (row: { id: number; views: number }) => {
        if (broken && row.id === 3) throw new Error('not yet')
        return { views: row.views + 1 }
      }
      await using both = party({
        client,
        tasks: { [UPDATING]: defineBackfill({ model: 'post', batchSize: 2, update } as never) },
      })
      expect(await both.run()).toMatchObject({ outcome: 'failed' })
      broken = false
      expect(await both.run()).toMatchObject({ outcome: 'done', results: [{ processed: 1 }] })
      expect(await views()).toEqual([1, 1, 1])
    })

    test('a client and the same one extended are one client: no heartbeat joins the other’s transaction', async () => {
      const base = database.client()
      await using both = party({
        client: () => base.$extends(EXTENSIONS['a log of everything'] as object) as unknown as PrismaClientLike,
        ledgerClient: () => base as unknown as PrismaClientLike,
        tasks: {
          [TRANSACTIONAL]: task(
            async ({ prisma }) => {
              await prisma.post.create({ data: { id: 200, title: 'rolled back' } })
              await new Promise((resolve) => setTimeout(resolve, 400))
              throw new Error('the end')
            },
            { transaction: true },
          ),
        },
      })
      expect(await both.run({ lease: 600 })).toMatchObject({ outcome: 'failed', results: [{ error: 'the end' }] })
      expect(await outside.post.findMany({ where: { title: 'rolled back' } })).toEqual([])
    })
  },
  ['sqlite-libsql', 'sqlite-prisma6', 'postgresql', 'postgresql-prisma6', 'mariadb'],
)
