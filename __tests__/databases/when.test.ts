import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { defineBackfill } from '../../src/define/backfill.js'
import type { TaskDefinition } from '../../src/define/task.js'
import { describeDatabases } from '../support/databases.js'
import { type Context, Gate, Stage, task, whenAborted } from '../support/parties.js'

const VERSION = '20260101000000'
const FILE = `${VERSION}_first`
const NEXT = '20260102000000_next'
const OFF = 'the flag is off'

/** What `when` promises, on every kind of database. */
describeDatabases(
  (variant) => {
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
    const when = (answer: (context: Context) => unknown, options: Parameters<typeof task>[1] = {}) =>
      task(addPost('first'), { ...options, when: answer as never })
    const leavesWork = ({ prisma }: Context) => {
      void prisma.post.count().then(() => {})
      return true
    }
    const waiting = { outcome: 'waiting', reason: { code: 'waiting', text: OFF } }

    describe('a task whose `when` says not yet', () => {
      test('stays pending with its reason, and the tasks after it run, until it says yes', async () => {
        let flag: true | string = OFF
        const tasks = { [FILE]: when(() => flag, { transaction: true }), [NEXT]: task(addPost('next')) }
        const party = stage.party(tasks)
        expect(await party.run()).toMatchObject({ outcome: 'done', results: [waiting, { outcome: 'done' }] })
        expect(await stage.titles()).toEqual(['next'])
        const status = await stage.party(tasks).status()
        expect(status).toMatchObject({ pending: true, summary: { pending: 1, done: 1 } })
        const first = { state: 'pending', flags: ['late', 'waiting'], reason: waiting.reason, attempts: 0 }
        expect(status.tasks[0]).toMatchObject({ ...first, startedAt: null, owner: null })
        expect(await party.plan()).toMatchObject([{ runs: true, reason: { code: 'new' } }, { runs: false }])
        expect(await party.run()).toMatchObject({ outcome: 'done', results: [waiting] })

        flag = true
        expect(await party.run()).toMatchObject({ results: [{ outcome: 'done' }] })
        expect((await party.status()).tasks[0]).toMatchObject({ state: 'done', flags: [], reason: null, attempts: 1 })
        expect(await party.history()).toHaveLength(2)
      })

      test('waits also when it is named, and one that is done stays done', async () => {
        let flag: boolean | string = true
        const party = stage.party({ [FILE]: when(() => flag) })
        await party.run()
        flag = OFF
        expect(await party.run({ names: ['first'] })).toMatchObject({ outcome: 'done', results: [waiting] })
        expect((await party.status()).tasks).toMatchObject([{ state: 'done', flags: [], reason: null }])
        flag = false
        const [result] = (await party.run({ names: ['first'] })).results
        expect(result?.reason).toEqual({ code: 'waiting' })
      })

      test('keeps the state, the error and the steps of the attempt before', async () => {
        let flag: boolean | string = true
        let steps = 0
        const work = async ({ step }: Context) => {
          await step('one', () => {
            steps += 1
          })
          if (steps === 1 && flag === true) throw new Error('after the step')
        }
        const party = stage.party({ [FILE]: task(work, { when: () => flag }) })
        expect(await party.run()).toMatchObject({ outcome: 'failed' })
        flag = OFF
        expect(await party.run()).toMatchObject({ outcome: 'done', results: [waiting] })
        const [status] = (await party.status()).tasks
        expect(status).toMatchObject({ state: 'failed', flags: ['waiting'], reason: waiting.reason, attempts: 1 })
        expect(status?.error).toContain('after the step')
        expect(await party.history()).toMatchObject([{ status: 'failed', reason: null }])
        flag = true
        expect(await party.run()).toMatchObject({ outcome: 'failed', results: [{ error: 'after the step' }] })
        expect(steps).toBe(1)
      })

      test('is a backfill too, which resumes at its checkpoint when it says yes', async () => {
        await stage.client.post.createMany({ data: ['a', 'b', 'c'].map((title) => ({ title })) })
        const answers = [true, OFF, true]
        const seen: string[] = []
        const backfill = defineBackfill({
          model: 'post',
          batchSize: 1,
          when: () => answers.shift() ?? false,
          run: async (rows, context) => {
            seen.push(String(rows[0]?.title))
            if (seen.length === 2) throw new Error('at the second')
            expect(context).not.toHaveProperty('step')
          },
        })
        const party = stage.party({ [FILE]: backfill as unknown as TaskDefinition })
        expect(await party.run()).toMatchObject({ outcome: 'failed' })
        expect(await party.run()).toMatchObject({ results: [waiting] })
        expect(await party.run()).toMatchObject({ outcome: 'done', results: [{ processed: 2 }] })
        expect(seen).toEqual(['a', 'b', 'b', 'c'])
      })

      test('waits in two processes at once', async () => {
        const tasks = { [FILE]: when(async ({ prisma }) => (await prisma.post.count()) > 0 || OFF) }
        const results = await Promise.all([1, 2].map(() => stage.party(tasks).run()))
        expect(results).toMatchObject([
          { outcome: 'done', results: [waiting] },
          { outcome: 'done', results: [waiting] },
        ])
        expect(await stage.record(VERSION)).toMatchObject({ status: 'pending', attempts: 0, fence: 0, reasonText: OFF })
      })

      test('that another process runs is waited for, and not asked', async () => {
        const gate = new Gate()
        const holder = stage.run(stage.party({ [FILE]: task(() => gate.passed) }))
        await holder.saw('started')
        const waiter = stage.run(stage.party({ [FILE]: when(() => OFF) }))
        await waiter.saw('waiting')
        gate.open()
        expect(await waiter.ended).toMatchObject({ results: [{ outcome: 'done', elsewhere: true }] })
        await holder.ended
      })
    })

    describe('a `when`', () => {
      test('is given what it needs to look, and nothing to work with', async () => {
        let given: object = {}
        const party = stage.party({
          [FILE]: when((context) => {
            given = context
            context.log('looks')
            return true
          }),
        })
        const running = stage.run(party, { deployId: 'a' })
        expect(await running.ended).toMatchObject({ outcome: 'done' })
        expect(given).toMatchObject({ version: VERSION, deployId: 'a' })
        expect(Object.keys(given).sort()).toEqual(['deployId', 'log', 'params', 'prisma', 'signal', 'version'])
        expect(running.events).toContainEqual(expect.objectContaining({ type: 'log', message: 'looks' }))
      })

      test.each<[string, (context: Context) => unknown, string]>([
        ['that throws', () => Promise.reject(new Error('no such flag')), 'no such flag'],
        ['that returns nothing', () => {}, '`when` must return true, false or a reason. It returned undefined.'],
        ['that does not await', leavesWork, '`post.count`'],
      ])('%s fails the task and stops the run, and the next run asks again', async (_, answer, message) => {
        const answers = [answer, () => true]
        const tasks = { [FILE]: when((context) => answers.shift()?.(context)), [NEXT]: task(addPost('next')) }
        const party = stage.party(tasks)
        const error = expect.stringContaining(message)
        const running = stage.run(party)
        expect(await running.ended).toMatchObject({ outcome: 'failed', results: [{ outcome: 'failed', error }] })
        expect((await party.status()).tasks).toMatchObject([
          { state: 'failed', attempts: 1, error },
          { state: 'pending', attempts: 0 },
        ])
        expect(await party.history()).toMatchObject([{ status: 'failed', error }])
        expect(await stage.titles()).toEqual([])
        expect(await party.run()).toMatchObject({ outcome: 'done' })
        expect(await stage.titles()).toEqual(['first', 'next'])
      })

      test('that takes longer than the timeout of the task fails it', async () => {
        const party = stage.party({
          [FILE]: when(({ signal }) => whenAborted(signal).then(() => Promise.reject(signal.reason)), { timeout: 100 }),
        })
        const reason = { code: 'timeout', text: '100ms' }
        expect(await party.run()).toMatchObject({ outcome: 'failed', results: [{ outcome: 'failed', reason }] })
        expect((await party.status()).tasks).toMatchObject([{ state: 'failed', reason }])
      })

      test.each([
        ['that stops', ({ signal }: Context) => whenAborted(signal).then(() => Promise.reject(signal.reason))],
        ['that says yes all the same', ({ signal }: Context) => whenAborted(signal).then(() => true)],
        ['that does not stop', () => new Promise(() => {})],
      ])('%s at a signal leaves the task pending, and the run is interrupted', async (_, answer) => {
        const stop = new AbortController()
        const asked = new Gate()
        const party = stage.party({
          [FILE]: when((context) => {
            asked.open()
            return answer(context)
          }),
        })
        const running = stage.run(party, { signal: stop.signal, grace: 100 })
        await asked.passed
        stop.abort()
        expect(await running.ended).toMatchObject({ outcome: 'interrupted' })
        expect(await stage.record(VERSION)).toBeUndefined()
        expect((await party.status()).tasks).toMatchObject([{ state: 'pending', flags: [] }])
      })
    })
  },
  ['sqlite-libsql', 'postgresql', 'mariadb'],
)
