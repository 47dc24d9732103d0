import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from '@jest/globals'
import { defineBackfill } from '../../src/define/backfill.js'
import type { TaskDefinition } from '../../src/define/task.js'
import { describeDatabases, type VariantName } from '../support/databases.js'
import { Gate, Stage, task, whenAborted } from '../support/parties.js'

/** Pause, resume and cancel, asked by one process of another. */

const V1 = '20260101000001'
const NAME = `${V1}_first`
const after = '20260101000002_second'

/** A backfill whose batches wait until they are let through; how many there were is counted. */
function steps(rows: { batches: number; each?: () => Promise<void> }, options: object = {}): TaskDefinition {
  return defineBackfill({
    model: 'post',
    batchSize: 1,
    // A database with one writer lets nobody else write in the middle of a batch.
    pause: 30,
    run: async (posts: unknown[], { prisma }: { prisma: never }) => {
      rows.batches += 1
      await rows.each?.()
      for (const { id } of posts as { id: number }[])
        await (prisma as { post: { update(args: object): Promise<unknown> } }).post.update({
          where: { id },
          data: { views: { increment: 1 } },
        })
    },
    ...options,
  } as never) as never
}

async function withPosts(variant: VariantName, count: number): Promise<Stage> {
  const stage = await Stage.open(variant)
  await stage.client.post.createMany({ data: Array.from({ length: count }, (_, i) => ({ title: `${i}` })) })
  return stage
}

async function views(stage: Stage): Promise<number[]> {
  return (await stage.client.post.findMany({ orderBy: { id: 'asc' } })).map((post) => post.views)
}

describeDatabases((variant) => {
  test.each([
    ['in transactions', {}],
    ['without transactions', { transaction: false }],
  ])('a pause stops a backfill %s within two batches, and resume goes on, each row once', async (_, options) => {
    await using stage = await withPosts(variant, 12)
    const counted = { batches: 0 }
    const tasks = { [NAME]: steps(counted, options), [after]: task(() => {}) }
    const party = stage.party(tasks, { lease: '60s' })
    const running = stage.run(party)
    await running.saw('started')
    while (counted.batches < 2) await sleep(5)
    const before = counted.batches
    const [paused] = await stage.party(tasks).pause(['first'], { by: 'ada', reason: 'the sale' })
    expect(paused).toMatchObject({ name: 'first', from: 'running', to: 'paused', effect: 'done' })
    expect(counted.batches - before).toBeLessThanOrEqual(3)
    const { outcome, results } = await running.ended
    expect(outcome).toBe('done')
    expect(results).toMatchObject([
      { name: 'first', outcome: 'paused', reason: { code: 'requested', text: 'the sale' } },
      { name: 'second', outcome: 'done' },
    ])
    const { tasks: shown, pending } = await party.status()
    expect(shown[0]).toMatchObject({ state: 'paused', request: { kind: 'pause', by: 'ada', reason: 'the sale' } })
    expect(pending).toBe(true)
    // The next deploy leaves it alone.
    expect((await party.run()).results).toEqual([])
    expect(await party.resume(['first'])).toMatchObject([{ from: 'paused', to: 'pending', effect: 'done' }])
    expect((await party.run()).results).toMatchObject([{ name: 'first', outcome: 'done' }])
    expect(new Set(await views(stage))).toEqual(new Set([1]))
    expect((await party.status()).tasks[0]).toMatchObject({ state: 'done', request: null, processed: 12 })
  })

  test('cancel keeps the checkpoint, and a cancelled task runs when it is named', async () => {
    await using stage = await withPosts(variant, 6)
    const counted = { batches: 0 }
    const tasks = { [NAME]: steps(counted) }
    const party = stage.party(tasks)
    const running = stage.run(party)
    while (counted.batches < 2) await sleep(5)
    expect(await stage.party(tasks).cancel(['first'])).toMatchObject([{ to: 'cancelled', effect: 'done' }])
    expect((await running.ended).results).toMatchObject([{ outcome: 'cancelled' }])
    const { tasks: shown, pending } = await party.status()
    expect(shown[0]?.state).toBe('cancelled')
    expect(pending).toBe(false)
    expect((await party.run()).results).toEqual([])
    expect((await party.run({ names: ['first'] })).results).toMatchObject([{ outcome: 'done' }])
    expect(new Set(await views(stage))).toEqual(new Set([1]))
  })

  test('a plain task hears of a request at its next heartbeat', async () => {
    await using stage = await Stage.open(variant)
    const party = stage.party({ [NAME]: task(({ signal }) => whenAborted(signal)) })
    const running = stage.run(party)
    await running.saw('started')
    expect(await stage.party({}).pause([V1])).toMatchObject([{ to: 'paused', effect: 'done' }])
    expect((await running.ended).outcome).toBe('done')
    expect(running.events).toContainEqual(expect.objectContaining({ type: 'stopping', reason: 'request' }))
    expect((await party.history())[0]).toMatchObject({ status: 'paused', reason: { code: 'requested' } })
  })

  test('a task that ended before it could be paused is done', async () => {
    await using stage = await Stage.open(variant)
    const gate = new Gate()
    const party = stage.party({ [NAME]: task(() => gate.passed) }, { lease: '60s' })
    const running = stage.run(party)
    await running.saw('started')
    const asked = stage.party({}).pause([V1])
    while (!(await stage.record(V1))?.request) await sleep(5)
    gate.open()
    expect(await asked).toMatchObject([{ to: 'done', effect: 'done' }])
    expect((await party.status()).tasks[0]).toMatchObject({ state: 'done', request: null })
  })

  test('a dead holder keeps no request from taking effect', async () => {
    await using stage = await Stage.open(variant)
    const party = stage.party({ [NAME]: task(() => {}) })
    await party.mark({ as: 'pending', all: true })
    await stage.dead(V1, 600)
    const began = performance.now()
    expect(await party.pause(['first'])).toMatchObject([{ from: 'running', to: 'paused', effect: 'done' }])
    expect(performance.now() - began).toBeLessThan(5_000)
    expect((await party.run()).results).toEqual([])
    expect((await party.status()).tasks[0]?.state).toBe('paused')
  })

  test('a holder of an older release, which heeds no requests, loses its claim', async () => {
    await using stage = await Stage.open(variant)
    const party = stage.party({ [NAME]: task(() => {}) })
    await party.mark({ as: 'pending', all: true })
    await stage.dead(V1, 600)
    let beats = 0
    const beating = setInterval(() => {
      beats += 1
      void stage.beat(V1, 600).catch(() => {})
    }, 100)
    expect(await party.cancel(['first'])).toMatchObject([{ to: 'cancelled', effect: 'revoked' }])
    clearInterval(beating)
    expect(beats).toBeGreaterThan(0)
    // Its next write counts for nothing.
    expect(await stage.beat(V1, 600)).toBe(false)
    expect((await party.status()).tasks[0]?.state).toBe('cancelled')
  })

  test('nothing is waited for where that is asked, and the request is heeded all the same', async () => {
    await using stage = await withPosts(variant, 6)
    const gate = new Gate()
    const counted = { batches: 0, each: () => gate.passed }
    const party = stage.party({ [NAME]: steps(counted, { transaction: false }) }, { lease: '60s' })
    const running = stage.run(party)
    while (counted.batches < 1) await sleep(5)
    expect(await stage.party({}).pause([V1], { timeout: 0 })).toMatchObject([{ to: 'running', effect: 'asked' }])
    gate.open()
    expect((await running.ended).results).toMatchObject([{ outcome: 'paused', reason: { code: 'requested' } }])
    expect(counted.batches).toBeLessThanOrEqual(2)
  })

  test('requests to tasks that never ran, that wait, or that are done', async () => {
    await using stage = await Stage.open(variant)
    const party = stage.party({ [NAME]: task(() => {}), [after]: task(() => {}) })
    expect(await party.pause(['first'])).toMatchObject([{ from: 'pending', to: 'paused', effect: 'done' }])
    expect(await party.pause(['first'])).toMatchObject([{ from: 'paused', effect: 'none' }])
    expect((await party.run()).results).toMatchObject([{ name: 'second' }])
    expect(await party.cancel(['first'])).toMatchObject([{ from: 'paused', to: 'cancelled', effect: 'done' }])
    expect(await party.pause(['second'])).toMatchObject([{ from: 'done', effect: 'none' }])
    await party.mark({ as: 'pending', names: ['first'] })
    expect((await party.run()).results).toMatchObject([{ name: 'first', outcome: 'done' }])
    expect(await party.resume(['first'])).toMatchObject([{ effect: 'none' }])
    await expect(party.pause(['frist'])).rejects.toMatchObject({ code: 'task-unknown' })
  })
})

