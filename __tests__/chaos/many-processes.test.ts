import { expect, jest, test } from '@jest/globals'
import { describeDatabases, type VariantName } from '../support/databases.js'
import fc from '../support/fast-check.js'
import { ChaosProject, type Kind } from './chaos-project.js'
import { expectAllDone, long } from './tally.js'

jest.setTimeout(3_600_000)

/** One of each kind of server in the short suite. */
const VARIANTS: VariantName[] | undefined = long ? undefined : ['sqlite-libsql', 'postgresql', 'mariadb']
const PROCESSES = long ? 16 : 8
const TASKS = long ? 20 : 10
const ROUNDS = Number(process.env.CHAOS_ROUNDS ?? (long ? 5 : 1))
const SEED = Number(process.env.CHAOS_SEED ?? Date.now() % 2 ** 31)
const SINGLE: Kind[] = ['transactional', 'plain', 'transactional', 'backfill', 'updating']
const KINDS: Kind[] = [...SINGLE, 'concurrent', ...SINGLE.slice(1)]
/**
 * So many processes would use up a server's connections with pools of the usual size. Each works on fewer parts at once
 * than there are, so that others can help.
 */
const env = { CHAOS_POOL: '1', CHAOS_WORKERS: '2' }
const PARTS = { CHAOS_WORKERS: '6' }

describeDatabases((variant) => {
  // On SQLite a heartbeat waits for whoever writes.
  const lease = variant.startsWith('sqlite') ? '5s' : '3s'

  test(`${PROCESSES} processes that start together run each of ${TASKS} tasks once, in order`, async () => {
    await using chaos = await ChaosProject.create(variant)
    const { versions, kills } = await tasks(chaos, variant)
    const ended = await Promise.all(Array.from({ length: PROCESSES }, () => chaos.run(['run'], env)))
    expect(ended.map(({ code, stderr }) => (code === 0 ? 0 : stderr))).toEqual(ended.map(() => 0))

    const times = await Promise.all(versions.map((version) => chaos.timesDone(version)))
    expect(times.flat().filter((count) => count !== 1)).toEqual([])
    expect(await chaos.order()).toEqual(versions)
    await expectAllDone(variant, chaos, { kills, rounds: 1 })
  })

  test(`the same, with some of them killed at any of their writes (CHAOS_SEED=${SEED} CHAOS_ROUNDS=${ROUNDS})`, async () => {
    for (const [first, ...others] of rounds()) {
      await using chaos = await ChaosProject.create(variant)
      const { kills } = await tasks(chaos, variant)
      const start = (point: string | undefined) =>
        chaos.run(['run', '--lease', lease], { ...env, ...(point && { CHAOS_KILL: point }) })
      // How far each of the others comes is chance. This one dies in every round, and leaves them its claim.
      expect(await start(first)).toMatchObject({ signal: 'SIGKILL' })
      const ended = await Promise.all(others.map(start))
      const survivors = ended.filter(({ signal }) => signal !== 'SIGKILL')
      expect(survivors.map(({ code, stderr }) => (code === 0 ? 0 : stderr))).toEqual(survivors.map(() => 0))
      // For the round in which nobody was left.
      await chaos.finish(['--lease', lease], env)
      expect(await chaos.history()).not.toContain('running')
      await expectAllDone(variant, chaos, { kills: kills + 1 + ended.length - survivors.length, rounds: 1 })
    }
  })
}, VARIANTS)

/** The tasks, those in parts already begun, by processes that died when they had split them. */
async function tasks(chaos: ChaosProject, variant: VariantName): Promise<{ versions: string[]; kills: number }> {
  const versions: string[] = []
  for (let i = 0; i < TASKS; i += 1) versions.push(await chaos.task(KINDS[i % KINDS.length] as Kind))
  // Where there is one writer, a backfill is not split.
  const split = variant.startsWith('sqlite') ? [] : versions.filter((_, i) => KINDS[i % KINDS.length] === 'concurrent')
  const kill = { ...PARTS, CHAOS_POOL: '1', CHAOS_KILL: 'after:checkpoint' }
  const ended = await Promise.all(split.map((version) => chaos.run(['run', version, '--lease', '1s'], kill)))
  expect(ended.map(({ signal }) => signal)).toEqual(split.map(() => 'SIGKILL'))
  return { versions, kills: split.length }
}

/** How many writes a process makes, about, when all share the tasks. */
const WRITES = 8

/** For each process of each round: where it is killed, or that it is not. The first always is. */
function rounds(): (string | undefined)[][] {
  const point = fc
    .tuple(fc.constantFrom('before', 'during', 'after'), fc.integer({ min: 1, max: WRITES }))
    .map(([moment, nth]) => `${moment}:any#${nth}`)
  const others = fc.array(fc.oneof(point, fc.constant(undefined)), {
    minLength: PROCESSES - 1,
    maxLength: PROCESSES - 1,
  })
  return fc.sample(
    fc.tuple(point, others).map(([first, rest]) => [first, ...rest]),
    { seed: SEED, numRuns: ROUNDS },
  )
}
