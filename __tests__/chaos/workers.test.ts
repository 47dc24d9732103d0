import { expect, jest, test } from '@jest/globals'
import type { Child } from '../support/child.js'
import { STACKS, VARIANTS } from '../support/databases/variants.mjs'
import { describeDatabases, type VariantName } from '../support/databases.js'
import fc from '../support/fast-check.js'
import { ChaosProject, type Kind } from './chaos-project.js'
import { endConnections } from './end-connections.js'
import { inParallel } from './in-parallel.js'
import { type Scenario, slicesOf } from './kill-points.js'
import { stopPoint } from './request-points.js'
import { expectAllDone, long } from './tally.js'

jest.setTimeout(long ? 3_600_000 : 300_000)

const SOME: VariantName[] | undefined = long ? undefined : ['sqlite-libsql', 'postgresql']
const SERVERS: VariantName[] = long
  ? ['postgresql', 'postgresql-pgbouncer', 'mariadb', 'postgresql-prisma6']
  : ['postgresql']
const ROUNDS = Number(process.env.CHAOS_ROUNDS ?? (long ? 5 : 1))
const SEED = Number(process.env.CHAOS_SEED ?? Date.now() % 2 ** 31)
const CREWS = long ? [2, 4] : [4]

const WORK = ['work', '--slice', '600ms', '--poll', '200ms']
/** Slices end in the middle of a backfill. */
const SLOWLY = { CHAOS_PAUSE: '400' }

