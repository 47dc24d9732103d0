import { describe, expect, test } from '@jest/globals'
import { planDiff } from '../../../../src/project/init/planned-file.js'
import { initFolder, packageJson, schema } from '../../../support/init-folder.js'

const { names, plan, write } = initFolder()

describe('the plan', () => {
  test('appends the ledger, writes the config, makes the tasks directory, and says what comes next', async () => {
    await write({ 'package.json': packageJson(['@prisma/adapter-pg']), 'prisma/schema.prisma': schema('postgresql') })
    const found = await plan()
    expect(found.files.map(({ name, action }) => `${action} ${name}`)).toEqual([
      'insert prisma/schema.prisma',
      'create after-party.config.ts',
      'create prisma/after-party/.gitkeep',
    ])
    expect(found).toMatchObject({ provider: 'postgresql', prismaMajor: 7, unchanged: false, warnings: [] })
    expect(found.installCommand).toBeUndefined()
    expect(found.nextCommands).toEqual([
      'npx prisma migrate dev --name add_after_party && npx prisma generate',
      'npx after-party new my_first_task',
      'npx prisma migrate deploy && npx after-party run',
    ])
    expect(await names()).toEqual(['package.json', 'prisma'])
  })

  test('as a diff has only lines to add', async () => {
    await write({ 'package.json': packageJson(['@prisma/adapter-pg']), 'prisma/schema.prisma': schema('postgresql') })
    const diff = planDiff(await plan())
    expect(diff).toMatch(
      /^--- prisma\/schema\.prisma\n\+\+\+ prisma\/schema\.prisma\n@@ -12,0 \+13,\d+ @@\n\+\n\+\/\/\/ Deploy/,
    )
    expect(diff).toContain('\n--- /dev/null\n+++ after-party.config.ts\n@@ -0,0 +1,')
    expect(diff).toContain('\n--- /dev/null\n+++ prisma/after-party/.gitkeep\n')
    expect(diff.split('\n').filter((line) => line && !/^(\+|---|@@)/.test(line))).toEqual([])
  })

  test('as a diff shows a line that gains something as it was and as it will be', async () => {
    const tsconfig = '{\n  "compilerOptions": { "outDir": "out" },\n  "exclude": ["out"]\n}\n'
    await write({ 'package.json': packageJson(), 'prisma/schema.prisma': schema('sqlite'), 'tsconfig.json': tsconfig })
    expect(planDiff(await plan())).toContain(`--- tsconfig.json
+++ tsconfig.json
@@ -3,1 +3,1 @@
-  "exclude": ["out"]
+  "exclude": ["out", "after-party.config.ts", "prisma/after-party"]
`)
  })

  test('says what to do about a tsconfig that it can’t read or write', async () => {
    await write({ 'package.json': packageJson(), 'prisma/schema.prisma': schema('sqlite') })
    await write({ 'tsconfig.json': '{ "extends": "./gone.json", "compilerOptions": { "outDir": "out" } }' })
    expect((await plan()).warnings).toEqual([expect.stringContaining("Can't read tsconfig.json")])
    await write({ 'tsconfig.json': '{ "compilerOptions": { "outDir": "out" }, "exclude": "out" }' })
    expect((await plan()).warnings).toEqual([
      'tsconfig.json compiles after-party.config.ts and prisma/after-party too. Add them to its "exclude", or your build output will change.',
    ])
  })

  test('leaves a config that is there alone, and makes the tasks directory that it names', async () => {
    await write({
      'package.json': packageJson(),
      'prisma/schema.prisma': schema('sqlite'),
      'after-party.config.mts': `export default defineConfig({ client, tasks: 'deploy/tasks' })`,
    })
    const found = await plan()
    expect(found.files.map(({ name }) => name)).toEqual(['prisma/schema.prisma', 'deploy/tasks/.gitkeep'])
  })

  test.each([
    ['pnpm-lock.yaml', 'pnpm prisma migrate deploy && pnpm after-party run'],
    ['yarn.lock', 'yarn prisma migrate deploy && yarn after-party run'],
    ['bun.lock', 'bunx prisma migrate deploy && bunx after-party run'],
  ])('speaks the language of %s', async (lock, command) => {
    await write({ 'package.json': packageJson(), 'prisma/schema.prisma': schema('sqlite'), [lock]: '' })
    expect((await plan()).nextCommands[2]).toBe(command)
  })

  test('says what is to be installed', async () => {
    const dependencies = { prisma: '7', typescript: '5' }
    await write({ 'package.json': { dependencies }, 'prisma/schema.prisma': schema('mysql'), 'pnpm-lock.yaml': '' })
    expect((await plan()).installCommand).toBe('pnpm add after-party @prisma/adapter-mariadb@7')
  })

  test('warns where Prisma 7 can not run', async () => {
    await write({ 'package.json': packageJson(), 'prisma/schema.prisma': schema('mongodb') })
    const found = await plan()
    expect(found.warnings).toEqual([expect.stringContaining('MongoDB')])
    expect(found.nextCommands[0]).toBe('npx prisma db push && npx prisma generate')
  })
})