describeDatabases(
  (variant) => {
    test('while a run waits for another process, a pause lets it go on', async () => {
      await using stage = await withPosts(variant, 40)
      const counted = { batches: 0 }
      const tasks = { [NAME]: steps(counted), [after]: task(() => {}) }
      const holder = stage.run(stage.party(tasks))
      await holder.saw('started')
      const waiter = stage.run(stage.party(tasks))
      await waiter.saw('waiting')
      await stage.party(tasks).pause(['first'])
      expect((await waiter.ended).outcome).toBe('done')
      expect((await waiter.ended).results[0]).toMatchObject({ outcome: 'paused', reason: { code: 'requested' } })
      expect((await holder.ended).outcome).toBe('done')
    })

    test('a pause reaches every part of a backfill, in every process', async () => {
      await using stage = await withPosts(variant, 120)
      const counted = { batches: 0 }
      const tasks = { [NAME]: steps(counted, { concurrency: 3 }) }
      const one = stage.run(stage.party(tasks, { lease: '60s' }))
      await one.saw('started')
      const other = stage.run(stage.party(tasks, { lease: '60s' }))
      while (counted.batches < 9) await sleep(5)
      const before = counted.batches
      expect(await stage.party(tasks).pause(['first'])).toMatchObject([{ to: 'paused', effect: 'done' }])
      expect(counted.batches - before).toBeLessThanOrEqual(9)
      expect((await one.ended).outcome).toBe('done')
      expect((await other.ended).outcome).toBe('done')
      const party = stage.party(tasks)
      const held = (await party.status()).tasks[0]?.parts?.filter(({ state }) => state === 'running')
      expect(held).toEqual([])
      await party.resume(['first'])
      await party.run()
      expect(new Set(await views(stage))).toEqual(new Set([1]))
    })
  },
  ['postgresql', 'mariadb'],
)
