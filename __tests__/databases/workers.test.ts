import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from '@jest/globals'
import { defineBackfill } from '../../src/define/backfill.js'
import type { RunEvent } from '../../src/define/events.js'
import type { WorkMessage, WorkQueue } from '../../src/define/queue.js'
import type { TaskDefinition } from '../../src/define/task.js'
import type { AfterParty, PartyWorkOptions } from '../../src/party.js'
import type { WorkResult } from '../../src/worker/worker.js'
import { describeDatabases } from '../support/databases.js'
import { Gate, Stage, task } from '../support/parties.js'

/** Background tasks, and the workers that run them, in this process: each with clients of its own. */

const [V1, V2, V3] = ['20260101000001', '20260101000002', '20260101000003']
const background = { background: true }

/** A worker that goes on while the test does something else. */
function start(party: AfterParty, options: PartyWorkOptions = {}) {
  const events: RunEvent[] = []
  const stop = new AbortController()
  const watchers = new Set<() => void>()
  const ended: Promise<WorkResult> = party.work({
    poll: 20,
    signal: stop.signal,
    ...options,
    onEvent: (event) => {
      events.push(event)
      for (const watch of watchers) watch()
    },
  })
  ended.catch(() => {})
  return {
    events,
    ended,
    /** The first event of a kind, or the first that fits. */
    saw: (fits: (event: RunEvent) => boolean) =>
      new Promise<void>((resolve) => {
        const look = () => {
          if (!events.some(fits)) return
          watchers.delete(look)
          resolve()
        }
        watchers.add(look)
        look()
      }),
    async stop(): Promise<WorkResult> {
      stop.abort(new Error('SIGTERM'))
      return ended
    },
  }
}

const finished = (name: string, outcome: string) => (event: RunEvent) =>
  event.type === 'finished' && event.task.name === name && event.result.outcome === outcome

function backfill(options: object = {}): TaskDefinition {
  return defineBackfill({
    model: 'post',
    batchSize: 2,
    background: true,
    update: (post: { views: number }) => ({ views: post.views + 1 }),
    ...options,
  } as never) as never
}

async function withPosts(stage: Stage, count: number): Promise<void> {
  await stage.client.post.createMany({ data: Array.from({ length: count }, (_, i) => ({ title: `${i}` })) })
}

async function views(stage: Stage): Promise<Set<number>> {
  return new Set((await stage.client.post.findMany()).map((post) => post.views))
}

