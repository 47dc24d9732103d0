import { inspect } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { z } from 'zod'
import { defineBackfill } from '../../src/define/backfill.js'
import { defineTask } from '../../src/define/task.js'
import type { AfterParty, PartyRunOptions } from '../../src/party.js'
import { runBackfill, runTask } from '../../src/testing.js'
import { addPosts, upTo } from '../support/backfills.js'
import { describeDatabases } from '../support/databases.js'
import { Stage, whenAborted } from '../support/parties.js'

const FILE = '20260101000000_import'
const limit = z.object({ limit: z.number().default(100) })

/** What was refused, and what else to do. */
async function refused(given: Promise<unknown>): Promise<{ code: string; text: string }> {
  const error = await given.then(
    () => ({ code: 'not refused', message: '' }),
    (thrown) => thrown,
  )
  return { code: error.code, text: error.message }
}

describeDatabases(
  (variant) => {
    let stage: Stage
    beforeEach(async () => {
      stage = await Stage.open(variant)
    })
    afterEach(() => stage[Symbol.asyncDispose]())

    const historyOf = async (party: AfterParty) =>
      (await party.history()).map(({ status, params }) => [status, params]).reverse()

    describe('params of a task', () => {
      test('are the defaults in a deploy, those that were passed for the task that is named, and in the history', async () => {
        const got: unknown[] = []
        const secretParams = ['token'] as const
        const params = z.object({ limit: z.number().default(100), token: z.string().optional() })
        const party = stage.party({
          [FILE]: defineTask({
            params,
            secretParams,
            transaction: true,
            run: ({ params }) => got.push(params),
            verify: ({ params: { limit } }) => limit < 1_000 || 'too many',
          }),
        })
        await party.run()
        const named = { names: ['import'], params: { limit: 5, token: 'hunter2' } }
        expect(await party.rehearse(named)).toMatchObject([{ outcome: 'rehearsed' }])
        expect(await party.plan(named)).toMatchObject([{ runs: true }])
        await party.run(named)
        expect(got).toEqual([{ limit: 100 }, named.params, named.params])
        const history = await historyOf(party)
        expect(history).toEqual([
          ['done', null],
          ['done', { limit: 5, token: '•••' }],
        ])
        // It is done: nobody asks for more of the same.
        await party.run({ names: ['import'] })
        await party.run(named)
        expect(got.slice(3)).toEqual([{ limit: 100 }, named.params])
        const row = await stage.record('20260101000000')
        expect(inspect(row)).toContain('secrets')
        expect(inspect(row)).not.toContain('hunter2')
      })

      test('are kept for the next try after a failure, unless others are passed; a secret has to be passed again', async () => {
        const got: unknown[] = []
        const party = stage.party({
          [FILE]: defineTask({
            params: z.object({ limit: z.number().default(100), token: z.string().optional() }),
            secretParams: ['token'],
            run: ({ params }) => {
              got.push(params)
              if (params.limit !== 7) throw new Error('no')
            },
          }),
        })
        const run = (params?: object) =>
          party.run({ ...(params && { names: ['import'], params }) }).then(({ outcome }) => outcome)
        expect(await run({ limit: 5 })).toBe('failed')
        expect(await run()).toBe('failed')
        expect(await run({ limit: 6, token: 'hunter2' })).toBe('failed')
        expect(got).toEqual([{ limit: 5 }, { limit: 5 }, { limit: 6, token: 'hunter2' }])
        const { code, text } = await refused(party.run())
        expect(code).toBe('tasks-invalid')
        expect(text).toContain('npx after-party run import --param limit=<limit> --param token=<token>')
        expect((await party.status()).faults).toHaveLength(1)
        expect(await run({ limit: 7 })).toBe('done')
        expect(got).toHaveLength(4)
      })

      test('that are wrong are refused before anything runs', async () => {
        const got: unknown[] = []
        const party = stage.party({
          [FILE]: defineTask({ params: limit, run: ({ params }) => got.push(params) }),
          '20260102000000_plain': defineTask({ run: ({ params }) => got.push(params) }),
          '20260103000000_needy': defineTask({
            params: z.object({ since: z.iso.date(), limit: z.number().default(1) }),
            run: ({ params }) => got.push(params),
          }),
        })
        const run = (given: PartyRunOptions) => refused(party.run(given))
        expect(await run({ names: ['import'], params: { limit: 'much' } })).toMatchObject({
          code: 'params-invalid',
          text: expect.stringContaining('limit: '),
        })
        expect(await run({ names: ['import'], params: { limt: 5 } })).toMatchObject({
          code: 'params-invalid',
          text: expect.stringContaining('Did you mean limit?'),
        })
        expect(await run({ names: ['import'], params: { limit: Number.NaN, call: () => {} } })).toMatchObject({
          code: 'params-invalid',
        })
        expect((await run({ names: ['plain'], params: {} })).text).toContain('plain takes no parameters.')
        for (const names of [[], ['import', 'plain']])
          expect(await run({ names, params: { limit: 5 } })).toMatchObject({ code: 'usage' })
        expect(await run({})).toMatchObject({
          code: 'tasks-invalid',
          text: expect.stringContaining('needs a default for the parameter since, because a deploy passes none'),
        })
        expect((await run({ names: ['needy'] })).text).toContain('npx after-party run needy --param since=<since>')
        expect(got).toEqual([])
        // Done once, nobody asks for its params any more.
        await party.run({ names: ['needy'], params: { since: '2026-01-01' } })
        expect(await party.run()).toMatchObject({ outcome: 'done' })
        expect(got).toEqual([{ since: '2026-01-01', limit: 1 }, { limit: 100 }, undefined])
      })

      test('are those of the process that has it, for who takes it over; other ones are run after it', async () => {
        const got: unknown[] = []
        const task = (wait: boolean) =>
          defineTask({
            params: limit,
            async run({ params, signal }) {
              got.push(params)
              if (wait) await whenAborted(signal)
              signal.throwIfAborted()
            },
          })
        const stop = new AbortController()
        const named = { names: ['import'] }
        const holder = stage.run(stage.party({ [FILE]: task(true) }), {
          ...named,
          params: { limit: 5 },
          signal: stop.signal,
        })
        await holder.saw('started')
        const deploy = stage.run(stage.party({ [FILE]: task(false) }))
        const byHand = stage.run(stage.party({ [FILE]: task(false) }), { ...named, params: { limit: 6 } })
        await Promise.all([deploy.saw('waiting'), byHand.saw('waiting')])
        stop.abort()
        expect((await holder.ended).outcome).toBe('interrupted')
        expect((await deploy.ended).outcome).toBe('done')
        expect((await byHand.ended).outcome).toBe('done')
        expect(got[0]).toEqual({ limit: 5 })
        expect(got.slice(1)).toContainEqual({ limit: 6 })
        expect(got.slice(1)).not.toContainEqual({ limit: 100 })
      })
    })

    describe('params of a backfill', () => {
      const add = z.object({ views: z.number().default(1) })
      const backfill = defineBackfill({
        model: 'post',
        where: { views: 0 },
        batchSize: 2,
        params: add,
        throttle: ({ params }) => params.views < 0,
        update: (_, { params }) => ({ views: params.views }),
        verify: ({ params }) => params.views > 0,
      })
      const views = async () =>
        (await stage.client.post.findMany({ orderBy: { id: 'asc' } })).map(
          (post) => (post as unknown as { views: number }).views,
        )

      test('stay the same until it is done, however often it is interrupted', async () => {
        await addPosts(stage.client, upTo(6))
        const stop = new AbortController()
        const party = stage.party({ [FILE]: backfill } as never)
        const first = await party.run({
          names: ['import'],
          params: { views: 7 },
          signal: stop.signal,
          onEvent: (event) => event.type === 'progress' && event.batch === 1 && stop.abort(),
        })
        expect(first.outcome).toBe('interrupted')
        expect(await party.rehearse()).toMatchObject([{ outcome: 'rehearsed', sample: [{ after: { views: 7 } }, {}] }])
        expect(await party.run()).toMatchObject({ outcome: 'done' })
        expect(await views()).toEqual([7, 7, 7, 7, 7, 7])
        expect(await historyOf(party)).toEqual([
          ['interrupted', { views: 7 }],
          ['done', { views: 7 }],
        ])
      })

      test('reach run, execute and a test of the team’s', async () => {
        await addPosts(stage.client, upTo(3))
        const prisma = stage.client as never
        const got: unknown[] = []
        const note = { model: 'post', params: add } as const
        const run = defineBackfill({ ...note, run: (_, { params }) => void got.push(params.views) })
        const execute = defineBackfill({ ...note, execute: ({ params }) => got.push(params.views) })
        expect(await runBackfill(run, { prisma })).toMatchObject({ outcome: 'done' })
        expect(await runBackfill(execute, { prisma, params: { views: 2 } })).toMatchObject({ outcome: 'done' })
        const first = await runBackfill(backfill, { prisma, params: { views: 9 }, batches: 1 })
        await runBackfill(backfill, { prisma, after: first })
        expect(await views()).toEqual([9, 9, 9])
        const task = defineTask({ params: add, run: ({ params }) => got.push(params.views) })
        await runTask(task, { prisma, params: { views: 3 } })
        expect(got).toEqual([1, 2, 3])
        expect(await refused(runTask(task, { prisma, params: { views: 'many' } }))).toMatchObject({
          code: 'params-invalid',
        })
      })
    })
  },
  ['sqlite-libsql', 'postgresql'],
)
