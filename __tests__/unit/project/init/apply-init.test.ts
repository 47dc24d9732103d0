import { describe, expect, test } from '@jest/globals'
import { apply, initFolder, packageJson, schema } from '../../../support/init-folder.js'

const { names, plan, read, write } = initFolder()

describe('applying', () => {
  test('puts everything back when a file can not be written', async () => {
    await write({ 'package.json': packageJson(), 'prisma/schema.prisma': schema('sqlite') })
    const found = await plan()
    await write({ 'prisma/after-party/.gitkeep': 'in the way' })
    await expect(apply(found)).rejects.toMatchObject({
      code: 'file-unusable',
      what: expect.stringContaining('EEXIST'),
      why: expect.stringContaining('It already exists.'),
    })
    expect(await read('prisma/schema.prisma')).toBe(schema('sqlite'))
    expect(await read('prisma/after-party/.gitkeep')).toBe('in the way')
    expect(await names()).toEqual(['package.json', 'prisma'])
  })

  test('does not touch a schema that was changed since', async () => {
    await write({ 'package.json': packageJson(), 'prisma/schema.prisma': schema('sqlite') })
    const found = await plan()
    await write({ 'prisma/schema.prisma': schema('mysql') })
    await expect(apply(found)).rejects.toMatchObject({ code: 'schema-conflict' })
    expect(await read('prisma/schema.prisma')).toBe(schema('mysql'))
  })

  test('a schema that Prisma can not validate, because it crashes, says with which error', async () => {
    await write({
      'package.json': packageJson(['@prisma/adapter-pg']),
      'prisma/schema.prisma': schema('postgresql'),
      'node_modules/prisma/package.json': { version: '7.10.0', bin: { prisma: 'cli.cjs' } },
      'node_modules/prisma/cli.cjs': `throw Object.assign(new Error("Cannot find module 'x'"), { code: 'ERR_MODULE_NOT_FOUND' })`,
    })
    expect(await apply(await plan())).toMatchObject({ validated: false, reason: "Error: Cannot find module 'x'" })
  })

  test('a second time changes nothing', async () => {
    await write({ 'package.json': packageJson(['@prisma/adapter-pg']), 'prisma/schema.prisma': schema('postgresql') })
    const result = await apply(await plan())
    expect(result).toMatchObject({ validated: false, reason: 'prisma is not installed here' })
    const second = await plan()
    expect(second).toMatchObject({ unchanged: true, files: [] })
    expect(await apply(second)).toEqual({ written: [], validated: true, reason: undefined })
  })
})
