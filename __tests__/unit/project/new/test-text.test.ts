import { describe, expect, test } from '@jest/globals'
import { NOTHING_KNOWN } from '../../../../src/project/new/backfill-text.js'
import type { TestSetup } from '../../../../src/project/new/test-setup.js'
import { type TestedTask, testCommand, testText } from '../../../../src/project/new/test-text.js'

const SETUP: TestSetup = {
  runner: 'vitest',
  jestGlobals: false,
  importStyle: 'js',
  config: '/shop/after-party.config.ts',
  clientExported: true,
  clientAsync: false,
}
const SLUGS = { ...NOTHING_KNOWN, where: '{ slug: null }', verify: true }

const textOf = (task: Partial<TestedTask> = {}, setup: Partial<TestSetup> = {}) =>
  testText(
    {
      file: '/shop/prisma/after-party/20261122103000_slugs.ts',
      name: 'slugs',
      model: 'post',
      backfill: SLUGS,
      ...task,
    },
    { ...SETUP, ...setup },
    {},
  )

describe('the test of a backfill', () => {
  test('is this, for Vitest in an ESM project', () => {
    expect(textOf()).toBe(`import { runBackfill } from 'after-party/testing'
import { expect, test } from 'vitest'
import { client } from '../../after-party.config.js'
import backfill from './20261122103000_slugs.js'

test('slugs leaves no row to do', async () => {
  const prisma = client()
  const rollBack = new Error('rolls back')
  try {
    // The database stays as it was: the transaction is rolled back at the end.
    await prisma.$transaction(async (transaction) => {
      // TODO: create rows that the backfill changes, and rows that it must not change:
      //
      //   await transaction.post.create({ data: { … } })

      const { outcome, error } = await runBackfill(backfill, { prisma: transaction })
      expect({ outcome, error }).toEqual({ outcome: 'done', error: undefined })

      // No row is left to do.
      expect(await transaction.post.count({ where: { slug: null } })).toBe(0)
      throw rollBack
    })
  } catch (error) {
    if (error !== rollBack) throw error
  } finally {
    await prisma.$disconnect()
  }
})
`)
  })

  test('says which rows to look at where a finished row may match `where` too', () => {
    expect(textOf({ backfill: { ...SLUGS, verify: false } })).toContain(
      'If a finished row may match too, check the rows',
    )
  })

  test('leaves what to check to the team where nothing is known of its rows', () => {
    const text = textOf({ backfill: NOTHING_KNOWN })
    expect(text).toContain("test('slugs is done', ")
    expect(text).toContain('\n\n      // TODO: check what it changed.\n      throw rollBack\n')
    expect(text).not.toContain('count(')
  })
})

test('the test of a plain task runs it, and checks that it is done', () => {
  const text = textOf({ model: undefined })
  expect(text).toContain("import { runTask } from 'after-party/testing'\n")
  expect(text).toContain("import task from './20261122103000_slugs.js'\n")
  expect(text).toContain('await runTask(task, { prisma: transaction })\n')
  expect(text).not.toContain('count(')
})

test.each([
  ['jest', false, /testing'\nimport \{ client/, 'expect(await'],
  ['jest', true, /testing'\nimport \{ expect, test \} from '@jest\/globals'\nimport \{ client/, 'expect(await'],
  [
    'node',
    false,
    /testing'\nimport \{ deepEqual, equal \} from 'node:assert\/strict'\nimport \{ test \} from 'node:test'\nimport/,
    'equal(await transaction.post.count({ where: { slug: null } }), 0)',
  ],
] as const)('the test is written for %s, with @jest/globals: %s', (runner, jestGlobals, imports, check) => {
  const text = textOf({}, { runner, jestGlobals })
  expect(text).toMatch(imports)
  expect(text).toContain(check)
})

test.each([
  ['none', 'after-party.config.ts', 'ts', ["'../../after-party.config'", "'./20261122103000_slugs'"]],
  ['js', 'after-party.config.mts', 'ts', ["'../../after-party.config.mjs'", "'./20261122103000_slugs.js'"]],
  ['real', 'after-party.config.mjs', 'mjs', ["'../../after-party.config.mjs'", "'./20261122103000_slugs.mjs'"]],
] as const)('imports end as in the project: %s, %s', (importStyle, config, extension, specifiers) => {
  const file = `/shop/prisma/after-party/20261122103000_slugs.${extension}`
  const text = textOf({ file }, { importStyle, config: `/shop/${config}` })
  for (const specifier of specifiers) expect(text).toContain(` from ${specifier}\n`)
})

test.each([
  ['ts', { clientAsync: true }, "import { client } from '../../after-party.config.js'", 'await client()'],
  [
    'ts',
    { clientExported: false },
    "import config from '../../after-party.config.js'",
    '(await config.client()) as RegisteredClient',
  ],
  [
    'mjs',
    { clientExported: false, importStyle: 'real' },
    "import config from '../../after-party.config.ts'",
    'await config.client()',
  ],
] as const)('a %s test gets its client as the config has it: %j', (extension, setup, line, client) => {
  const text = textOf({ file: `/shop/prisma/after-party/20261122103000_slugs.${extension}` }, setup)
  expect(text).toContain(`${line}\n`)
  expect(text).toContain(`  const prisma = ${client}\n`)
  expect(text.includes("import type { RegisteredClient } from 'after-party'")).toBe(client.includes('Registered'))
})

test.each([
  ['vitest', 'x.test.ts', 'npx vitest run x.test.ts'],
  ['jest', 'x.test.ts', 'npx jest x.test.ts'],
  ['node', 'x.test.ts', 'node --import tsx --test x.test.ts'],
  ['node', 'x.test.mjs', 'node --test x.test.mjs'],
] as const)('the command of %s for %s is %s', (runner, file, command) => {
  expect(testCommand(runner, file)).toBe(command)
})
