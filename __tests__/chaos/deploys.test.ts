import { expect, jest, test } from '@jest/globals'
import { execa } from 'execa'
import { schemaEngineEnv } from '../../scripts/schema-engine-env.mjs'
import { Child } from '../support/child.js'
import { describeDatabases } from '../support/databases.js'
import { createGatedProject, WHOLE, whatHappened } from '../support/gated-project.js'
import { long } from './tally.js'

jest.setTimeout(3_600_000)

/** Deploys with gates, at once and killed. Each is a process that starts others: the short suite has few of them. */

const AT_ONCE = long ? 8 : 3

/** Lines after which a deploy is killed, with all that it started: before, between and in its segments. */
const POINTS = [
  /prisma migrate deploy \(1 migration,/,
  /All migrations have been successfully applied/,
  /→ backfill_slugs/,
  /✔ backfill_slugs/,
  /prisma migrate deploy \(2 migrations\)/,
  /✔ backfill_slugs[\s\S]*All migrations have been successfully applied/,
  /→ later/,
]

describeDatabases(
  (variant) => {
    test(`${AT_ONCE} deploys at once all end well, with every migration and task once`, async () => {
      const project = await createGatedProject(variant)
      const ended = await Promise.all(Array.from({ length: AT_ONCE }, () => project.afterParty('deploy')))
      expect(ended.map(({ code, stderr }) => (code === 0 ? '' : stderr))).toEqual(ended.map(() => ''))
      expect(await whatHappened(project)).toEqual(WHOLE)
      await project.remove()
    })

    test.each(long ? POINTS : POINTS.slice(1, 3))('one killed after %s is continued by the next', async (point) => {
      const project = await createGatedProject(variant)
      {
        const env = schemaEngineEnv()
        await using child = new Child(project, ['deploy', '--lease', '1s'], env, { detached: true })
        await child.saw(point)
        await execa('kill', ['-KILL', '--', `-${child.pid}`])
      }
      const { code, stderr } = await project.afterParty('deploy')
      expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' })
      expect(await whatHappened(project)).toEqual(WHOLE)
      await project.remove()
    })
  },
  ['postgresql'],
)