describeDatabases(
  (variant) => {
    test('a run leaves background tasks to a worker, says so, and goes on', async () => {
      await using stage = await Stage.open(variant)
      const tasks = {
        [`${V1}_first`]: task(({ log }) => log('worked'), background),
        [`${V2}_second`]: task(() => {}),
        [`${V3}_third`]: task(() => {}, { after: ['first'] }),
      }
      const party = stage.party(tasks)
      const { outcome, results, background: left } = await party.run()
      expect({ outcome, left }).toEqual({ outcome: 'done', left: [{ version: V1, name: 'first' }] })
      expect(results).toMatchObject([
        { name: 'second', outcome: 'done' },
        { name: 'third', outcome: 'waiting', reason: { code: 'after', text: 'first' } },
      ])
      const before = await party.status()
      expect(before.tasks.map(({ state, flags }) => [state, flags])).toEqual([
        ['pending', ['late', 'background']],
        ['done', []],
        ['pending', ['waiting']],
      ])
      expect(before).toMatchObject({ pending: true, worker: { waiting: 1, seenAt: null, overdue: true } })
      expect((await party.status({ lane: 'foreground' })).tasks.map(({ name }) => name)).toEqual(['second', 'third'])
      expect(await stage.party(tasks).work({ once: true })).toMatchObject({
        outcome: 'done',
        slices: 1,
        done: [{ name: 'first' }],
      })
      expect((await party.status()).worker).toBeNull()
      expect((await party.run()).results).toMatchObject([{ name: 'third', outcome: 'done' }])
      expect((await party.status()).pending).toBe(false)
    })

    test('a backfill goes on slice by slice, and its turns are shared with others', async () => {
      await using stage = await Stage.open(variant)
      await withPosts(stage, 12)
      const tasks = {
        [`${V1}_long`]: backfill({ pause: 20 }),
        [`${V2}_short`]: task(() => {}, background),
      }
      await stage.party(tasks).run()
      const worker = start(stage.party(tasks), { slice: 30 })
      await worker.saw(finished('long', 'done'))
      const { slices, done } = await worker.stop()
      expect(done.map(({ name }) => name)).toEqual(['short', 'long'])
      expect(slices).toBeGreaterThan(3)
      expect(await views(stage)).toEqual(new Set([1]))
      const runs = await stage.party(tasks).history({ name: 'long', limit: 100 })
      expect(runs.reduce((rows, { processed }) => rows + processed, 0)).toBe(12)
    })

    test('an error of one task stops no other; it is tried again later, and then left alone', async () => {
      await using stage = await Stage.open(variant)
      let fails = true
      const tasks = {
        [`${V1}_broken`]: task(() => {
          if (fails) throw new Error('not today')
        }, background),
        [`${V2}_fine`]: task(() => {}, background),
      }
      const party = stage.party(tasks)
      await party.run()
      const first = await party.work({ once: true })
      expect(first).toMatchObject({ outcome: 'failed', done: [{ name: 'fine' }], failed: [{ name: 'broken' }] })
      // Its pause is not over.
      expect(await party.work({ once: true })).toMatchObject({ outcome: 'done', slices: 0 })
      for (const at of [1, 2, 3, 4]) {
        await stage.age(V1, 24 * 3_600_000)
        expect([at, (await party.work({ once: true })).slices]).toEqual([at, 1])
      }
      await stage.age(V1, 24 * 3_600_000)
      const worker = start(party)
      await worker.saw(({ type }) => type === 'left-alone')
      expect((await worker.stop()).slices).toBe(0)
      expect((await party.status()).tasks[0]).toMatchObject({
        state: 'failed',
        error: expect.stringContaining('not today'),
      })
      expect(await party.wait(['broken'], { timeout: 5_000 })).toMatchObject({ outcome: 'failed' })
      fails = false
      expect(await party.resume(['broken'])).toMatchObject([{ from: 'failed', to: 'pending' }])
      expect(await party.work({ once: true })).toMatchObject({ done: [{ name: 'broken' }] })
    })

    test('a worker of another release leaves what it does not have', async () => {
      await using stage = await Stage.open(variant)
      const old = { [`${V1}_first`]: task(() => {}, background) }
      const both = { ...old, [`${V2}_second`]: task(() => {}, background) }
      await stage.party(both).run()
      expect(await stage.party(old).work({ once: true })).toMatchObject({ done: [{ name: 'first' }] })
      expect((await stage.party(both).status()).tasks.map(({ state }) => state)).toEqual(['done', 'pending'])
      expect(await stage.party(both).work({ once: true })).toMatchObject({ done: [{ name: 'second' }] })
    })

    test('a run that names a background task, or needs it, gets it from the workers', async () => {
      await using stage = await Stage.open(variant)
      await withPosts(stage, 40)
      const tasks = { [`${V1}_first`]: backfill({ pause: 10 }) }
      await stage.party(tasks).run()
      const worker = start(stage.party(tasks), { slice: 60, poll: 5 })
      await worker.saw(({ type }) => type === 'started')
      const named = await stage.party(tasks).run({ names: ['first'], lockTimeout: '30s' })
      expect(named.results).toMatchObject([{ name: 'first', outcome: 'done' }])
      expect(named.results[0]?.elsewhere).toBeUndefined()
      await worker.stop()
      expect(await views(stage)).toEqual(new Set([1]))
    })

    test('what comes after a task that failed is not handed over before that is done', async () => {
      await using stage = await Stage.open(variant)
      let fails = true
      const tasks = {
        [`${V1}_first`]: task(() => {}, background),
        [`${V2}_second`]: task(() => {
          if (fails) throw new Error('not today')
        }),
        [`${V3}_third`]: task(() => {}, background),
      }
      const party = stage.party(tasks)
      expect(await party.run()).toMatchObject({ outcome: 'failed', background: [{ name: 'first' }] })
      expect((await party.work({ once: true })).done).toMatchObject([{ name: 'first' }])
      fails = false
      expect(await party.run()).toMatchObject({ outcome: 'done', background: [{ name: 'third' }] })
      expect((await party.work({ once: true })).done).toMatchObject([{ name: 'third' }])
    })

    test('what a run could not finish goes back to the workers', async () => {
      await using stage = await Stage.open(variant)
      await withPosts(stage, 10)
      const tasks = { [`${V1}_first`]: backfill({ pause: 20 }) }
      const awaited = await stage.party(tasks).run({ awaited: [V1], maxDuration: 30 })
      expect(awaited.outcome).toBe('paused')
      expect(await stage.record(V1)).toMatchObject({ lane: 'background' })
      expect(await stage.party(tasks).work({ once: true })).toMatchObject({ done: [{ name: 'first' }] })
      expect(await views(stage)).toEqual(new Set([1]))
    })

    test('a worker in the foreground of nobody: party.run of the background lane', async () => {
      await using stage = await Stage.open(variant)
      const tasks = { [`${V1}_first`]: task(() => {}, background), [`${V2}_second`]: task(() => {}) }
      const party = stage.party(tasks)
      // Nothing begins before a deploy has come this far.
      expect((await party.run({ lane: 'background' })).results).toEqual([])
      await party.run()
      const { results } = await party.run({ lane: 'background', maxDuration: '10s' })
      expect(results).toMatchObject([{ name: 'first', outcome: 'done' }])
    })

    test('a worker stops at the end of a batch, and another goes on there', async () => {
      await using stage = await Stage.open(variant)
      await withPosts(stage, 20)
      const tasks = { [`${V1}_first`]: backfill({ pause: 20 }) }
      await stage.party(tasks).run()
      const worker = start(stage.party(tasks))
      await worker.saw(({ type, ...event }) => type === 'progress' && 'batch' in event && (event.batch as number) >= 2)
      expect((await worker.stop()).outcome).toBe('interrupted')
      expect(await stage.record(V1)).toMatchObject({ status: 'interrupted' })
      expect(await stage.party(tasks).work({ once: true })).toMatchObject({ done: [{ name: 'first' }] })
      expect(await views(stage)).toEqual(new Set([1]))
    })

    test('a paused background task rests until it is resumed; a cancelled one is left', async () => {
      await using stage = await Stage.open(variant)
      await withPosts(stage, 30)
      const tasks = { [`${V1}_first`]: backfill({ pause: 20 }), [`${V2}_second`]: task(() => {}, background) }
      await stage.party(tasks).run()
      const worker = start(stage.party(tasks), { slice: '10s' })
      await worker.saw(({ type, ...event }) => type === 'progress' && 'batch' in event)
      expect(await stage.party(tasks).pause(['first'])).toMatchObject([{ to: 'paused', effect: 'done' }])
      await worker.saw(finished('second', 'done'))
      await worker.saw(({ type }) => type === 'idle')
      expect(await stage.record(V1)).toMatchObject({ status: 'paused' })
      await stage.party(tasks).resume(['first'])
      await worker.saw(finished('first', 'done'))
      await worker.stop()
      expect(await views(stage)).toEqual(new Set([1]))
    })

    test('a file that can’t run is told once, and the others go on', async () => {
      await using stage = await Stage.open(variant)
      const tasks = {
        [`${V1}_first`]: task(() => {}, { ...background, after: ['nobody'] }),
        [`${V2}_second`]: task(() => {}, background),
      }
      await stage.party({ [`${V2}_second`]: task(() => {}, background) }).run()
      const worker = start(stage.party(tasks))
      await worker.saw(({ type }) => type === 'idle')
      await sleep(100)
      const { done } = await worker.stop()
      expect(done).toMatchObject([{ name: 'second' }])
      expect(worker.events.filter(({ type }) => type === 'work-failed')).toMatchObject([
        { error: expect.stringContaining('`after` has "nobody", which is not a task') },
      ])
    })

    test('workers say that they are there', async () => {
      await using stage = await Stage.open(variant)
      const gate = new Gate()
      const tasks = {
        [`${V1}_first`]: task(() => gate.passed, background),
        [`${V2}_second`]: task(() => {}, { ...background, when: () => 'not now' }),
      }
      const party = stage.party(tasks)
      await party.run()
      const worker = start(stage.party(tasks))
      await worker.saw(({ type }) => type === 'started')
      const { worker: seen, tasks: shown } = await party.status()
      expect(seen).toMatchObject({ waiting: 1, overdue: false, seenAt: expect.any(Date) })
      expect(shown[0]).toMatchObject({ state: 'running', owner: expect.stringMatching(/:\d+:/) })
      gate.open()
      await worker.saw(finished('second', 'waiting'))
      await worker.stop()
    })
  },
  ['sqlite-better-sqlite3', 'postgresql', 'mariadb', 'sqlite-prisma6'],
)

