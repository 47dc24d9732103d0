import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { PrismaClientLike } from '../../src/define/config.js'
import { type Network, openNetwork } from '../support/databases/network.js'
import { describeDatabases, type VariantName } from '../support/databases.js'
import { type Context, Gate, Stage, task, whenAborted } from '../support/parties.js'

const VERSION = '20260101000000'
const FILE = `${VERSION}_first`
const SERVERS: VariantName[] = ['postgresql', 'postgresql-pgbouncer', 'mariadb', 'postgresql-prisma6']

/** A database that goes away under a running task: a clear failure or a try more, never a hang or a false `done`. */
describeDatabases((variant) => {
  let stage: Stage
  let network: Network

  beforeEach(async () => {
    stage = await Stage.open(variant)
    network = await openNetwork(stage.database.url)
  })
  afterEach(async () => {
    network.heal()
    await stage[Symbol.asyncDispose]()
    await network[Symbol.asyncDispose]()
  })

  const client = () => stage.database.clientAt(network.url) as unknown as PrismaClientLike
  const party = (tasks: Parameters<Stage['party']>[0]) => stage.party(tasks, { client })
  const addPost =
    (title: string) =>
    async ({ prisma }: Context) => {
      await prisma.post.create({ data: { title } })
    }
  /** What a run came to; an error that says what to do counts as told. */
  const end = (running: ReturnType<Stage['run']>) =>
    running.ended.then(
      ({ outcome }) => outcome,
      (error) => error.code as string,
    )
  const rerun = () => stage.party({ [FILE]: task(addPost('again')) }).run()

  describe('a database that comes back within the lease', () => {
    test('leaves a task without a transaction its claim', async () => {
      const gate = new Gate()
      const running = stage.run(party({ [FILE]: task(() => gate.passed) }), { lease: '3s' })
      await running.saw('started')
      network.cut()
      // Long enough for a heartbeat to fail.
      await sleep(1_000)
      network.heal()
      gate.open()
      expect(await running.ended).toMatchObject({ outcome: 'done' })
      expect(await stage.record(VERSION)).toMatchObject({ status: 'done', attempts: 1 })
    })

    test('is asked again by a task that retries', async () => {
      let tries = 0
      const running = stage.run(
        party({
          [FILE]: task(
            async (context) => {
              tries += 1
              if (tries === 1) {
                network.cut()
                setTimeout(network.heal, 300)
              }
              await addPost(`try ${tries}`)(context)
            },
            { retry: { attempts: 4, delay: '400ms' } },
          ),
        }),
        { lease: '20s' },
      )
      expect(await running.ended).toMatchObject({ outcome: 'done' })
      expect(await stage.titles()).toEqual([expect.stringMatching(/^try [1-4]$/)])
    })

    test('rolls a transaction back; the task has failed and runs again', async () => {
      const running = stage.run(
        party({
          [FILE]: task(
            async (context) => {
              await addPost('lost')(context)
              network.cut()
              setTimeout(network.heal, 300)
            },
            { transaction: true },
          ),
        }),
        { lease: '20s' },
      )
      expect(await running.ended).toMatchObject({ outcome: 'failed' })
      expect(await stage.titles()).toEqual([])
      expect(await stage.record(VERSION)).toMatchObject({
        status: 'failed',
        error: expect.stringMatching(/connection|socket|ECONNRESET/i),
      })
      expect(await rerun()).toMatchObject({ outcome: 'done' })
      expect(await stage.titles()).toEqual(['again'])
    })

    test('is waited for by a process that waits for another', async () => {
      const gate = new Gate()
      const tasks = { [FILE]: task(() => gate.passed) }
      const holder = stage.run(stage.party(tasks))
      await holder.saw('started')
      const waiter = stage.run(party(tasks))
      await waiter.saw('waiting')
      network.cut()
      await sleep(500)
      network.heal()
      gate.open()
      expect(await holder.ended).toMatchObject({ outcome: 'done' })
      expect(await waiter.ended).toMatchObject({ outcome: 'done', results: [{ elsewhere: true }] })
    })
  })

  // Under a frozen network all drivers do the same: they wait.
  const ways = variant === 'postgresql' || variant === 'mariadb' ? (['cut', 'freeze'] as const) : (['cut'] as const)
  describe.each(ways)('a database that stays away past the lease (%s)', (away) => {
    test('costs the claim: the signal aborts, and the task is not done', async () => {
      const running = stage.run(
        party({
          [FILE]: task(async ({ signal }) => {
            network[away]()
            await whenAborted(signal)
          }),
        }),
        { lease: '1s' },
      )
      expect(await end(running)).not.toBe('done')
      expect(await stage.record(VERSION)).toMatchObject({ status: 'running', attempts: 1 })
      expect(await rerun()).toMatchObject({ outcome: 'done' })
      expect(await stage.record(VERSION)).toMatchObject({ status: 'done', attempts: 2 })
    })

    test('does not hang a task that ends without it', async () => {
      const running = stage.run(
        party({
          [FILE]: task(() => {
            network[away]()
          }),
        }),
        { lease: '1s' },
      )
      expect(await end(running)).not.toBe('done')
      expect(await rerun()).toMatchObject({ outcome: 'done' })
      expect(await stage.record(VERSION)).toMatchObject({ status: 'done', attempts: 2 })
    })

    test('does not hang a transaction, nor commit it', async () => {
      const running = stage.run(
        party({
          [FILE]: task(
            async (context) => {
              await addPost('lost')(context)
              network[away]()
              await addPost('never')(context)
            },
            { transaction: true },
          ),
        }),
        { lease: '1s', grace: '500ms' },
      )
      expect(await end(running)).not.toBe('done')
      expect(await rerun()).toMatchObject({ outcome: 'done' })
      network.heal()
      expect(await stage.titles()).toEqual(['again'])
    })
  })
}, SERVERS)
