import { expect, jest, test } from '@jest/globals'
import fc from 'fast-check'
import { describeDatabases, type VariantName } from '../support/databases.js'
import { ChaosProject, type Kind } from './chaos-project.js'
import { expectAllDone, long } from './tally.js'

jest.setTimeout(3_600_000)

/** One of each kind of server in the short suite. */
const VARIANTS: VariantName[] | undefined = long ? undefined : ['sqlite-libsql', 'postgresql', 'mariadb']
const PROCESSES = 16
const TASKS = 20
const ROUNDS = Number(process.env.CHAOS_ROUNDS ?? (long ? 5 : 1))
const SEED = Number(process.env.CHAOS_SEED ?? Date.now() % 2 ** 31)
const KINDS: Kind[] = ['transactional', 'plain', 'transactional', 'backfill', 'updating']
/** So many processes would use up a server's connections with pools of the usual size. */
const env = { CHAOS_POOL: '1' }

describeDatabases((variant) => {
  test(`${PROCESSES} processes that start together run each of ${TASKS} tasks once, in order`, async () => {
    await using chaos = await ChaosProject.create(variant)
    const versions = await tasks(chaos)
    const ended = await Promise.all(Array.from({ length: PROCESSES }, () => chaos.run(['run'], env)))
    expect(ended.map(({ code, stderr }) => (code === 0 ? 0 : stderr))).toEqual(ended.map(() => 0))

    const times = await Promise.all(versions.map((version) => chaos.timesDone(version)))
    expect(times.flat().filter((count) => count !== 1)).toEqual([])
    expect(await chaos.order()).toEqual(versions)
    await expectAllDone(variant, chaos, { rounds: 1 })
  })

  test(`the same, with some of them killed at any of their writes (CHAOS_SEED=${SEED} CHAOS_ROUNDS=${ROUNDS})`, async () => {
    let killed = 0
    for (const points of rounds()) {
      await using chaos = await ChaosProject.create(variant)
      await tasks(chaos)
      const ended = await Promise.all(
        points.map((point) => chaos.run(['run', '--lease', '3s'], { ...env, ...(point && { CHAOS_KILL: point }) })),
      )
      const survivors = ended.filter(({ signal }) => signal !== 'SIGKILL')
      expect(survivors.map(({ code, stderr }) => (code === 0 ? 0 : stderr))).toEqual(survivors.map(() => 0))
      // For the round in which nobody was left.
      await chaos.finish(['--lease', '3s'], env)
      expect(await chaos.history()).not.toContain('running')
      await expectAllDone(variant, chaos, { kills: ended.length - survivors.length, rounds: 1 })
      killed += ended.length - survivors.length
    }
    expect(killed).toBeGreaterThan(0)
  })
}, VARIANTS)

async function tasks(chaos: ChaosProject): Promise<string[]> {
  const versions: string[] = []
  for (let i = 0; i < TASKS; i += 1) versions.push(await chaos.task(KINDS[i % KINDS.length] as Kind))
  return versions
}

/** How many writes a process makes, about, when sixteen share the tasks. */
const WRITES = 8

/** For each process of each round: where it is killed, or that it is not. */
function rounds(): (string | undefined)[][] {
  const point = fc
    .tuple(fc.constantFrom('before', 'during', 'after'), fc.integer({ min: 1, max: WRITES }))
    .map(([moment, nth]) => `${moment}:any#${nth}`)
  const round = fc.array(fc.oneof(point, fc.constant(undefined)), { minLength: PROCESSES, maxLength: PROCESSES })
  return fc.sample(round, { seed: SEED, numRuns: ROUNDS })
}
