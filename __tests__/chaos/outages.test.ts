import { expect, jest, test } from '@jest/globals'
import { describeDatabases, type VariantName } from '../support/databases.js'
import { ChaosProject, type Kind } from './chaos-project.js'
import { endConnections } from './end-connections.js'
import { expectAllDone, long } from './tally.js'

const SERVERS: VariantName[] = long
  ? ['postgresql', 'postgresql-pgbouncer', 'mariadb', 'postgresql-prisma6']
  : ['postgresql', 'mariadb']

const POINTS: [Kind, string][] = [
  ['transactional', 'before:commit'],
  ['backfill', 'before:work#2'],
]
const MORE_POINTS: [Kind, string][] = [
  ['plain', 'before:settle'],
  ['transactional', 'before:work'],
  ['updating', 'before:work#2'],
  ['updating', 'during:work#2'],
  ['concurrent', 'before:commit'],
]

jest.setTimeout(300_000)

describeDatabases((variant) => {
  const points = long || variant === 'postgresql' ? [...POINTS, ...MORE_POINTS] : POINTS
  test.each(points)(
    'a %s task whose connections end %s is tried again or fails, and is never done in vain',
    async (kind, point) => {
      await using chaos = await ChaosProject.create(variant)
      const version = await chaos.task(kind)
      const child = chaos.start(['run', '--lease', '5s'], { CHAOS_STOP: point })
      await child.stopped()
      await endConnections(chaos)
      child.signal('SIGCONT')

      const { code, stderr } = await child.ended
      expect({ code, stderr }).toEqual({ code: code === 0 ? 0 : 1, stderr: expect.not.stringContaining('bug') })
      const done = (await chaos.timesDone(version)).every((times) => times > 0)
      expect({ done, status: (await chaos.record(version))?.status, stderr }).toMatchObject(
        code === 0 ? { done: true, status: 'done' } : { status: 'failed' },
      )
      await chaos.finish(['--lease', '5s'])
      await expectAllDone(variant, chaos, { outages: 1 })
    },
  )
}, SERVERS)
