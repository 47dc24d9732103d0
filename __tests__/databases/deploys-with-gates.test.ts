import { expect, test } from '@jest/globals'
import { describeDatabases } from '../support/databases.js'
import { createGatedProject, WHOLE, whatHappened } from '../support/gated-project.js'

/** Deploys with gates, with both versions of Prisma: the built binary, the real Prisma CLI. */

describeDatabases(
  (variant) => {
    test('a deploy applies migrations and runs tasks in order, and has nothing to do the second time', async () => {
      const project = await createGatedProject(variant)
      const { code, stderr } = await project.afterParty('deploy')
      expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' })
      expect(await whatHappened(project)).toEqual(WHOLE)
      expect((await project.afterParty('deploy', '--json')).stdout).toContain('"outcome":"done"')
      expect(await whatHappened(project)).toEqual(WHOLE)
      await project.remove()
    })
  },
  ['sqlite-prisma6', 'postgresql', 'mariadb', 'postgresql-prisma6'],
  { serverToo: true },
)

describeDatabases(
  (variant) => {
    test('a deploy creates a database that does not exist, and takes it for new', async () => {
      const project = await createGatedProject(variant)
      await project.database?.drop()
      const { code, stderr } = await project.afterParty('deploy', '--json')
      expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' })
      expect(await whatHappened(project)).toEqual(WHOLE)
      await project.remove()
    })
  },
  ['postgresql', 'mariadb'],
)
