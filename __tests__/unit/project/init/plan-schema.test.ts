import { describe, expect, test } from '@jest/globals'
import { addedTo, apply, configOf, fileOf, initFolder, packageJson, schema } from '../../../support/init-folder.js'

const { path, plan, read, write } = initFolder()

describe('the plan', () => {
  test.each([
    ['LF', schema('sqlite')],
    ['CRLF', schema('sqlite').replaceAll('\n', '\r\n')],
    ['no final newline', schema('sqlite').trimEnd()],
    ['a byte order mark', `\uFEFF${schema('sqlite')}`],
  ])('changes no byte of a schema with %s', async (_, text) => {
    await write({ 'package.json': packageJson(), 'prisma/schema.prisma': text })
    await apply(await plan())
    const after = await read('prisma/schema.prisma')
    expect(after.startsWith(text)).toBe(true)
    expect(after.slice(text.length).includes('\r')).toBe(text.includes('\r'))
    expect(after.endsWith('}\n') || after.endsWith('}\r\n')).toBe(true)
  })

  test('finds the schema that package.json names', async () => {
    await write({
      'package.json': packageJson([], { prisma: { schema: 'db/main.prisma' } }),
      'db/main.prisma': schema('sqlite'),
      'prisma/schema.prisma': 'not this one',
    })
    const found = await plan()
    expect(found.files[0]?.name).toBe('db/main.prisma')
    expect(configOf(found)).toContain("  migrations: 'db/migrations',\n")
  })

  test('finds the schema and the migrations that the Prisma config names', async () => {
    await write({
      'package.json': packageJson(),
      'db/schema.prisma': schema('sqlite'),
      '.config/prisma.ts': `export default defineConfig({ schema: '../db/schema.prisma', migrations: { path: '../m' } })`,
    })
    const found = await plan()
    expect(found.files[0]?.name).toBe('db/schema.prisma')
    expect(configOf(found)).toContain("  migrations: 'm',\n")
  })

  test('takes the newer of two Prisma configs', async () => {
    await write({
      'package.json': packageJson(),
      'a.prisma': schema('sqlite'),
      'b.prisma': schema('sqlite'),
      'prisma.config.ts': `export default { schema: 'a.prisma' }`,
      'prisma7.config.ts': `export default { schema: 'b.prisma' }`,
    })
    expect((await plan()).files[0]?.name).toBe('b.prisma')
  })

  test('adds a file of its own to a schema folder', async () => {
    await write({
      'package.json': packageJson(['@prisma/adapter-pg']),
      'prisma.config.ts': `export default { schema: 'prisma/schema' }`,
      'prisma/schema/main.prisma': schema('postgresql', 'provider = "prisma-client"\n  output   = "../../gen"'),
      'prisma/schema/models/post.prisma': 'model Tag {\n  id Int @id\n}\n',
    })
    const found = await plan()
    expect(found.files[0]).toMatchObject({ name: 'prisma/schema/after-party.prisma', action: 'create', before: '' })
    expect(addedTo(found.files[0])).toMatch(/^\/\/\/ Deploy tasks/)
    expect(configOf(found)).toContain("from './gen/client.js'")
    expect(configOf(found)).toContain("  migrations: 'prisma/schema/migrations',\n")
    await apply(found)
    expect((await plan()).unchanged).toBe(true)
  })

  test('finds the ledger wherever it is in a schema folder', async () => {
    await write({ 'package.json': packageJson(), 'prisma/a.prisma': schema('sqlite'), 'prisma/b.prisma': '' })
    const first = await plan()
    await write({ 'prisma/b.prisma': addedTo(fileOf(first, 'prisma/after-party.prisma')) ?? '' })
    expect((await plan()).files.map(({ name }) => name)).not.toContain('prisma/after-party.prisma')
  })

  test('takes a schema by its path', async () => {
    await write({ 'package.json': packageJson(), 'x/y.prisma': schema('sqlite') })
    expect((await plan({ schema: 'x/y.prisma' })).files[0]?.name).toBe('x/y.prisma')
    expect((await plan({ schema: 'x' })).files[0]?.name).toBe('x/after-party.prisma')
    await expect(plan({ schema: 'z.prisma' })).rejects.toMatchObject({ code: 'schema-not-found' })
    await expect(plan()).rejects.toMatchObject({ code: 'schema-not-found' })
  })

  test('is the same from a directory below', async () => {
    await write({ 'package.json': packageJson(), 'prisma/schema.prisma': schema('sqlite'), 'src/a/b.ts': '' })
    expect((await plan({ cwd: path('src/a') })).files.map(({ name }) => name)).toEqual(
      (await plan()).files.map(({ name }) => name),
    )
    expect((await plan({ cwd: path('prisma') })).root).toBe(path())
  })

  test('honours multiSchema', async () => {
    const text = schema('postgresql').replace('"postgresql"', '"postgresql"\n  schemas  = ["auth", "public"]')
    await write({ 'package.json': packageJson(), 'prisma/schema.prisma': text })
    expect(addedTo((await plan()).files[0])?.match(/@@schema\("public"\)/g)).toHaveLength(2)
    expect(addedTo((await plan({ databaseSchema: 'auth' })).files[0])?.match(/@@schema\("auth"\)/g)).toHaveLength(2)
    await expect(plan({ databaseSchema: 'x' })).rejects.toMatchObject({ code: 'usage' })
    await write({ 'prisma/schema.prisma': text.replace('["auth", "public"]', '["b", "a"]') })
    expect(addedTo((await plan()).files[0])).toContain('@@schema("b")')
  })

  test('passes a schema on that Prisma does not find by itself', async () => {
    await write({ 'package.json': packageJson(['@prisma/adapter-pg']), 'db/shop.prisma': schema('postgresql') })
    expect((await plan({ schema: 'db/shop.prisma' })).nextCommands).toEqual([
      'npx prisma migrate dev --name add_after_party --schema db/shop.prisma && npx prisma generate --schema db/shop.prisma',
      'npx after-party new my_first_task',
      'npx prisma migrate deploy --schema db/shop.prisma && npx after-party run',
    ])
  })
})