/** Workers that die, that are told to stop, that lose their connections, and that are in each other's way. */
describeDatabases((variant) => {
  const oneWriter = STACKS[VARIANTS[variant].stack].provider === 'sqlite'
  // On SQLite a heartbeat waits for whoever writes.
  const lease = ['--lease', oneWriter ? '4s' : '1s']

  test('a worker killed at a write of a slice leaves everything to the next', async () => {
    await using chaos = await ChaosProject.create(variant)
    const queue: [string, Scenario][] = []
    for (const scenario of slicesOf(variant, long))
      queue.push([await chaos.task(scenario.kind, { background: true }), scenario])
    await handedOver(chaos)
    let kills = 0
    await inParallel(queue, async ([version, { kind, kills: points, awaitsBeat }]) => {
      for (const point of points) {
        const env = { ...chaos.only(version), ...SLOWLY, CHAOS_KILL: point, ...(awaitsBeat && { CHAOS_AWAIT: 'beat' }) }
        const { signal, code, stderr } = await chaos.run([...WORK, ...lease, '--max-duration', '15s'], env)
        // Others may have been in its way, so that it found less to do than would bring it there.
        if (signal === 'SIGKILL') kills += 1
        else expect([kind, point, code, stderr]).toEqual([kind, point, 0, expect.stringMatching(/try 2|busy/)])
      }
    })
    await finishedByWorkers(chaos, 1, lease)
    await expectAllDone(variant, chaos, { kills })
  })

  for (const size of CREWS)
    test(`${size} workers at once do every row once, killed at any of their writes (CHAOS_SEED=${SEED} CHAOS_ROUNDS=${ROUNDS})`, async () => {
      for (const points of rounds(size)) {
        await using chaos = await ChaosProject.create(variant)
        for (const kind of KINDS) await chaos.task(kind, { background: true })
        await handedOver(chaos)
        let kills = 0
        // Each worker dies, is started again, and dies, like a container in a crash loop.
        const loop = async (chain: readonly string[]) => {
          for (const point of chain) {
            const env = { ...SLOWLY, CHAOS_POOL: '2', CHAOS_KILL: point }
            const { signal, code, stderr } = await chaos.run([...WORK, ...lease, '--max-duration', '8s'], env)
            if (signal === 'SIGKILL') kills += 1
            else expect([point, code, stderr]).toEqual([point, 0, expect.any(String)])
          }
        }
        await Promise.all(points.map(loop))
        await finishedByWorkers(chaos, size, lease)
        await expectAllDone(variant, chaos, { kills, rounds: 1 })
      }
    })

  test('a worker that is told to stop ends at the end of its batch, with exit code 0', async () => {
    await using chaos = await ChaosProject.create(variant)
    const version = await chaos.task('backfill', { background: true })
    await handedOver(chaos)
    const worker = chaos.start(['work', '--grace', '10s'], { CHAOS_STOP: stopPoint('backfill', oneWriter) })
    await worker.stopped()
    worker.signal('SIGTERM')
    worker.signal('SIGCONT')
    expect(await worker.ended).toMatchObject({ code: 0 })
    const stopped = await chaos.record(version)
    expect(stopped).toMatchObject({ status: 'interrupted', leaseUntil: null })
    const rows = (await chaos.timesDone(version)).filter((times) => times > 0).length
    // The signal may come when the next batch has begun; that one is ended, too.
    expect([4, 8]).toContain(rows)

    const idle = chaos.start(['work', '--poll', '1h'])
    await idle.saw(/Nothing to do/)
    const began = performance.now()
    idle.signal('SIGTERM')
    expect(await idle.ended).toMatchObject({ code: 0 })
    expect(performance.now() - began).toBeLessThan(5_000)
    await finishedByWorkers(chaos, 1, [])
    await expectAllDone(variant, chaos, {})
  })

  test('deploys and workers at the same time: the deploy waits for no background task, and each row is done once', async () => {
    await using chaos = await ChaosProject.create(variant)
    const kinds: Kind[] = ['backfill', 'updating', 'transactional', 'loose']
    const versions: string[] = []
    for (const [i, kind] of kinds.entries()) versions.push(await chaos.task(kind, { background: i % 2 === 0 }))
    const worker = chaos.start([...WORK, ...lease], SLOWLY)
    const deploys = await Promise.all([1, 2].map(() => chaos.run(['run'])))
    expect(deploys.map(({ code, stderr }) => (code === 0 ? '' : stderr))).toEqual(['', ''])
    for (const version of versions.filter((_, i) => i % 2 === 1))
      expect(await chaos.record(version)).toMatchObject({ status: 'done' })
    await waitedFor(chaos, worker)
    await countedAndDone(chaos)
    await expectAllDone(variant, chaos, {})
  })

  test('a task that fails stops no other, and is tried again at once by a worker that has another file', async () => {
    await using chaos = await ChaosProject.create(variant)
    const bad = '20250101000000'
    await chaos.project.task(`${bad}_bad`, `throw new Error('it is bad')`, 'background: true,')
    const after = [await chaos.task('backfill', { background: true }), await chaos.task('plain', { background: true })]
    await handedOver(chaos)
    const worker = chaos.start([...WORK, ...lease])
    await worker.saw(/it is bad/)
    expect(await chaos.run(['wait', ...after, '--timeout', '1m'])).toMatchObject({ code: 0 })
    expect(await chaos.record(bad)).toMatchObject({ status: 'failed', attempts: 1 })
    await stoppedWell(worker)
    await chaos.project.task(
      `${bad}_bad`,
      `await prisma.post.create({ data: { title: '${bad}' } })`,
      'background: true,',
    )
    await waitedFor(chaos, chaos.start([...WORK, ...lease]))
    expect(await chaos.posts(bad)).toBe(1)
    await expectAllDone(variant, chaos, {})
  })

  test('a worker of an older release leaves the newest task to those that have it', async () => {
    await using chaos = await ChaosProject.create(variant)
    const older = await chaos.task('updating', { background: true })
    const newest = await chaos.task('backfill', { background: true })
    await handedOver(chaos)
    const worker = chaos.start([...WORK, ...lease], chaos.only(older))
    await chaos.until(older, ({ status }) => status === 'done')
    await worker.saw(/Nothing to do/)
    expect(await chaos.record(newest)).toMatchObject({ status: 'pending', attempts: 0 })

    const newer = chaos.start([...WORK, ...lease])
    await waitedFor(chaos, newer)
    worker.signal('SIGTERM')
    expect(await worker.ended).toMatchObject({ code: 0, stderr: expect.not.stringContaining(newest) })
    await countedAndDone(chaos)
    await expectAllDone(variant, chaos, {})
  })

  test('somebody who names a task that a worker has gets it at the end of the slice', async () => {
    await using chaos = await ChaosProject.create(variant)
    const version = await chaos.task('backfill', { background: true })
    await handedOver(chaos)
    const worker = chaos.start([...WORK, '--lease', '30s'], { ...SLOWLY, CHAOS_STOP: stopPoint('backfill', oneWriter) })
    await worker.stopped()
    const named = chaos.start(['run', version])
    await named.saw(/waiting for host .*, pid \d+/)
    worker.signal('SIGCONT')
    expect(await named.ended).toMatchObject({ code: 0 })
    await waitedFor(chaos, worker)
    await countedAndDone(chaos)
    await expectAllDone(variant, chaos, {})
  })
}, SOME)