/** A queue in memory that loses, repeats and delays messages as it is told to. */
class TestQueue implements WorkQueue {
  readonly rung: WorkMessage[] = []
  #work: ((message: WorkMessage) => Promise<void>)[] = []
  #copies: number

  constructor(copies = 1) {
    this.#copies = copies
  }

  async ring(messages: readonly WorkMessage[]): Promise<void> {
    this.rung.push(...messages)
    for (const message of messages) this.deliver(message)
  }

  deliver(message: WorkMessage): void {
    for (let copy = 0; copy < this.#copies; copy += 1) for (const work of this.#work) void work(message)
  }

  async listen(work: (message: WorkMessage) => Promise<void>, { signal }: { signal: AbortSignal }): Promise<void> {
    this.#work.push(work)
    await new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => resolve(), { once: true })
      if (signal.aborted) resolve()
    })
    this.#work = this.#work.filter((one) => one !== work)
  }
}

describeDatabases(
  (variant) => {
    test('several workers take parts of one backfill, each row once, and share messages', async () => {
      await using stage = await Stage.open(variant)
      await withPosts(stage, 80)
      const queue = new TestQueue(2)
      const tasks = { [`${V1}_first`]: backfill({ concurrency: 4, pause: 10 }) }
      const workers = [1, 2, 3].map(() => start(stage.party(tasks, { queue }), { poll: '1h', slice: 200 }))
      await Promise.all(workers.map(({ saw }) => saw(({ type }) => type === 'idle')))
      await stage.party(tasks, { queue }).run()
      await Promise.any(workers.map(({ saw }) => saw(finished('first', 'done'))))
      expect(queue.rung[0]).toEqual({ version: V1, part: null })
      for (const worker of workers) await worker.stop()
      expect(await views(stage)).toEqual(new Set([1]))
      expect(new Set(queue.rung.flatMap(({ part }) => part ?? []))).toEqual(new Set([1, 2, 3, 4]))
      const records = (await stage.parts(V1)).map(({ owner }) => owner)
      expect(new Set(records).size).toBeGreaterThan(1)
    })

    test('a queue that is down, or loses everything, delays tasks and fails no deploy', async () => {
      await using stage = await Stage.open(variant)
      const down: WorkQueue = {
        ring: () => Promise.reject(new Error('no route to redis://me:secret@queue')),
        listen: () => Promise.reject(new Error('no route to the queue')),
      }
      const tasks = { [`${V1}_first`]: task(() => {}, background) }
      const events: RunEvent[] = []
      const { outcome } = await stage.party(tasks, { queue: down }).run({ onEvent: (event) => events.push(event) })
      expect(outcome).toBe('done')
      expect(events).toContainEqual(expect.objectContaining({ type: 'queue-failed', error: 'no route to redis://…' }))
      const worker = start(stage.party(tasks, { queue: down }))
      await worker.saw(finished('first', 'done'))
      expect(worker.events).toContainEqual(expect.objectContaining({ type: 'queue-failed' }))
      await worker.stop()
    })

    test('messages of tasks that are done, unknown or under way do no harm', async () => {
      await using stage = await Stage.open(variant)
      const queue = new TestQueue()
      let times = 0
      const tasks = { [`${V1}_first`]: task(() => (times += 1), background) }
      await stage.party(tasks, { queue }).run()
      const worker = start(stage.party(tasks, { queue }), { poll: '1h' })
      await worker.saw(finished('first', 'done'))
      for (const version of [V1, V2, 'nonsense']) queue.deliver({ version, part: 7 })
      await stage.party({ ...tasks, [`${V3}_third`]: task(() => {}, background) }, { queue }).run()
      await worker.stop()
      expect(times).toBe(1)
    })
  },
  ['postgresql', 'mariadb'],
)
