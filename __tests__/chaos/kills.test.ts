import { expect, jest, test } from '@jest/globals'
import { everyVariant } from '../support/databases/servers.mjs'
import { VARIANTS } from '../support/databases/variants.mjs'
import { describeDatabases, type VariantName } from '../support/databases.js'
import { ChaosProject } from './chaos-project.js'
import { type Scenario, scenariosOf } from './kill-points.js'
import { expectAllDone, long } from './tally.js'

jest.setTimeout(1_200_000)

/** In the short suite one of each kind of database, which share the points where all of them are here. */
const SHORT: VariantName[] = ['sqlite-libsql', 'postgresql', 'mariadb']
const AT_ONCE = 3
const TRIES = 3

describeDatabases(
  (variant) => {
    const scenarios = scenariosOf(variant, long ? 'every kind' : everyVariant ? 'dealt' : 'few')
    const kills = scenarios.reduce((sum, scenario) => sum + scenario.kills.length, 0)
    // On SQLite a heartbeat waits for whoever writes.
    const lease = VARIANTS[variant].stack.startsWith('sqlite') ? '4s' : '1s'

    test(`a process killed at a write point leaves everything to the next run (${kills} kills)`, async () => {
      await using chaos = await ChaosProject.create(variant)
      const queue: [string, Scenario][] = []
      for (const scenario of scenarios) queue.push([await chaos.task(scenario.kind), scenario])
      let killed = 0
      const worker = async () => {
        for (let next = queue.shift(); next; next = queue.shift()) {
          const [version, { kills, awaitsBeat }] = next
          const args = ['run', version, '--lease', lease]
          for (const point of kills)
            if (await kill(chaos, args, { CHAOS_KILL: point, ...(awaitsBeat && AWAIT_BEAT) })) killed += 1
        }
      }
      await Promise.all(Array.from({ length: AT_ONCE }, worker))

      await chaos.finish(['--lease', lease])
      expect(await chaos.history()).not.toContain('running')
      expect(await chaos.miscounted()).toEqual([])
      await expectAllDone(variant, chaos, { kills: killed })
    })
  },
  long ? undefined : SHORT,
)

const AWAIT_BEAT = { CHAOS_AWAIT: 'beat' }

/**
 * Runs a process that must not survive. Where others were in its way before it came to the point, it tries again, and
 * may then find less to do than would bring it there.
 */
async function kill(chaos: ChaosProject, args: string[], env: Record<string, string>): Promise<boolean> {
  for (let attempt = 1; ; attempt += 1) {
    const { code, signal, stderr } = await chaos.run(args, env)
    if (signal === 'SIGKILL') return true
    if (code === 0 && attempt > 1) return false
    if (code === 0 || attempt === TRIES) throw new Error(`${args[1]} was not killed ${env.CHAOS_KILL}:\n${stderr}`)
  }
}
