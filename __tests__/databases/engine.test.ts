import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { PrismaClientLike } from '../../src/define/config.js'
import { PrismaLedger } from '../../src/ledger/prisma-ledger.js'
import { describeDatabases, type TestClient } from '../support/databases.js'
import { type Context, Gate, Meeting, Stage, task, whenAborted } from '../support/parties.js'

const VERSION = '20260101000000'
const FILE = `${VERSION}_first`
const LEASE_MS = 1_000

/** What the engine promises, on every database. */
describeDatabases((variant) => {
  const isSqlite = variant.startsWith('sqlite')
  let stage: Stage

  beforeEach(async () => {
    stage = await Stage.open(variant)
  })
  afterEach(() => stage[Symbol.asyncDispose]())

  const addPost =
    (title: string) =>
    async ({ prisma }: Context) => {
      await prisma.post.create({ data: { title } })
    }

  describe('two parties', () => {
    test('run a task once, and are both done', async () => {
      // None dies here, so the lease may be one that a busy machine keeps.
      const parties = [1, 2, 3].map(() => stage.party({ [FILE]: task(addPost('once')) }, { lease: '30s' }))
      const results = await Promise.all(parties.map((party) => party.run()))
      expect(results.map(({ outcome }) => outcome)).toEqual(['done', 'done', 'done'])
      expect(await stage.titles()).toEqual(['once'])
      expect(await stage.record(VERSION)).toMatchObject({ status: 'done', attempts: 1, fence: 1 })
    })

    test.each([false, true])('that wait take the outcome of the other (transaction: %s)', async (transaction) => {
      const gate = new Gate()
      const tasks = {
        [FILE]: task(
          async (context) => {
            await gate.passed
            await addPost('by one')(context)
          },
          { transaction },
        ),
      }
      const holder = stage.run(stage.party(tasks))
      await holder.saw('started')
      const waiter = stage.run(stage.party(tasks))
      await waiter.saw('waiting')
      gate.open()
      expect(await waiter.ended).toMatchObject({ outcome: 'done', results: [{ outcome: 'done', elsewhere: true }] })
      expect(await holder.ended).toMatchObject({ outcome: 'done', results: [{ outcome: 'done' }] })
      expect(await stage.titles()).toEqual(['by one'])
    })

    test('that wait take the failure of the other, and do not try again', async () => {
      const gate = new Gate()
      let tries = 0
      const tasks = {
        [FILE]: task(async () => {
          tries += 1
          await gate.passed
          throw new Error('the slug is taken')
        }),
      }
      const holder = stage.run(stage.party(tasks))
      await holder.saw('started')
      const waiter = stage.run(stage.party(tasks))
      await waiter.saw('waiting')
      gate.open()
      expect(await waiter.ended).toMatchObject({
        outcome: 'failed',
        results: [{ elsewhere: true, error: expect.stringContaining('the slug is taken') }],
      })
      expect(await holder.ended).toMatchObject({ outcome: 'failed' })
      expect(tries).toBe(1)
    })

    test.each([
      ['deploys that overlap', 'done', ['A', 'B'], 2],
      ['deploys that overlap', 'failed', ['A', 'B'], 2],
      ['replicas of one deploy', 'done', ['A', 'A'], 1],
      ['replicas of one deploy', 'failed', ['A', 'A'], 1],
      ['runs without a deploy id', 'done', [undefined, undefined], 1],
    ] as const)('of %s, where an everyDeploy task is %s: ids %j, runs %i', async (_, outcome, ids, runs) => {
      const gate = new Gate()
      const ran: unknown[] = []
      const work = async ({ deployId }: Context) => {
        ran.push(deployId)
        await gate.passed
        if (outcome === 'failed') throw new Error('at every deploy')
      }
      const tasks = { [FILE]: task(work, { everyDeploy: true }) }
      const holder = stage.run(stage.party(tasks), { deployId: ids[0] })
      await holder.saw('started')
      const waiter = stage.run(stage.party(tasks), { deployId: ids[1] })
      await waiter.saw('waiting')
      gate.open()
      expect(await holder.ended).toMatchObject({ outcome })
      const { results } = await waiter.ended
      expect(results).toMatchObject([{ outcome, ...(runs === 1 && { elsewhere: true }) }])
      expect(ran).toEqual(ids.slice(0, runs))
      expect(await stage.record(VERSION)).toMatchObject({ deployId: ids[1] ?? null, attempts: runs })
    })

    test('of one process, started at once, run a task once', async () => {
      let tries = 0
      const tasks = {
        [FILE]: task(async () => {
          tries += 1
          await sleep(200)
        }),
      }
      const party = stage.party(tasks)
      expect(await Promise.all([party.run(), party.run()])).toMatchObject([{ outcome: 'done' }, { outcome: 'done' }])
      expect(tries).toBe(1)
    })

    test('of which one may take only so long: it leaves the task to the other, and that is no failure', async () => {
      const gate = new Gate()
      const tasks = { [FILE]: task(() => gate.passed) }
      const holder = stage.run(stage.party(tasks))
      await holder.saw('started')
      const result = await stage.party(tasks).run({ maxDuration: 300 })
      expect(result).toMatchObject({
        outcome: 'paused',
        results: [{ outcome: 'paused', reason: { code: 'max-duration' }, holder: { owner: expect.any(String) } }],
      })
      gate.open()
      expect(await holder.ended).toMatchObject({ outcome: 'done' })
    })

    test('that will not wait say who has the task', async () => {
      const gate = new Gate()
      const tasks = { [FILE]: task(() => gate.passed) }
      const holder = stage.run(stage.party(tasks))
      await holder.saw('started')
      const result = await stage.party(tasks).run({ lockTimeout: 0 })
      expect(result).toMatchObject({
        outcome: 'locked',
        results: [{ reason: { code: 'held', text: expect.stringContaining(`${process.pid}`) } }],
      })
      gate.open()
      expect(await holder.ended).toMatchObject({ outcome: 'done' })
    })
  })

  describe('a claim', () => {
    test('is kept alive while the task is longer than its lease', async () => {
      const tasks = { [FILE]: task(() => sleep(LEASE_MS * 3)) }
      const holder = stage.run(stage.party(tasks), { lease: LEASE_MS })
      await holder.saw('started')
      const waiter = stage.run(stage.party(tasks), { lease: LEASE_MS })
      expect(await waiter.ended).toMatchObject({ outcome: 'done', results: [{ elsewhere: true }] })
      expect(await holder.ended).toMatchObject({ outcome: 'done' })
      expect(await stage.record(VERSION)).toMatchObject({ attempts: 1 })
    })

    test('of a process that died is taken over when its lease is over', async () => {
      const died = new PrismaLedger(stage.database.client())
      const now = await died.now()
      const [startedAt, leaseUntil] = [new Date(now), new Date(now + LEASE_MS)]
      const who = { version: VERSION, name: 'first', owner: 'gone:1:x', deployId: null }
      await died.claim(null, { ...who, leaseUntil, startedAt, checksum: null, params: null, resume: false })
      const none = { processed: 0, changedMeanwhile: 0, skippedRows: [] }
      const open = { finishedAt: null, ...none, reason: null, error: null, log: null, params: null }
      await died.addRun({ ...who, id: `${VERSION}#1`, fence: 1, status: 'running', startedAt, ...open })

      const party = stage.party({ [FILE]: task(addPost('after all')) })
      const running = stage.run(party)
      expect((await running.saw('waiting')).holder.owner).toBe('gone:1:x')
      expect(await running.ended).toMatchObject({ outcome: 'done' })
      expect(await died.now()).toBeGreaterThanOrEqual(leaseUntil.getTime())
      expect(await stage.record(VERSION)).toMatchObject({ status: 'done', fence: 2, attempts: 2 })
      const runs = await party.history()
      expect(runs.map(({ fence, status }) => [fence, status])).toEqual([
        [2, 'done'],
        [1, 'interrupted'],
      ])
    })

    test('that was lost aborts the signal, and nothing more is written', async () => {
      const party = stage.party({
        [FILE]: task(async ({ signal }) => {
          await whenAborted(signal)
          throw signal.reason
        }),
      })
      const running = stage.run(party, { lease: LEASE_MS })
      await running.saw('started')
      await stage.steal(VERSION)
      const stolen = await stage.record(VERSION)
      expect(await running.ended).toMatchObject({
        outcome: 'locked',
        results: [{ reason: { code: 'lost' } }],
      })
      expect(await stage.record(VERSION)).toEqual(stolen)
    })

    test('that was lost without a word can’t settle', async () => {
      const gate = new Gate()
      const running = stage.run(stage.party({ [FILE]: task(() => gate.passed) }), { lease: '60s' })
      await running.saw('started')
      await stage.steal(VERSION)
      const stolen = await stage.record(VERSION)
      gate.open()
      expect(await running.ended).toMatchObject({ outcome: 'locked' })
      expect(await stage.record(VERSION)).toEqual(stolen)
    })
  })

  describe('a signal', () => {
    test('interrupts the task; the next run runs it again', async () => {
      const stop = new AbortController()
      let patient = true
      const tasks = {
        [FILE]: task(async ({ signal }) => {
          if (patient) await whenAborted(signal)
        }),
        '20260102000000_second': task(addPost('second')),
      }
      const running = stage.run(stage.party(tasks), { signal: stop.signal })
      await running.saw('started')
      stop.abort()
      expect(await running.ended).toMatchObject({ outcome: 'interrupted', results: [{ outcome: 'interrupted' }] })
      expect(await stage.record(VERSION)).toMatchObject({ status: 'interrupted', leaseUntil: null })
      patient = false
      expect(await stage.party(tasks).run()).toMatchObject({ outcome: 'done', results: [{}, {}] })
      expect(await stage.titles()).toEqual(['second'])
    })

    test('rolls a transaction back, also of a task that does not listen', async () => {
      const stop = new AbortController()
      const never = new Gate()
      const party = stage.party({
        [FILE]: task(
          async (context) => {
            await addPost('half')(context)
            context.log('written')
            await never.passed
          },
          { transaction: { timeout: '30s' } },
        ),
      })
      const running = stage.run(party, { signal: stop.signal, grace: 100 })
      await running.saw('log')
      stop.abort()
      expect(await running.ended).toMatchObject({ outcome: 'interrupted' })
      expect(await stage.titles()).toEqual([])
      expect(await stage.record(VERSION)).toMatchObject({ status: 'interrupted' })
      never.open()
    })
  })

  describe('a transaction', () => {
    const transaction = { timeout: '20s' } as const
    /** What MariaDB does from 11.6 on: RepeatableRead, its default, refuses to write to a row that changed. */
    const withFixedSnapshots = () => {
      const variables = encodeURIComponent(JSON.stringify({ innodb_snapshot_isolation: 'ON' }))
      return stage.database.clientAt(
        `${stage.database.url}?sessionVariables=${variables}`,
      ) as unknown as PrismaClientLike
    }

    test('commits the work and its record together', async () => {
      const seen: (string | undefined)[] = []
      const party = stage.party({
        [FILE]: task(
          async (context) => {
            await addPost('exactly once')(context)
            if (!isSqlite) seen.push((await stage.record(VERSION))?.status, ...(await stage.titles()))
          },
          { transaction },
        ),
      })
      expect(await party.run()).toMatchObject({ outcome: 'done' })
      if (!isSqlite) expect(seen).toEqual(['running'])
      expect(await stage.titles()).toEqual(['exactly once'])
      expect(await stage.record(VERSION)).toMatchObject({ status: 'done', attempts: 1, leaseUntil: null })
    })

    test('rolls back what a task wrote before it threw', async () => {
      const party = stage.party({
        [FILE]: task(
          async (context) => {
            await addPost('half')(context)
            throw new Error('the other half is missing')
          },
          { transaction },
        ),
      })
      expect(await party.run()).toMatchObject({ outcome: 'failed', results: [{ error: 'the other half is missing' }] })
      expect(await stage.titles()).toEqual([])
      expect(await stage.record(VERSION)).toMatchObject({ status: 'failed', attempts: 1 })
    })

    test('that takes longer than it may fails, and says what to raise', async () => {
      const party = stage.party({
        [FILE]: task(
          async (context) => {
            await addPost('half')(context)
            await sleep(400)
          },
          { transaction: { timeout: 200 } },
        ),
      })
      expect(await party.run()).toMatchObject({
        outcome: 'failed',
        results: [{ error: expect.stringContaining('transaction.timeout') }],
      })
      expect(await stage.titles()).toEqual([])
      expect(await stage.record(VERSION)).toMatchObject({ status: 'failed' })
    })

    const levels = isSqlite ? [undefined] : ([undefined, 'ReadCommitted', 'RepeatableRead', 'Serializable'] as const)
    test.each(levels)(
      'of a task longer than its lease keeps its claim (isolation level: %s)',
      async (isolationLevel) => {
        const tasks = {
          [FILE]: task(
            async (context) => {
              await context.prisma.post.count()
              await sleep(LEASE_MS * 2)
              await addPost('slow')(context)
            },
            { transaction: { ...transaction, ...(isolationLevel && { isolationLevel }) } },
          ),
        }
        const holder = stage.run(stage.party(tasks), { lease: LEASE_MS })
        await holder.saw('started')
        const waiter = stage.run(stage.party(tasks), { lease: LEASE_MS })
        expect(await holder.ended).toMatchObject({ outcome: 'done' })
        expect(await waiter.ended).toMatchObject({ outcome: 'done', results: [{ elsewhere: true }] })
        expect(holder.events.map(({ type }) => type)).not.toContain('retrying')
        expect(await stage.titles()).toEqual(['slow'])
      },
    )

    if (variant === 'mariadb')
      test('whose snapshot a heartbeat would make stale runs once, without heartbeats', async () => {
        let tries = 0
        const party = stage.party(
          {
            [FILE]: task(
              async (context) => {
                tries += 1
                await addPost('slow')(context)
                await context.prisma.post.count()
                await sleep(LEASE_MS)
              },
              { transaction },
            ),
          },
          { client: withFixedSnapshots },
        )
        expect(await party.run({ lease: LEASE_MS })).toMatchObject({ outcome: 'done' })
        expect(tries).toBe(1)
        expect(await stage.titles()).toEqual(['slow'])
      })

    test('that lost the answer to its commit is done all the same', async () => {
      const client = () => losingAnswers(stage.database.client())
      const ledgerClient = () => stage.database.client() as unknown as PrismaClientLike
      const party = stage.party({ [FILE]: task(addPost('committed'), { transaction }) }, { client, ledgerClient })
      expect(await party.run()).toMatchObject({ outcome: 'done' })
      expect(await stage.titles()).toEqual(['committed'])
      expect(await stage.record(VERSION)).toMatchObject({ status: 'done', attempts: 1 })
    })

    if (!isSqlite) {
      test('whose claim was taken meanwhile can’t commit', async () => {
        const gate = new Gate()
        const party = stage.party({
          [FILE]: task(
            async (context) => {
              await addPost('of a zombie')(context)
              context.log('written')
              await gate.passed
            },
            { transaction },
          ),
        })
        // No heartbeat tells it: it stalled, and wakes up after the other has taken over.
        const running = stage.run(party, { lease: '60s' })
        await running.saw('log')
        await stage.steal(VERSION)
        const stolen = await stage.record(VERSION)
        gate.open()
        expect(await running.ended).toMatchObject({
          outcome: 'locked',
          results: [{ reason: { code: 'lost' } }],
        })
        expect(await stage.titles()).toEqual([])
        expect(await stage.record(VERSION)).toEqual(stolen)
      })

      test('that meets a write conflict is tried again', async () => {
        await stage.client.post.create({ data: { id: 1, title: 'contended' } })
        let tries = 0
        const party = stage.party(
          {
            [FILE]: task(
              async ({ prisma }) => {
                tries += 1
                const post = await prisma.post.findUnique({ where: { id: 1 } })
                if (tries === 1) await stage.client.post.update({ where: { id: 1 }, data: { views: 10 } })
                await prisma.post.update({ where: { id: 1 }, data: { views: (post?.views ?? 0) + 1 } })
              },
              { transaction: { ...transaction, isolationLevel: 'RepeatableRead' } },
            ),
          },
          variant === 'mariadb' ? { client: withFixedSnapshots } : {},
        )
        expect(await party.run()).toMatchObject({ outcome: 'done' })
        expect(tries).toBe(2)
        expect(await stage.client.post.findMany()).toMatchObject([{ views: 11 }])
      })

      test('that meets a deadlock is tried again', async () => {
        for (const id of [1, 2]) await stage.client.post.create({ data: { id, title: `${id}` } })
        const both = new Meeting(2)
        let tries = 0
        const cross = (first: number, second: number) =>
          task(
            async ({ prisma }) => {
              tries += 1
              await prisma.post.update({ where: { id: first }, data: { views: { increment: 1 } } })
              await both.meet()
              await prisma.post.update({ where: { id: second }, data: { views: { increment: 1 } } })
            },
            { transaction },
          )
        const parties = [stage.party({ [FILE]: cross(1, 2) }), stage.party({ '20260101000001_other': cross(2, 1) })]
        const results = await Promise.all(parties.map((party) => party.run()))
        expect(results.map(({ outcome }) => outcome)).toEqual(['done', 'done'])
        expect(tries).toBeGreaterThan(2)
        expect((await stage.client.post.findMany()).map(({ views }) => views)).toEqual([2, 2])
      })
    }

    if (variant === 'mariadb') {
      test('that was rolled back under a task that caught the deadlock is not done', async () => {
        for (let id = 1; id <= 40; id += 1) await stage.client.post.create({ data: { id, title: `${id}` } })
        const both = new Meeting(2)
        const touch = (prisma: TestClient, where: object) =>
          prisma.post.updateMany({ where, data: { views: { increment: 1 } } })
        const caught: unknown[] = []
        const party = stage.party({
          [FILE]: task(
            async ({ prisma }) => {
              await touch(prisma, { id: 1 })
              await both.meet()
              await touch(prisma, { id: 2 }).catch((error) => caught.push(error))
              await touch(prisma, { id: 3 })
            },
            { transaction },
          ),
        })
        // MariaDB rolls back the one that has written less.
        const other = stage.client.$transaction(async (prisma) => {
          await touch(prisma, { id: { gte: 10 } })
          await touch(prisma, { id: 2 })
          await both.meet()
          await touch(prisma, { id: 1 })
        })
        const { outcome, results } = await party.run()
        await other
        expect(caught).toHaveLength(1)
        expect({ outcome, error: results[0]?.error }).toEqual({
          outcome: 'failed',
          error: expect.stringContaining('ended the transaction before the task finished'),
        })
        expect(await stage.record(VERSION)).toMatchObject({ status: 'failed' })
      })

      test('that a statement committed on the way is not done', async () => {
        const party = stage.party({
          [FILE]: task(
            async (context) => {
              await addPost('committed too early')(context)
              await context.prisma.$executeRawUnsafe('CREATE TABLE ap_side_effect (id INT)')
            },
            { transaction },
          ),
        })
        const { outcome, results } = await party.run()
        expect(outcome).toBe('failed')
        expect(results[0]?.error).toContain('ended the transaction before the task finished')
      })
    }

    if (variant.startsWith('postgresql'))
      test('that can’t be serialised at its commit is tried again', async () => {
        const both = new Meeting(2)
        let tries = 0
        const skew = (title: string) =>
          task(
            async ({ prisma }) => {
              tries += 1
              const count = await prisma.post.count()
              await both.meet()
              await prisma.$executeRawUnsafe(`INSERT INTO "Post" (title, views) VALUES ('${title}', ${count})`)
              await both.meet()
            },
            { transaction: { ...transaction, isolationLevel: 'Serializable' } },
          )
        const parties = [stage.party({ [FILE]: skew('a') }), stage.party({ '20260101000001_other': skew('b') })]
        const results = await Promise.all(parties.map((party) => party.run()))
        expect(results).toMatchObject([{ outcome: 'done' }, { outcome: 'done' }])
        expect(tries).toBeGreaterThan(2)
        expect((await stage.client.post.findMany()).map(({ views }) => views).sort()).toEqual([0, 1])
      })

    if (isSqlite)
      test('that finds the database locked is tried again', async () => {
        const [locked, gate] = [new Gate(), new Gate()]
        let other: Promise<void> | undefined
        const lock = () =>
          stage.client.$transaction(
            async (tx) => {
              await tx.post.create({ data: { title: 'other' } })
              locked.open()
              await gate.passed
            },
            { timeout: 30_000 },
          )
        // The other process is in this one, and would stand still while the driver waits for it.
        const impatient = stage.database.client()
        await impatient.$queryRawUnsafe('PRAGMA busy_timeout = 50')
        const client = beforeTransactions(impatient, async () => {
          other ??= lock()
          await locked.passed
        })
        const ledgerClient = () => stage.database.client() as unknown as PrismaClientLike
        const tasks = {
          [FILE]: task(
            async (context) => {
              await context.prisma.post.count()
              await addPost('mine')(context)
            },
            { transaction },
          ),
        }
        const running = stage.run(stage.party(tasks, { client: () => client, ledgerClient }))
        await running.saw('retrying')
        gate.open()
        expect(await running.ended).toMatchObject({ outcome: 'done' })
        await other
        expect((await stage.titles()).sort()).toEqual(['mine', 'other'])
      })
  })

  test('what no column can hold in an error or a log is written so that it can', async () => {
    const party = stage.party({
      [FILE]: task(({ log }) => {
        log('a line with \0 in it')
        throw new Error('bad line: \0 and half of \ud83d')
      }),
    })
    const error = 'bad line: \\0 and half of \ufffd'
    expect(await party.run()).toMatchObject({ outcome: 'failed', results: [{ error }] })
    expect(await stage.record(VERSION)).toMatchObject({ status: 'failed', error: expect.stringContaining(error) })
    expect(await party.history()).toMatchObject([{ status: 'failed', log: 'a line with \\0 in it\n' }])
  })

  describe('a factory', () => {
    test('that gives one client twice works, transactions and heartbeats and all', async () => {
      const client = stage.database.client()
      const tasks = {
        [FILE]: task(
          async (context) => {
            await addPost('in a transaction')(context)
            await sleep(LEASE_MS * 1.5)
          },
          { transaction: { timeout: '20s' } },
        ),
        '20260102000000_second': task(async (context) => {
          await sleep(LEASE_MS * 1.5)
          await addPost('outside')(context)
        }),
        '20260103000000_third': task(
          async (context) => {
            await addPost('rolled back')(context)
            await sleep(LEASE_MS)
            throw new Error('the end')
          },
          { transaction: { timeout: '20s' } },
        ),
      }
      const party = stage.party(tasks, { client: () => client as unknown as PrismaClientLike })
      const { results } = await party.run({ lease: LEASE_MS })
      expect(results).toMatchObject([{ outcome: 'done' }, { outcome: 'done' }, { outcome: 'failed', error: 'the end' }])
      expect(await stage.titles()).toEqual(['in a transaction', 'outside'])
    })

    test('that gives an extended client keeps its extensions from the ledger, given $primary', async () => {
      const base = stage.database.client()
      const extended = base.$extends({
        client: { $primary: () => base },
        query: {
          afterPartyTaskRecord: {
            $allOperations: () => {
              throw new Error('the ledger went to a replica')
            },
          },
        },
      })
      const party = stage.party(
        { [FILE]: task(addPost('x')) },
        { client: () => extended as unknown as PrismaClientLike },
      )
      expect(await party.run()).toMatchObject({ outcome: 'done' })
    })
  })

  if (isSqlite)
    describe('with one writer at a time, heartbeats', () => {
      test('do not stand in the way of the task’s own transactions', async () => {
        const party = stage.party({
          [FILE]: task(async ({ prisma, progress }) => {
            for (let i = 1; i <= 3; i += 1) {
              await prisma.$transaction(
                async (transaction) => {
                  await transaction.post.create({ data: { title: `${i}` } })
                  progress(i, 3)
                  await sleep(LEASE_MS)
                },
                { timeout: 5_000 },
              )
            }
          }),
        })
        const began = performance.now()
        expect(await party.run({ lease: LEASE_MS * 4 })).toMatchObject({ outcome: 'done' })
        expect(performance.now() - began).toBeLessThan(LEASE_MS * 3 + 4_000)
        expect(await stage.titles()).toEqual(['1', '2', '3'])
      })
    })
})

/** A client that does something before each of its transactions begins. */
function beforeTransactions(client: TestClient, work: () => Promise<void>): PrismaClientLike {
  return new Proxy(client, {
    get(target, key) {
      if (key !== '$transaction') return Reflect.get(target, key)
      return async (...args: Parameters<TestClient['$transaction']>) => {
        await work()
        return target.$transaction(...args)
      }
    },
  }) as unknown as PrismaClientLike
}

/** A client whose transactions commit, and whose answer to that is lost on the way. */
function losingAnswers(client: TestClient): PrismaClientLike {
  return new Proxy(client, {
    get(target, key) {
      if (key !== '$transaction') return Reflect.get(target, key)
      return async (...args: Parameters<TestClient['$transaction']>) => {
        await target.$transaction(...args)
        throw Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })
      }
    },
  }) as unknown as PrismaClientLike
}
