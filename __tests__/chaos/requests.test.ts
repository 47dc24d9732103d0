import { expect, jest, test } from '@jest/globals'
import type { Child, Ended } from '../support/child.js'
import { STACKS, VARIANTS } from '../support/databases/variants.mjs'
import { describeDatabases, type VariantName } from '../support/databases.js'
import { ChaosProject, type Kind } from './chaos-project.js'
import { inParallel } from './in-parallel.js'
import {
  ASKED,
  asks,
  type Command,
  pointsOfParts,
  type State,
  stallsOf,
  stopPoint,
  stoppings,
} from './request-points.js'
import { expectAllDone, long } from './tally.js'

jest.setTimeout(long ? 1_800_000 : 300_000)

const SOME: VariantName[] | undefined = long ? undefined : ['sqlite-libsql', 'postgresql']
/** Those whose process dies leave it behind: one wait for all of them. */
const LEASE = ['--lease', '8s']
const LONG_LEASE = ['--lease', '60s']
const SHORT_LEASE = ['--lease', '1s']
const MOST_WRITES = 20

/** What somebody asks of a task that another process has, and one of the two dies. */
describeDatabases((variant) => {
  const oneWriter = STACKS[VARIANTS[variant].stack].provider === 'sqlite'

  test('whoever asks can be killed at every write: it was asked or not, and can be asked again', async () => {
    await using chaos = await ChaosProject.create(variant)
    const scenarios = asks(oneWriter, long)
    let kills = scenarios.filter(({ state }) => DIED.has(state)).length
    await inParallel(scenarios, async ({ kind, state, command, point }) => {
      const { version, holder } = await inState(chaos, kind, state)
      // A task that nobody asked anything of needs no resuming while its process may live.
      if (state === 'dead' && command === 'resume') await chaos.until(version, isFree)
      const requester = chaos.start([command, version], { CHAOS_KILL: point })
      // Where its second write waits for the holder's locks.
      if (holder) await chaos.until(version, isAsked(state), requester)
      holder?.signal('SIGCONT')
      const [asker, held] = await Promise.all([requester.ended, holder?.ended])
      // Its last write can be over, and its process with it, before what falls due during it.
      if (asker.signal === 'SIGKILL') kills += 1
      else expect([state, command, point, asker.code]).toEqual([state, command, expect.stringContaining('during'), 0])
      expect(held && [held.code, held.stderr]).toEqual(held && [0, expect.any(String)])
      const heeded = command === 'resume' ? ['paused', 'interrupted'] : [ASKED[command], stateOf[state]]
      expect([...heeded, 'pending', 'done', undefined]).toContain((await chaos.states())[version])

      const { code, stderr } = await chaos.run([command, version])
      expect([code, stderr]).toEqual([0, expect.any(String)])
      const after = command === 'resume' ? ['pending', 'done', 'interrupted'] : [ASKED[command], 'done']
      expect([after, (await chaos.states())[version]]).toEqual([after, expect.stringMatching(after.join('|'))])
    })
    await chaos.resumeAll()
    await chaos.finishAll(SHORT_LEASE)
    await expectAllDone(variant, chaos, { kills })
  })

  test('a holder can be killed at every write between a request and its effect', async () => {
    await using chaos = await ChaosProject.create(variant)
    let kills = 0
    const killed: { version: string; kind: Kind; command: Command }[] = []
    await inParallel(stoppings(oneWriter, long), async ({ kind, command, moment, nth, stop }) => {
      for (let n = nth ?? 1; n <= (nth ?? MOST_WRITES); n += 1) {
        const version = await chaos.task(kind)
        const env = { CHAOS_STOP: stop ?? stopPoint(kind, oneWriter), CHAOS_KILL: `${moment}:awake#${n}` }
        const holder = await stopped(chaos, ['run', version, ...LEASE], { ...env, ...of(kind) })
        const ended = await asked(chaos, version, command, holder)
        killed.push({ version, kind, command })
        if (ended.signal === 'SIGKILL') kills += 1
        else {
          expect([kind, n, ended.code, ended.code === 0 ? '' : ended.stderr]).toEqual([kind, n, 0, ''])
          return
        }
      }
    })
    // It neither waits for them nor takes them, while their leases stand and afterwards.
    expect(await chaos.run(['run', ...LEASE])).toMatchObject({ code: 0 })
    for (const { version } of killed) await chaos.until(version, isFree)
    expect(await chaos.run(['run', ...LEASE])).toMatchObject({ code: 0 })
    const states = await chaos.states()
    for (const { version, kind, command } of killed) {
      const ends = [ASKED[command], ...(kind === 'concurrent' ? ['done'] : [])]
      expect([kind, command, states[version]]).toEqual([kind, command, expect.stringMatching(ends.join('|'))])
      expect((await chaos.record(version))?.attempts).toBe(1)
    }
    await chaos.resumeAll()
    await chaos.finishAll(LEASE)
    await expectAllDone(variant, chaos, { kills })
  })

  test('a holder that stands still past its lease is paused, and writes nothing when it wakes up', async () => {
    await using chaos = await ChaosProject.create(variant)
    const stalls = stallsOf(oneWriter)
    await inParallel(stalls, async ({ kind, point, works }) => {
      const version = await chaos.task(kind)
      const env = { CHAOS_STOP: point, ...(works && { CHAOS_AWAIT: 'signal' }) }
      const holder = await stopped(chaos, ['run', version, ...SHORT_LEASE], env)
      expect(await chaos.run(['pause', version])).toMatchObject({ code: 0 })
      const paused = await chaos.record(version)
      expect(paused).toMatchObject({ status: 'paused', leaseUntil: null })
      const before = await chaos.timesDone(version)

      holder.signal('SIGCONT')
      expect(await holder.ended).toMatchObject({ code: 3, stderr: expect.stringContaining('lost its claim') })
      expect(await chaos.record(version)).toEqual(paused)
      expect(await chaos.timesDone(version)).toEqual(before)
    })
    await chaos.resumeAll()
    await chaos.finishAll()
    await expectAllDone(variant, chaos, { stalls: stalls.length })
  })

  if (!oneWriter)
    test('two processes share a backfill, and one of them dies in the middle of a part while it is paused', async () => {
      await using chaos = await ChaosProject.create(variant)
      const scenarios = pointsOfParts(long)
      await inParallel(scenarios, async ({ victim, point }) => {
        const version = await chaos.task('concurrent')
        const split = await chaos.run(['run', version, ...SHORT_LEASE], {
          CHAOS_WORKERS: '4',
          CHAOS_KILL: 'after:checkpoint',
        })
        expect(split.signal).toBe('SIGKILL')
        const stops = victim === 'holder' ? [point, 'after:claim'] : ['after:claim#2', point]
        const env = { CHAOS_WORKERS: '1' }
        const leases = victim === 'holder' ? [LEASE, LONG_LEASE] : [LONG_LEASE, LEASE]
        const start = (nth: 0 | 1) =>
          stopped(chaos, ['run', version, ...(leases[nth] ?? [])], { ...env, CHAOS_STOP: stops[nth] ?? '' })
        const holder = await start(0)
        const helper = await start(1)
        const requester = chaos.start(['pause', version])
        await chaos.until(version, ({ request }) => request, requester)
        const [dies, lives] = victim === 'holder' ? [holder, helper] : [helper, holder]
        dies.signal('SIGKILL')
        lives.signal('SIGCONT')
        const { code, stderr } = await lives.ended
        const asker = await requester.ended
        const end = {
          victim,
          point,
          code,
          stderr: code === 0 ? '' : stderr,
          asker: asker.code === 0 ? '' : asker.stderr,
        }
        expect(end).toEqual({ victim, point, code: 0, stderr: '', asker: '' })
        expect(await chaos.record(version)).toMatchObject({ status: 'paused', leaseUntil: null })
      })
      expect(await chaos.run(['run'])).toMatchObject({ code: 0 })
      expect(new Set(Object.values(await chaos.states()))).toEqual(new Set(['paused']))
      await chaos.resumeAll()
      await chaos.finishAll(SHORT_LEASE)
      await expectAllDone(variant, chaos, { kills: 2 * scenarios.length })
    })
}, SOME)

