import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from '@jest/globals'
import { Child } from '../support/child.js'
import { type RedisServer, redisMissing, startRedis } from '../support/databases/redis.mjs'
import { chosenVariants, whyMissing } from '../support/databases/servers.mjs'
import { Project } from '../support/project.js'
import { long } from './tally.js'

/**
 * Workers that real queue engines wake, as processes that are killed, while messages are lost, repeated, late, or
 * taken by a worker of another release: every row once, and every backfill ends.
 */

const ROWS = 160
const SLUGS = '20260101000000_count'
const KILLS = long ? 12 : 4

const TASK = `import { defineBackfill } from 'after-party'

export default defineBackfill({
  model: 'post',
  background: true,
  batchSize: 4,
  concurrency: 4,
  pause: 40,
  run: async (posts, { prisma }) => {
    for (const { id } of posts) await prisma.post.update({ where: { id }, data: { views: { increment: 1 } } })
  },
})
`

const ENGINES = {
  'pg-boss': `pgBossQueue({ connectionString: process.env['DATABASE_URL'] ?? '', pollingInterval: '200ms' })`,
  bullmq: `bullmqQueue({ connection: process.env['REDIS_URL'] ?? '', redeliverAfter: '2s' })`,
} as const

class Workplace implements AsyncDisposable {
  readonly project: Project
  readonly redis: RedisServer | undefined
  readonly #workers: Child[] = []

  private constructor(project: Project, redis: RedisServer | undefined) {
    this.project = project
    this.redis = redis
  }

  static async open(engine: keyof typeof ENGINES): Promise<Workplace> {
    const redis = engine === 'bullmq' ? await startRedis() : undefined
    const project = await Project.create({ variant: 'postgresql' })
    if (redis) project.env.REDIS_URL = redis.url
    const [factory] = ENGINES[engine].split('(')
    const config = (tasks: string) => `import { defineConfig } from 'after-party'
import { ${factory} } from 'after-party/${engine}'
import { connect } from './clients/postgresql.js'

export const client = () => connect(process.env['DATABASE_URL'] ?? '', 4)

export default defineConfig({
  client,
  tasks: '${tasks}',
  migrations: 'prisma/migrations',
  lease: '2s',
  queue: ${ENGINES[engine]},
})
`
    await project.write('after-party.config.ts', config('prisma/after-party'))
    await project.write('older/after-party.config.ts', config('tasks').replace('./clients', '../clients'))
    await project.write('older/tasks/.keep', '')
    await project.write(`prisma/after-party/${SLUGS}.ts`, TASK)
    const posts = Array.from({ length: ROWS }, (_, i) => ({ title: `${i}` }))
    await project.database?.client().post.createMany({ data: posts })
    return new Workplace(project, redis)
  }

  /** A worker that looks at the database by itself only now and then. */
  worker(...args: string[]): Child {
    const worker = new Child(this.project, ['work', '--poll', '2s', '--slice', '1s', ...args])
    this.#workers.push(worker)
    return worker
  }

  async handOver(): Promise<void> {
    const { code, stderr } = await this.project.afterParty('run')
    expect([code, stderr]).toEqual([0, expect.stringContaining('1 background task waits for a worker')])
  }

  /** Waits until the backfill is done, and looks whether every row was done once. */
  async expectDone(): Promise<void> {
    const { code, stderr } = await this.project.afterParty('wait', '--timeout', '100s')
    expect([code, stderr]).toEqual([0, '✔ All done'])
    const posts = await this.project.database?.client().post.findMany({})
    expect(posts?.filter(({ views }) => views !== 1)).toEqual([])
    expect(posts).toHaveLength(ROWS)
    const { stdout } = await this.project.afterParty('history', '--json', '--limit', '1000')
    const { runs } = JSON.parse(stdout) as { runs: { processed: number; status: string }[] }
    expect(runs.reduce((rows, { processed }) => rows + processed, 0)).toBe(ROWS)
    expect(runs.filter(({ status }) => status === 'running')).toEqual([])
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker[Symbol.asyncDispose]()))
    await this.project.remove()
    await this.redis?.end()
  }
}

const postgres = chosenVariants(['postgresql']).includes('postgresql') && whyMissing('postgresql') === undefined
const HERE = { 'pg-boss': postgres, bullmq: postgres && redisMissing === undefined }

for (const engine of ['pg-boss', 'bullmq'] as const) {
  const describeHere = HERE[engine] ? describe : describe.skip
  describeHere(engine, () => {
    test(`${KILLS} kills of workers in the middle of parts lose no row, and do none twice`, async () => {
      await using place = await Workplace.open(engine)
      let workers = [place.worker(), place.worker(), place.worker()]
      await Promise.all(workers.map((worker) => worker.saw(/Nothing to do/)))
      await place.handOver()
      await Promise.race(workers.map((worker) => worker.saw(/→ count/)))
      for (let kill = 0; kill < KILLS; kill += 1) {
        await sleep(200 + Math.random() * 500)
        const [victim, ...others] = workers
        victim?.signal('SIGKILL')
        workers = [...others, place.worker()]
      }
      await place.expectDone()
      for (const worker of workers) worker.signal('SIGTERM')
      for (const worker of workers) expect((await worker.ended).code).toBe(0)
    })

    test('messages that come again and again, and after the end, do no harm', async () => {
      await using place = await Workplace.open(engine)
      const workers = [place.worker(), place.worker()]
      await Promise.all(workers.map((worker) => worker.saw(/Nothing to do/)))
      await place.handOver()
      for (let time = 0; time < 3; time += 1) expect((await place.project.afterParty('run')).code).toBe(0)
      await place.expectDone()
      await place.project.afterParty('mark', 'count', '--done')
      expect((await place.project.afterParty('resume', 'count')).code).toBe(0)
      await place.expectDone()
    })

    test('a worker of an older release takes the message, and the task is done all the same', async () => {
      await using place = await Workplace.open(engine)
      const older = place.worker('--config', 'older/after-party.config.ts')
      await older.saw(/Nothing to do/)
      await place.handOver()
      // The message is with the older one, who has no such task.
      await sleep(1_000)
      const newer = place.worker()
      await newer.saw(/→ count/)
      await place.expectDone()
      expect(older.stderr).not.toMatch(/count|✖/)
    })
  })
}

const describeRedis = HERE.bullmq ? describe : describe.skip
describeRedis('Redis', () => {
  test('flushed in mid-work, and down for a while, delays the backfill and loses nothing', async () => {
    await using place = await Workplace.open('bullmq')
    const workers = [place.worker(), place.worker()]
    await Promise.all(workers.map((worker) => worker.saw(/Nothing to do/)))
    await place.handOver()
    await Promise.race(workers.map((worker) => worker.saw(/→ count/)))
    await place.redis?.flush()
    await sleep(500)
    await place.redis?.stop()
    await sleep(1_000)
    await place.redis?.start()
    await place.expectDone()
    for (const worker of workers) worker.signal('SIGTERM')
    for (const worker of workers) expect((await worker.ended).code).toBe(0)
  })

  test('that is down fails no deploy, and no worker', async () => {
    await using place = await Workplace.open('bullmq')
    await place.redis?.stop()
    const { code, stderr } = await place.project.afterParty('run')
    expect([code, stderr]).toEqual([0, expect.stringMatching(/⚠ The queue could not be reached/)])
    const worker = place.worker()
    await worker.saw(/→ count/)
    await place.expectDone()
    worker.signal('SIGTERM')
    expect((await worker.ended).code).toBe(0)
  })
})
