import { expect, jest, test } from '@jest/globals'
import { describeDatabases } from '../support/databases.js'
import { ChaosProject, type Kind } from './chaos-project.js'
import { long } from './tally.js'

jest.setTimeout(600_000)

/** Before, in and after the steps; each in a process of its own. `work` is what a step does, `step` keeps its result. */
const KILLS: [Kind, string][] = [
  ['stepped', 'before:work'],
  ['stepped', 'before:step'],
  ['stepped', 'after:step'],
  ['stepped', 'during:step#2'],
  ['stepped', 'before:work#3'],
  ['stepped', 'after:step#3'],
  ['steppedInTransaction', 'before:commit'],
]

const TITLES = { one: 'one', two: 'two', last: 'after one and two' }

describeDatabases(
  (variant) => {
    test('a step that is done is not done again after a crash', async () => {
      await using chaos = await ChaosProject.create(variant)
      /** How often each step was done. */
      const times = async (version: string) =>
        Object.fromEntries(
          await Promise.all(
            Object.entries(TITLES).map(async ([name, title]) => [name, await chaos.posts(`${version} ${title}`)]),
          ),
        ) as Record<string, number>
      const killed = []
      for (const [kind, point] of KILLS) {
        const version = await chaos.task(kind)
        const { signal, stderr } = await chaos.run(['run', version, '--lease', '1s'], { CHAOS_KILL: point })
        expect([point, signal, stderr]).toEqual([point, 'SIGKILL', expect.stringContaining('chaos: SIGKILL')])
        const kept = Object.keys(JSON.parse((await chaos.record(version))?.state ?? '{}'))
        killed.push({ kind, point, version, kept, before: await times(version) })
      }
      expect(killed.map(({ kept }) => kept.length)).toEqual([0, 0, 1, expect.any(Number), 2, 3, 0])

      await chaos.finish(['--lease', '1s'])
      for (const { kind, point, version, kept, before } of killed) {
        // What was kept is done once. What was not is done once more, however far it had come.
        const expected = Object.keys(TITLES).map((name) => [name, (before[name] ?? 0) + (kept.includes(name) ? 0 : 1)])
        expect([point, await times(version)]).toEqual([point, Object.fromEntries(expected)])
        for (const name of kept) expect([point, name, before[name]]).toEqual([point, name, 1])
        if (kind === 'steppedInTransaction') expect(Object.values(await times(version))).toEqual([1, 1, 1])
      }
    })
  },
  long ? undefined : ['sqlite-libsql', 'postgresql'],
)