const DIED: ReadonlySet<State> = new Set(['dead', 'paused'])
const stateOf = { held: 'running', asked: 'paused', dead: 'interrupted', new: 'pending', paused: 'paused' } as const

const isFree = ({ leaseUntil }: { leaseUntil: Date | null }) => leaseUntil === null || leaseUntil.getTime() < Date.now()

/** Enough to notice that something was asked, or taken back. */
const isAsked = (state: State) =>
  state === 'asked' ? ({ request }: { request: unknown }) => !request : ({ request }: { request: unknown }) => request

/** A plain task notices nothing but at its heartbeat, and its work would be over before. */
const of = (kind: Kind): Record<string, string> =>
  kind === 'plain' ? { CHAOS_AWAIT: 'signal' } : kind === 'concurrent' ? { CHAOS_WORKERS: '2' } : {}

/** A task as somebody finds it who asks something of it; the process that has it stands still. */
async function inState(chaos: ChaosProject, kind: Kind, state: State): Promise<{ version: string; holder?: Child }> {
  const version = await chaos.task(kind, { background: true })
  const oneWriter = chaos.project.database?.provider === 'sqlite'
  const point = stopPoint(kind, oneWriter)
  const run = ['run', version]
  switch (state) {
    case 'new':
      return { version }
    case 'held':
      return { version, holder: await stopped(chaos, run, { CHAOS_STOP: point }) }
    case 'asked': {
      const holder = await stopped(chaos, run, { CHAOS_STOP: point })
      const requester = chaos.start(['pause', version, '--no-wait'])
      await chaos.until(version, ({ request }) => request, requester)
      return { version, holder }
    }
    case 'dead':
    case 'paused': {
      const alone = chaos.only(version)
      // A deploy notes that it waits for a worker.
      expect(await chaos.run(['run'], alone)).toMatchObject({ code: 0 })
      const { signal } = await chaos.run(['work', ...SHORT_LEASE], { ...alone, CHAOS_KILL: point })
      expect(signal).toBe('SIGKILL')
      if (state === 'paused') expect(await chaos.run(['pause', version])).toMatchObject({ code: 0 })
      return { version }
    }
  }
}

async function stopped(chaos: ChaosProject, args: string[], env: Record<string, string>): Promise<Child> {
  const child = chaos.start(args, env)
  await child.stopped()
  return child
}

/** Asks while the holder stands still, and lets it go on. How that ended. */
async function asked(chaos: ChaosProject, version: string, command: Command, holder: Child): Promise<Ended> {
  const requester = chaos.start([command, version, '--no-wait'])
  // Parts may be locked until the holder goes on.
  await chaos.until(version, ({ request }) => request, requester)
  holder.signal('SIGCONT')
  const [ended, { code, stderr }] = await Promise.all([holder.ended, requester.ended])
  expect([code, stderr]).toEqual([0, expect.any(String)])
  return ended
}
