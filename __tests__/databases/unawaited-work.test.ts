import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { defineBackfill } from '../../src/define/backfill.js'
import type { TaskResult } from '../../src/define/events.js'
import { runBackfill, runTask } from '../../src/testing.js'
import { addPosts, upTo } from '../support/backfills.js'
import type { TestClient, VariantName } from '../support/databases.js'
import { describeDatabases } from '../support/databases.js'
import { type Context, Stage, task } from '../support/parties.js'

/** A task is done when its work is: what it begins and does not await makes it fail, and says so. */

const VARIANTS: VariantName[] = ['sqlite-libsql', 'postgresql', 'mariadb', 'sqlite-prisma6', 'postgresql-prisma6']

/** What the tests need beyond `TestClient`. */
type Client = TestClient & {
  $executeRaw(query: TemplateStringsArray, ...values: unknown[]): Promise<number>
  $queryRaw(query: TemplateStringsArray, ...values: unknown[]): Promise<unknown[]>
}
type Run = (context: Omit<Context, 'prisma'> & { prisma: Client }) => unknown

const update = (prisma: TestClient, id: number) => prisma.post.update({ where: { id }, data: { title: 'done' } })

describeDatabases((variant) => {
  let stage: Stage
  let made = 0
  beforeAll(async () => {
    stage = await Stage.open(variant)
  })
  afterAll(() => stage?.[Symbol.asyncDispose]())
  beforeEach(async () => {
    await stage.client.post.deleteMany({})
    await addPosts(stage.client, upTo(5))
  })

  /** Runs something as the one task of a party of its own. */
  async function runs(run: Run, options: Parameters<typeof task>[1] = {}) {
    made += 1
    const version = String(20260101000000 + made)
    const logs: string[] = []
    await using party = stage.party({ [`${version}_it`]: task(run as never, options) })
    const { results } = await party.run({
      onEvent: (event) => {
        if (event.type === 'log') logs.push(`${event.level}: ${event.message}`)
      },
    })
    const record = await stage.record(version)
    return { result: results[0] as TaskResult, record, logs }
  }

  async function fails(run: Run, says: string, options: Parameters<typeof task>[1] = {}) {
    const { result, record } = await runs(run, options)
    expect(result).toMatchObject({ outcome: 'failed', error: expect.stringContaining(says) })
    expect(record).toMatchObject({ status: 'failed', error: expect.stringContaining(says) })
  }

  const rowsOf = (prisma: TestClient) => prisma.post.findMany({ orderBy: { id: 'asc' } })
  const STILL_RAN = '`run` returned while its work was still running: `post.'
  const loops: [string, Run, string][] = [
    [
      'in a forEach',
      async ({ prisma }) => (await rowsOf(prisma)).forEach(async ({ id }) => void (await update(prisma, id))),
      `${STILL_RAN}update\` (5 times)`,
    ],
    [
      'in a forEach whose first step only reads',
      async ({ prisma }) => {
        upTo(3).forEach(async (id) => {
          await prisma.post.findUnique({ where: { id } })
          await update(prisma, id)
        })
      },
      `${STILL_RAN}findUnique\``,
    ],
    [
      'in a forEach that comes to it in some steps',
      ({ prisma }) => {
        upTo(2).forEach(async (id) => {
          for (let i = 0; i < 20; i += 1) await undefined
          await update(prisma, id)
        })
      },
      `${STILL_RAN}update\` (2 times)`,
    ],
    [
      'by an array of promises that is returned',
      ({ prisma }) => upTo(3).map(async (id) => update(prisma, id)),
      'an array of promises, which is not awaited',
    ],
    [
      'by an array of operations that is returned',
      ({ prisma }) => upTo(3).map((id) => update(prisma, id)),
      'an array of promises, which is not awaited',
    ],
    ['because it is never awaited', ({ prisma }) => void update(prisma, 1), '`post.update` never ran'],
    [
      'because a raw statement is never awaited',
      ({ prisma }) => void prisma.$executeRaw`DELETE FROM nowhere`,
      '`$executeRaw` never ran',
    ],
    [
      'of a generator',
      async function* ({ prisma }: { prisma: TestClient }) {
        yield await update(prisma, 1)
      } as Run,
      '`run` is a generator',
    ],
    [
      'of a function that is returned',
      ({ prisma }) =>
        async () =>
          update(prisma, 1),
      'a function. Call the function and await it',
    ],
  ]

  describe.each([
    ['without a transaction', {}],
    ['with one', { transaction: true }],
    ['with retries', { retry: { attempts: 3, delay: 1 } }],
  ])('a task %s that does not await its work', (_, options) => {
    test.each(variant.endsWith('prisma6') ? loops.slice(0, 1) : loops)('%s has failed, once', async (_, run, says) => {
      let times = 0
      const counted: Run = (context) => {
        times += 1
        return run(context)
      }
      await fails(counted, says, options)
      expect(times).toBe(1)
      if ('transaction' in options) expect(await stage.titles()).toEqual(upTo(5).map((id) => `post ${id}`))
    })
  })

  test('work in a transaction of its own that it does not await, or does not await in it, has failed', async () => {
    await fails(({ prisma }) => void prisma.$transaction((tx) => update(tx, 1)), '`$transaction`')
    await fails(
      ({ prisma }) =>
        prisma.$transaction(async (tx) => {
          void update(tx, 1)
        }),
      '`post.update` never ran',
    )
  })

  test('nothing is at work any more when the task has failed, and the next try has the field to itself', async () => {
    const events: string[] = []
    const slowly = async (prisma: TestClient, id: number) => {
      events.push(`begin ${id}`)
      await update(prisma, id)
      await update(prisma, id)
      events.push(`end ${id}`)
    }
    const run: Run = async ({ prisma }) => {
      events.push('run')
      await Promise.all([slowly(prisma, 1), Promise.reject(new Error('one of many'))])
    }
    const { result } = await runs(run, { retry: { attempts: 2, delay: 1 } })
    expect(result).toMatchObject({ outcome: 'failed', error: 'one of many' })
    expect(events).toEqual(['run', 'begin 1', 'end 1', 'run', 'begin 1', 'end 1'])
  })

  test('what begins after the end of the task is said', async () => {
    let late: Promise<unknown> = Promise.resolve()
    let go = () => {}
    const gone = new Promise<void>((resolve) => {
      go = resolve
    })
    const { result, logs } = await runs(({ prisma }) => {
      late = gone.then(() => update(prisma, 1))
    })
    expect(result).toMatchObject({ outcome: 'done' })
    go()
    await late
    expect(logs).toEqual([expect.stringMatching(/^error: \d{14}: `post.update` started after `run` returned/)])
  })

  describe('a backfill whose `run` does not await its work', () => {
    test.each<[string, unknown, string]>([
      ['in a transaction', undefined, `${STILL_RAN}update\` (2 times)`],
      ['without one', false, `${STILL_RAN}update\` (2 times)`],
    ])('%s has failed at its first batch, and no row is to blame', async (_, transaction, says) => {
      made += 1
      const version = String(20260101000000 + made)
      const backfill = defineBackfill({
        model: 'post',
        batchSize: 2,
        onError: 'skip',
        retry: { attempts: 3, delay: 1 },
        ...(transaction === false && { transaction }),
        run: ((rows: { id: number }[], { prisma }: { prisma: TestClient }) =>
          rows.forEach(async ({ id }) => void (await update(prisma, id)))) as never,
      } as never)
      await using party = stage.party({ [`${version}_it`]: backfill as never })
      const { results } = await party.run()
      expect(results).toMatchObject([{ outcome: 'failed', error: expect.stringContaining(says), processed: 0 }])
      if (transaction === undefined) expect(await stage.titles()).toEqual(upTo(5).map((id) => `post ${id}`))
    })

    test('and one whose `update` gives promises fails, by name', async () => {
      for (const [update, says] of [
        [() => ({ slug: Promise.resolve('x') }), 'a promise for slug: await it'],
        [() => [{ slug: 'x' }], 'an array'],
        [() => () => ({ slug: 'x' }), 'a function'],
        [
          function* () {
            yield { slug: 'x' }
          },
          'a generator',
        ],
      ] as const) {
        const backfill = defineBackfill({ model: 'post', onError: 'skip', update: update as never } as never)
        const result = await runBackfill(backfill, { prisma: stage.client as never })
        expect(result).toMatchObject({ outcome: 'failed', error: expect.stringContaining(says), processed: 0 })
      }
    })

    test('rows that `run` takes out of its array are counted', async () => {
      const backfill = defineBackfill({
        model: 'post',
        batchSize: 2,
        run: (async (rows: unknown[]) => {
          while (rows.length > 0) rows.pop()
        }) as never,
      } as never)
      expect(await runBackfill(backfill, { prisma: stage.client as never })).toMatchObject({ processed: 5 })
    })
  })

  test('a test of a task hears of it too', async () => {
    const forgetful = task(({ prisma }) => upTo(3).forEach((id) => void update(prisma, id).then(() => {})))
    for (const options of [{}, { transaction: true }])
      expect(await runTask({ ...forgetful, ...options }, { prisma: stage.client as never })).toMatchObject({
        outcome: 'failed',
        error: expect.stringContaining('`post.update` (3 times)'),
      })
  })

  test('what is awaited is done, in every way that Prisma has', async () => {
    const author = { id: 1, name: 'ada', things: { create: { text: 'a' } } }
    await stage.client.author.create({ data: author }).catch(() => {})
    const seen: Record<string, unknown> = {}
    const run: Run = async ({ prisma }) => {
      const any = prisma as unknown as Record<string, never> & {
        author: { findUnique(args: object): Promise<unknown> & { things(): Promise<unknown[]> } }
        $transaction(operations: unknown[]): Promise<unknown[]>
        post: Record<string, unknown>
      }
      seen.batch = (await any.$transaction([update(prisma, 1), prisma.post.count()])).length
      seen.inner = await prisma.$transaction(async (tx) => [await tx.post.count(), 'wherever'])
      seen.fluent = (await any.author.findUnique({ where: { id: 1 } }).things()).length
      seen.tagged = (await prisma.$queryRaw`SELECT ${7} AS n`).length
      seen.chained = await update(prisma, 2)
        .then(() => 'then')
        .finally(() => {})
      seen.caught = await prisma.post
        .update({ where: { id: 99 }, data: {} })
        .catch((error) => (error as { code: string }).code)
      seen.all = (await Promise.all(upTo(5).map((id) => update(prisma, id)))).length
      const again = prisma.post
      seen.same = prisma.post === again
      const { count } = prisma.post
      seen.alone = await count()
      seen.tag = Object.prototype.toString.call(prisma.post.count())
      seen.fields = Object.keys(any.post).includes('findMany')
      seen.withoutResult = void prisma.post.findMany()
      const extended = prisma.$extends({
        model: { post: { shout: () => prisma.post.count() } },
        query: { $allOperations: ({ args, query }: { args: unknown; query(args: unknown): unknown }) => query(args) },
      })
      seen.extended = await (extended.post as unknown as { shout(): Promise<number> }).shout()
      for (const { id } of await rowsOf(extended)) await update(extended, id)
      // What it returned is looked at, and settled by now.
      return [Promise.resolve(1)]
    }
    const { result, logs } = await runs(run)
    expect(result).toMatchObject({ outcome: 'done' })
    expect(logs).toEqual([])
    expect(seen).toEqual({
      batch: 2,
      inner: [5, 'wherever'],
      fluent: 1,
      tagged: 1,
      chained: 'then',
      caught: 'P2025',
      all: 5,
      same: true,
      alone: 5,
      tag: '[object PrismaPromise]',
      fields: true,
      withoutResult: undefined,
      extended: 5,
    })
    expect(await stage.titles()).toEqual(Array(5).fill('done'))
    await fails(({ prisma }) => {
      const extended = prisma.$extends({ name: 'own' })
      upTo(2).forEach(async (id) => void (await update(extended, id)))
    }, '`post.update` (2 times)')
  })

  test('what a task tells of itself can’t break its claim', async () => {
    const bad = (): never => {
      throw new Error('no')
    }
    const { result, record, logs } = await runs(async ({ progress, log }) => {
      progress(97.5, 100)
      await sleep(400)
      progress(Number.NaN)
      progress(2 ** 70, -1)
      log('\0 \ud800', { toString: bad, [Symbol.for('nodejs.util.inspect.custom')]: bad } as never)
      await sleep(400)
    })
    expect(result).toMatchObject({ outcome: 'done', processed: 97 })
    expect(record).toMatchObject({ status: 'done' })
    expect(logs).toHaveLength(2)
  })

  test('what a task throws is kept with its cause, whatever it is, and its record is not left running', async () => {
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    const big = new Error(`\0 \ud800 ${'x'.repeat(20_000_000)} end`, { cause: new Error('for want of a nail') })
    for (const [thrown, says] of [
      [{ code: 'E_SLUG', detail: 'taken' }, "{ code: 'E_SLUG', detail: 'taken' }"],
      [new AggregateError([new Error('a is gone'), new Error('b is gone')], 'all'), '2. Error: b is gone'],
      [big, 'for want of a nail'],
      [proxy, 'Proxy'],
      [undefined, 'undefined was thrown'],
    ] as const) {
      await fails(() => Promise.reject(thrown), says)
    }
  })
}, VARIANTS)
