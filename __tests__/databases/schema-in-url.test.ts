import { afterEach, expect, test } from '@jest/globals'
import { describeDatabases } from '../support/databases.js'
import { Project } from '../support/project.js'

describeDatabases(
  (variant) => {
    let project: Project
    afterEach(() => project.remove())

    /** Everything is in a schema that the URL names, as `prisma migrate deploy` leaves it there. */
    const inSchema = async (schema: string) => {
      project = await Project.create({ variant })
      const client = project.database?.client()
      if (!client) throw new Error('no database')
      await client.$executeRawUnsafe(`ALTER SCHEMA public RENAME TO "${schema}"`)
      await client.$executeRawUnsafe('CREATE SCHEMA public')
      for (const name of ['DATABASE_URL', 'DIRECT_URL']) project.env[name] = `${project.env[name]}?schema=${schema}`
      await project.task('20260101000000_first', `await prisma.post.create({ data: { title: 'ran' } })`)
      return client
    }

    test('a config that does not tell it to the adapter is told so', async () => {
      await inSchema('tenant')
      const { code, stderr } = await project.afterParty('run')
      expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining('are not in this database') })
      expect(stderr).toContain(
        "DATABASE_URL contains schema=tenant. `prisma migrate` uses that schema, but a driver adapter ignores it. Pass it: `new PrismaPg({ connectionString }, { schema: 'tenant' })`.",
      )
    })

    test('init writes a config that does', async () => {
      const client = await inSchema('tenant')
      await project.delete('after-party.config.ts')
      expect(await project.afterParty('init')).toMatchObject({ code: 0 })
      const { code, stderr } = await project.afterParty('run')
      expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringContaining('✔ first') })
      const [row] = await client.$queryRawUnsafe<{ title: string }>('SELECT title FROM tenant."Post"')
      expect(row).toEqual({ title: 'ran' })
    })
  },
  ['postgresql'],
)
