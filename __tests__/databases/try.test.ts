import { expect, test } from '@jest/globals'
import { createDatabase, describeDatabases } from '../support/databases.js'
import { Project } from '../support/project.js'

describeDatabases((variant) => {
  test('works', async () => {
    await using database = await createDatabase(variant)
    const client = database.client()
    await client.post.create({ data: { title: 'a' } })
    expect(await client.post.count()).toBe(1)
  })
  test('project', async () => {
    const project = await Project.create({ variant })
    await project.task('20260101000000_first', `await prisma.post.create({ data: { title: 'a' } })`)
    const ran = await project.afterParty('run')
    expect(ran.stderr).toContain('first')
    expect(ran.code).toBe(0)
    const status = await project.prisma('migrate', 'status')
    expect(status).toMatchObject({ code: 0, stdout: expect.stringContaining('up to date') })
    expect(await project.database?.client().post.count()).toBe(1)
    await project.remove()
  })
})
