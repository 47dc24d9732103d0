import { describe, expect, test } from '@jest/globals'
import { initFolder, packageJson, schema } from '../../../support/init-folder.js'

const { plan, write } = initFolder()

describe('nothing is planned', () => {
  test('where there is no project', async () => {
    await expect(plan()).rejects.toMatchObject({ code: 'project-not-found' })
    await write({ 'package.json': '{ "name": ' })
    await expect(plan()).rejects.toMatchObject({
      code: 'project-not-found',
      what: expect.stringContaining('package.json'),
    })
    await write({ 'package.json': {} })
    await expect(plan()).rejects.toMatchObject({ code: 'project-not-found', why: expect.stringContaining('prisma') })
  })

  test.each(['8.0.0-rc.1', '^8.0.0', '~5.22.0', '9'])('for Prisma %s', async (version) => {
    await write({ 'package.json': { dependencies: { prisma: version } }, 'prisma/schema.prisma': schema('sqlite') })
    await expect(plan()).rejects.toMatchObject({ code: 'prisma-unsupported' })
  })

  test.each([
    ['8.1.0', 'prisma@7 '],
    ['5.22.0', 'prisma@7 '],
    ['6.18.9', 'prisma@6.19 '],
    ['6.19.0', undefined],
    ['7.10.1', undefined],
  ])('for an installed Prisma %s: to be replaced by %s', async (version, right) => {
    await write({
      'package.json': packageJson(),
      'prisma/schema.prisma': schema('sqlite'),
      'node_modules/prisma/package.json': { name: 'prisma', version },
    })
    if (right === undefined) await plan()
    else
      await expect(plan()).rejects.toMatchObject({
        code: 'prisma-unsupported',
        what: expect.stringContaining(version),
        next: expect.stringContaining(right),
      })
  })

  test('for a database that After Party does not know, or none', async () => {
    await write({ 'package.json': packageJson(), 'prisma/schema.prisma': schema('oracle') })
    await expect(plan()).rejects.toMatchObject({ code: 'prisma-unsupported' })
    await write({ 'prisma/schema.prisma': 'model A {\n  id Int @id\n}\n' })
    await expect(plan()).rejects.toMatchObject({ code: 'schema-not-found' })
  })

  test('when the schema has another model of that name', async () => {
    const text = `${schema('sqlite')}\nmodel AfterPartyTaskRun {\n  id Int @id\n}\n`
    await write({ 'package.json': packageJson(), 'prisma/schema.prisma': text })
    await expect(plan()).rejects.toMatchObject({
      code: 'schema-conflict',
      why: expect.stringContaining('AfterPartyTaskRun.id is Int @id, but must be String @id\n'),
    })
  })

  test('when a file is in the place of the tasks directory', async () => {
    await write({ 'package.json': packageJson(), 'prisma/schema.prisma': schema('sqlite'), 'prisma/after-party': '' })
    await expect(plan()).rejects.toMatchObject({ code: 'tasks-invalid', why: 'prisma/after-party is a file.' })
  })
})
