import { expect, test } from '@jest/globals'
import { describeDatabases, type VariantName } from '../support/databases.js'
import { ChaosProject } from './chaos-project.js'
import { type Scenario, scenariosOf } from './kill-points.js'
import { expectAllDone, long } from './tally.js'

/** Every point is tried here in the short suite; elsewhere those that differ most. */
const EVERY_POINT = new Set<VariantName>(['sqlite-libsql', 'postgresql'])
const AT_ONCE = 3

describeDatabases((variant) => {
  const scenarios = scenariosOf(variant, long ? 'every kind' : EVERY_POINT.has(variant) ? 'every point' : 'few')
  const kills = scenarios.reduce((sum, scenario) => sum + scenario.kills.length, 0)

  test(`a process killed at a write point leaves everything to the next run (${kills} kills)`, async () => {
    await using chaos = await ChaosProject.create(variant)
    const queue: [string, Scenario][] = []
    for (const scenario of scenarios) queue.push([await chaos.task(scenario.kind), scenario])
    const missed: string[] = []
    const worker = async () => {
      for (let next = queue.shift(); next; next = queue.shift()) missed.push(...(await killAll(chaos, ...next)))
    }
    await Promise.all(Array.from({ length: AT_ONCE }, worker))
    expect(missed).toEqual([])

    const { code, stderr } = await chaos.run(['run', '--lease', '2s'])
    expect([code, stderr]).toEqual([0, expect.stringContaining('✔')])
    await expectAllDone(variant, chaos, { kills })
  }, 600_000)
})

/** Kills one process after the other that runs this task, and tells which were not killed. */
async function killAll(chaos: ChaosProject, version: string, { kind, kills, awaitsBeat }: Scenario): Promise<string[]> {
  const missed: string[] = []
  for (const point of kills) {
    const env = { CHAOS_KILL: point, ...(awaitsBeat && { CHAOS_AWAIT: 'beat' }) }
    const { signal, stderr } = await chaos.run(['run', version, '--lease', '1s'], env)
    if (signal !== 'SIGKILL') missed.push(`${kind} was not killed ${point}:\n${stderr}`)
  }
  return missed
}
