import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from '@jest/globals'
import { throttles } from '../../src/backfills/throttles.js'
import { addPosts, runOnce, upTo, useBackfills } from '../support/backfills.js'
import { watched } from '../support/databases/watched.js'
import { describeDatabases } from '../support/databases.js'
import { Stage, task } from '../support/parties.js'

interface PostRow {
  id: number
  title: string
}

describeDatabases(
  (variant) => {
    const backfills = useBackfills(variant)
    const slug = ({ id }: PostRow) => ({ slug: `slug-${id}` })
    const slugs = async () => {
      const posts = await backfills.client.post.findMany({ orderBy: { id: 'asc' } })
      return posts.map(({ slug }) => slug)
    }

    test('`verify: true` fails a backfill that leaves rows which `where` finds', async () => {
      await addPosts(backfills.client, upTo(7))
      const walk = { model: 'post', batchSize: 3, where: { slug: null }, verify: true as const }
      const all = await backfills.run({ ...walk, update: (row: PostRow) => (row.id === 4 ? null : slug(row)) })
      expect(all).toMatchObject({
        outcome: 'failed',
        error: expect.stringMatching(/^`verify` failed: 1 row matches `where` .* mark 20260101000000 --pending`$/),
      })
      expect(await slugs()).toEqual(upTo(7).map((id) => (id === 4 ? null : `slug-${id}`)))
      // The next run looks again, and walks nothing twice.
      await backfills.client.post.updateMany({ where: { id: 4 }, data: { slug: 'by hand' } })
      expect(await backfills.run({ ...walk, update: slug })).toMatchObject({ outcome: 'done', processed: 0 })
    })

    test.each<[string, () => unknown, string | undefined]>([
      ['true', () => true, undefined],
      ['nothing', () => undefined, undefined],
      ['false', async () => false, '`verify` returned false'],
      ['a reason', () => 'too few', '`verify` failed: too few'],
      [
        'an error',
        () => {
          throw new Error('no')
        },
        'no',
      ],
    ])('`verify` of a backfill that answers with %s', async (_, verify, error) => {
      await addPosts(backfills.client, upTo(3))
      const result = await backfills.run({
        model: 'post',
        update: slug,
        verify: async ({ prisma }: { prisma: never }) => {
          expect(await (prisma as typeof backfills.client).post.count({ where: { slug: null } })).toBe(0)
          return verify()
        },
      } as never)
      expect(result).toMatchObject(error === undefined ? { outcome: 'done' } : { outcome: 'failed', error })
    })

    test('`verify` of a task takes its transaction back with it', async () => {
      await using stage = await Stage.open(variant)
      let wanted = 3
      const tasks = {
        '20260101000000_add': task(
          async ({ prisma }) => {
            await prisma.post.createMany({ data: [{ title: 'a' }, { title: 'b' }] })
          },
          {
            transaction: true,
            verify: (async ({ prisma }: { prisma: typeof stage.client }) => {
              const posts = await prisma.post.count()
              return posts === wanted || `${posts} posts`
            }) as never,
          },
        ),
      }
      const { results } = await stage.party(tasks).run()
      expect(results).toMatchObject([{ outcome: 'failed', error: '`verify` failed: 2 posts' }])
      expect(await stage.client.post.count()).toBe(0)
      wanted = 2
      expect(await stage.party(tasks).run()).toMatchObject({ outcome: 'done' })
      expect(await stage.client.post.count()).toBe(2)
    })

    test('`parallel` gives an async `update` so many rows at a time, and writes them in their order', async () => {
      await addPosts(backfills.client, upTo(20))
      let [now, most] = [0, 0]
      const update = async (row: PostRow) => {
        now += 1
        most = Math.max(most, now)
        await sleep(20 - row.id)
        now -= 1
        return slug(row)
      }
      const result = await backfills.run({ model: 'post', batchSize: 10, parallel: 4, update } as never)
      expect(result).toMatchObject({ outcome: 'done', processed: 20 })
      expect(most).toBe(4)
      expect(await slugs()).toEqual(upTo(20).map((id) => `slug-${id}`))
    })

    test('`parallel` fails by the first row that fails, whichever was told first', async () => {
      await addPosts(backfills.client, upTo(10))
      const begun: number[] = []
      const update = async (row: PostRow) => {
        begun.push(row.id)
        if (row.id === 2) await sleep(50)
        if (row.id === 2 || row.id === 3) throw new Error(`no ${row.id}`)
        return slug(row)
      }
      const result = await backfills.run({ model: 'post', parallel: 3, update } as never)
      expect(result).toMatchObject({ outcome: 'failed', error: 'row 2: no 2' })
      expect(begun.length).toBeLessThan(10)
      expect(await slugs()).toEqual(upTo(10).map(() => null))
    })

    test('`parallel` skips each row that fails', async () => {
      await addPosts(backfills.client, upTo(10))
      const update = async (row: PostRow) => {
        if (row.id % 3 === 0) throw new Error(`no ${row.id}`)
        return slug(row)
      }
      const result = await backfills.run({ model: 'post', parallel: 3, onError: 'skip', update } as never)
      expect(result).toMatchObject({
        outcome: 'done',
        skipped: 3,
        logs: upTo(3).map((i) => `skipped ${3 * i}: no ${3 * i}`),
      })
    })

    test('the same change to every row is one `updateMany` a batch, and no row is read', async () => {
      await addPosts(backfills.client, upTo(7))
      await backfills.client.post.updateMany({ where: { id: 5 }, data: { views: 9 } })
      const statements: string[] = []
      const backfill = { model: 'post', batchSize: 3, where: { views: 0 }, update: { slug: 'none' } } as never
      const client = watched(backfills.database, statements)
      expect(await backfills.run(backfill, {}, client)).toMatchObject({ outcome: 'done', processed: 6 })
      expect(await slugs()).toEqual(upTo(7).map((id) => (id === 5 ? null : 'none')))
      const ofPosts = statements.filter((sql) => /\bPost\b/.test(sql) && !/count\(/i.test(sql))
      expect(ofPosts.filter((sql) => /^SELECT/.test(sql) && /title/.test(sql))).toEqual([])
      expect(ofPosts.filter((sql) => /^UPDATE/.test(sql))).toHaveLength(2)
    })

    test('the same change to every row, by a composite key, meets each row once', async () => {
      const pairs = [1, 2, 3].flatMap((a) => upTo(5).map((b) => ({ a, b })))
      await backfills.client.pair.createMany({ data: pairs })
      const backfill = { model: 'pair', batchSize: 4, update: { times: { increment: 1 } } } as never
      expect(await backfills.run(backfill)).toMatchObject({ outcome: 'done', processed: 15 })
      expect((await backfills.client.pair.findMany()).every(({ times }) => times === 1)).toBe(true)
    })

    test('where the same change fails for a row, that row is named, or skipped', async () => {
      await backfills.client.many.createMany({ data: upTo(5).map((id) => ({ id, group: 1 })) })
      const backfill = { model: 'many', batchSize: 2, update: { maybe: 'taken' } }
      const stopped = await backfills.run(backfill as never)
      expect(stopped).toMatchObject({ outcome: 'failed', error: expect.stringMatching(/unique|duplicate/i) })
      const skipping = await backfills.run({ ...backfill, onError: 'skip' } as never)
      expect(skipping).toMatchObject({ outcome: 'done', skipped: 4 })
      expect(await backfills.client.many.count({ where: { maybe: 'taken' } })).toBe(1)
    })

    test('the same change of a relation is made row by row', async () => {
      await backfills.client.author.createMany({ data: [{ id: 1, name: 'one' }] })
      await backfills.client.everything.createMany({ data: upTo(5).map((id) => ({ id })) })
      const update = { author: { connect: { id: 1 } } }
      const result = await backfills.run({ model: 'everything', batchSize: 2, update } as never)
      expect(result).toMatchObject({ outcome: 'done', processed: 5 })
      expect(await backfills.client.everything.count({ where: { authorId: 1 } })).toBe(5)
    })

    test('a backfill that is held back shows it in `status`, with the reason, until it goes on', async () => {
      await addPosts(backfills.client, upTo(4))
      const reasons: unknown[] = []
      let asked = 0
      const look = async () => {
        const { tasks } = await backfills.party({ model: 'post', update: slug }).status()
        reasons.push(tasks[0]?.reason)
      }
      const throttle = async () => {
        asked += 1
        // The second batch is held back twice, long enough for a heartbeat.
        if (asked === 2) return { wait: 700, reason: 'queue 12 > 10' }
        if (asked === 3) {
          await look()
          return 700
        }
        if (asked === 4) await look()
        return false
      }
      const party = backfills.party({ model: 'post', batchSize: 2, throttle, update: slug } as never)
      expect(await runOnce(party, { lease: '1s' })).toMatchObject({ outcome: 'done', processed: 4 })
      expect(reasons).toEqual([{ code: 'throttled', text: 'queue 12 > 10' }, { code: 'throttled' }])
      await look()
      expect(reasons.at(-1)).toBeNull()
    })

    test('throttles measure what the database has', async () => {
      await addPosts(backfills.client, upTo(3))
      const at = (throttle: (context: never) => unknown) =>
        throttle({ prisma: backfills.client, signal: new AbortController().signal } as never)
      const count = `SELECT count(*) FROM ${variant === 'mariadb' ? '`Post`' : '"Post"'}`
      expect(await at(throttles.query(count, 3))).toBe(false)
      expect(await at(throttles.query(count, 2))).toEqual({ wait: '1s', reason: 'query 3 > 2' })
      expect(await at(throttles.query('SELECT NULL', 0))).toBe(false)
      await expect(at(throttles.query("SELECT 'many'", 0))).rejects.toThrow('must return a number, and returned many')
      if (variant.startsWith('sqlite')) {
        await expect(at(throttles.activeQueries(1))).rejects.toThrow("can't measure sqlite")
      } else {
        // Other tests may be at work on the same server.
        expect(await at(throttles.activeQueries(10_000))).toBe(false)
        expect(await at(throttles.activeQueries(-1))).toMatchObject({
          reason: expect.stringMatching(/^active queries \d+ > -1$/),
        })
      }
      if (variant === 'postgresql') expect(await at(throttles.replicaLag('1s'))).toBe(false)
      else await expect(at(throttles.replicaLag('1s'))).rejects.toThrow("can't measure")
    })

    test('a run has its own pace', async () => {
      await addPosts(backfills.client, upTo(6))
      const sizes: number[] = []
      const run = async (rows: PostRow[]) => {
        sizes.push(rows.length)
      }
      const party = backfills.party({ model: 'post', batchSize: 1, pause: '1h', run } as never)
      expect(await party.run({ names: ['backfill'], batchSize: 4, pause: 0 })).toMatchObject({ outcome: 'done' })
      expect(sizes).toEqual([4, 2])
    })
  },
  ['sqlite-libsql', 'postgresql', 'mariadb'],
)