describeDatabases((variant) => {
  test('a worker goes on when the server has ended its connections, in a slice and while it sleeps', async () => {
    await using chaos = await ChaosProject.create(variant)
    let outages = 0
    const points = long
      ? ['before:claim', 'before:work#2', 'before:commit', 'before:commit#2', 'before:settle']
      : ['before:commit#2', 'before:settle']
    for (const point of points) {
      await chaos.task('backfill', { background: true })
      await chaos.task('updating', { background: true })
      await handedOver(chaos)
      const worker = chaos.start([...WORK, '--lease', '5s'], { ...SLOWLY, CHAOS_STOP: point })
      await worker.stopped()
      await endConnections(chaos)
      worker.signal('SIGCONT')
      expect([point, await chaos.run(['wait', '--timeout', '2m'])]).toMatchObject([point, { code: 0 }])
      await worker.saw(/Nothing to do/)
      await endConnections(chaos)
      const next = await chaos.task('updating', { background: true })
      await handedOver(chaos)
      await chaos.until(next, ({ status }) => status === 'done')
      outages += 2
      await waitedFor(chaos, worker)
    }
    await countedAndDone(chaos)
    await expectAllDone(variant, chaos, { outages })
  })
}, SERVERS)

const KINDS: Kind[] = ['concurrent', 'transactional', 'updating', 'backfill', 'plain', 'loose']
/** How many writes a worker makes, about, when several share the tasks. */
const WRITES = 20
const DEATHS = long ? 4 : 2

/** For each worker of each round: at which of its writes it is killed, life after life. */
function rounds(workers: number): string[][][] {
  const point = fc
    .tuple(fc.constantFrom('before', 'during', 'after'), fc.integer({ min: 1, max: WRITES }))
    .map(([moment, nth]) => `${moment}:any#${nth}`)
  const chain = fc.array(point, { minLength: DEATHS, maxLength: DEATHS })
  return fc.sample(fc.array(chain, { minLength: workers, maxLength: workers }), { seed: SEED, numRuns: ROUNDS })
}

/** A worker begins only what a deploy has handed over. */
async function handedOver(chaos: ChaosProject): Promise<void> {
  const { code, stderr } = await chaos.run(['run'])
  expect([code, code === 0 ? '' : stderr]).toEqual([0, ''])
}

/** Lets workers do what is left, and stops them. */
async function finishedByWorkers(chaos: ChaosProject, count: number, args: readonly string[]): Promise<void> {
  const workers = Array.from({ length: count }, () => chaos.start([...WORK, ...args], { ...SLOWLY, CHAOS_POOL: '2' }))
  for (const worker of workers) await waitedFor(chaos, worker)
  await countedAndDone(chaos)
}

/** Waits until nothing is left to do, and stops a worker: how it ends, always. */
async function waitedFor(chaos: ChaosProject, worker: Child): Promise<void> {
  const { code, stderr } = await chaos.run(['wait', '--timeout', '2m'])
  expect([code, stderr, worker.stderr]).toEqual([0, expect.any(String), expect.any(String)])
  await stoppedWell(worker)
}

async function stoppedWell(worker: Child): Promise<void> {
  worker.signal('SIGTERM')
  const { code, stderr } = await worker.ended
  expect([code, stderr]).toEqual([0, expect.any(String)])
}

async function countedAndDone(chaos: ChaosProject): Promise<void> {
  expect(await chaos.history()).not.toContain('running')
  expect(await chaos.miscounted()).toEqual([])
}
