import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { repository } from '../support/paths.mjs'
import { Project, type Ran } from '../support/project.js'
import { testAgain } from '../support/selection.js'
import { querySqlite } from '../support/sqlite.js'

/** A team's own tests of its tasks, under the runners that teams have. One file of tests for all of them. */

const MODEL = `model Post {
  id    Int     @id @default(autoincrement())
  title String
  slug  String?
  edits Int     @default(0)
}`

const FILES = {
  'prisma/after-party/20260101000000_name_blank_posts.ts': `import { defineTask } from 'after-party'

export default defineTask({
  async run({ prisma, log }) {
    const { count } = await prisma.post.updateMany({ where: { title: '' }, data: { title: 'Untitled' } })
    log(\`\${count} posts\`)
  },
})
`,
  'prisma/after-party/20260102000000_welcome.ts': `import { defineTask } from 'after-party'

export default defineTask({
  transaction: true,
  async run({ prisma }) {
    const { id } = await prisma.post.create({ data: { title: 'Welcome' } })
    await prisma.post.update({ where: { id }, data: { slug: \`welcome-\${id}\` } })
  },
})
`,
  'prisma/after-party/20260103000000_refuse.ts': `import { defineTask } from 'after-party'

export default defineTask({
  transaction: true,
  async run({ prisma, log }) {
    await prisma.post.deleteMany()
    log.warn('all gone')
    throw new Error('these were wanted')
  },
})
`,
  'prisma/after-party/20260104000000_count_edits.ts': `import { defineBackfill } from 'after-party'

export default defineBackfill({
  model: 'post',
  select: { id: true, edits: true },
  batchSize: 2,
  concurrency: 4,
  update: (post) => ({ edits: post.edits + 1 }),
})
`,
  'tests/tasks.test.ts': `import { runBackfill, runTask } from 'after-party/testing'
import { client } from '../after-party.config'
import nameBlankPosts from '../prisma/after-party/20260101000000_name_blank_posts'
import welcome from '../prisma/after-party/20260102000000_welcome'
import refuse from '../prisma/after-party/20260103000000_refuse'
import countEdits from '../prisma/after-party/20260104000000_count_edits'

const prisma = client()

beforeEach(async () => {
  await prisma.post.deleteMany()
  await prisma.post.createMany({ data: ['a', '', 'c', '', 'e'].map((title) => ({ title })) })
})
afterAll(() => prisma.$disconnect())

type Posts = Pick<typeof prisma, 'post'>
const posts = ({ post }: Posts = prisma) => post.findMany({ orderBy: { id: 'asc' } })
const edits = async (of?: Posts) => (await posts(of)).map((post) => post.edits)
const titles = async (of?: Posts) => (await posts(of)).map((post) => post.title)

test('a plain task', async () => {
  const { outcome, logs } = await runTask(nameBlankPosts, { prisma })
  expect({ outcome, logs }).toEqual({ outcome: 'done', logs: [{ level: 'info', message: '2 posts' }] })
  expect(await titles()).toEqual(['a', 'Untitled', 'c', 'Untitled', 'e'])
})

test('a task with a transaction', async () => {
  expect(await runTask(welcome, { prisma })).toEqual({ outcome: 'done', logs: [] })
  const last = (await posts()).at(-1)
  expect(last).toMatchObject({ title: 'Welcome', slug: \`welcome-\${last?.id}\` })
})

test('a task that fails is a result, and its transaction is rolled back', async () => {
  const { stack, ...result } = await runTask(refuse, { prisma })
  expect(result).toEqual({
    outcome: 'failed',
    error: 'these were wanted',
    logs: [{ level: 'warn', message: 'all gone' }],
  })
  expect(stack).toContain('refuse')
  expect(await titles()).toHaveLength(5)
})

test('a backfill that is interrupted goes on where it was, and does no row twice', async () => {
  const first = await runBackfill(countEdits, { prisma, batches: 2 })
  expect(first).toMatchObject({ outcome: 'interrupted', processed: 4 })
  expect(await edits()).toEqual([1, 1, 1, 1, 0])
  const second = await runBackfill(countEdits, { prisma, after: first })
  expect(second).toMatchObject({ outcome: 'done', processed: 1 })
  expect(await edits()).toEqual([1, 1, 1, 1, 1])
})

test('a whole test in a transaction that is rolled back', async () => {
  const enough = new Error('enough')
  const tested = prisma.$transaction(async (transaction) => {
    expect(await runTask(nameBlankPosts, { prisma: transaction })).toMatchObject({ outcome: 'done' })
    expect(await runTask(welcome, { prisma: transaction })).toMatchObject({ outcome: 'done' })
    expect(await titles(transaction)).toEqual(['a', 'Untitled', 'c', 'Untitled', 'e', 'Welcome'])
    const first = await runBackfill(countEdits, { prisma: transaction, batches: 2 })
    expect(first).toMatchObject({ outcome: 'interrupted', processed: 4 })
    const second = await runBackfill(countEdits, { prisma: transaction, after: first })
    expect(second).toMatchObject({ outcome: 'done', processed: 2 })
    expect(await edits(transaction)).toEqual([1, 1, 1, 1, 1, 1])
    throw enough
  })
  await expect(tested).rejects.toBe(enough)
  expect(await titles()).toEqual(['a', '', 'c', '', 'e'])
  expect(await edits()).toEqual([0, 0, 0, 0, 0])
})
`,
  'vitest.config.mjs': `export default { test: { include: ['tests/*.test.ts'], globals: true } }
`,
}

const TESTS = 5
const bin = (...parts: string[]) => path.join(repository, 'node_modules', ...parts)
const JEST = bin('jest', 'bin', 'jest.js')

/** A config of Jest as teams with swc have it. */
const jestConfig = (module: 'commonjs' | 'es6') =>
  JSON.stringify({
    testEnvironment: 'node',
    testMatch: ['<rootDir>/tests/*.test.ts'],
    ...(module === 'es6' && { extensionsToTreatAsEsm: ['.ts'] }),
    transform: {
      '\\.ts$': [
        '@swc/jest',
        { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' }, module: { type: module } },
      ],
    },
    moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  })

async function team(): Promise<Project> {
  const project = await Project.create()
  const schema = await project.read('prisma/schema.prisma')
  await project.write('prisma/schema.prisma', schema.replace(/model Post \{[^}]*\}/, MODEL))
  for (const [file, text] of Object.entries(FILES)) await project.write(file, text)
  return project
}

async function migrated(project: Project): Promise<Project> {
  // What a migration would do: how it is applied is not the subject here.
  await querySqlite(project.path('dev.db'), 'ALTER TABLE "Post" ADD COLUMN "edits" INTEGER NOT NULL DEFAULT 0')
  expect(await project.prisma('generate')).toMatchObject({ code: 0 })
  return project
}

/** What a runner said, when not every test passed. */
function expectPassed({ code, stdout, stderr }: Ran): void {
  // Jest's summary is on stderr, Vitest's on stdout.
  const [, passed = 0] = /Tests:? +(\d+) passed/.exec(stdout + stderr) ?? []
  expect({ code, passed: Number(passed), said: code === 0 ? '' : stdout + stderr }).toEqual({
    code: 0,
    passed: TESTS,
    said: '',
  })
}

describe('in an ESM project, a team’s tests of its tasks pass under', () => {
  let project: Project
  beforeAll(async () => {
    project = await migrated(await team())
  }, 120_000)
  afterAll(() => project.remove())

  test('Jest with ES modules', async () => {
    await project.write('jest.config.json', jestConfig('es6'))
    expectPassed(await project.node('--experimental-vm-modules', JEST, '--config', 'jest.config.json'))
  }, 120_000)

  testAgain(
    'Vitest',
    async () => {
      expectPassed(await project.node(bin('vitest', 'vitest.mjs'), 'run'))
    },
    120_000,
  )
})

describe('in a CommonJS project', () => {
  let project: Project
  beforeAll(async () => {
    project = await team()
    const schema = await project.read('prisma/schema.prisma')
    await project.write('package.json', (await project.read('package.json')).replace('"module"', '"commonjs"'))
    await project.write(
      'prisma/schema.prisma',
      schema.replace('provider = "prisma-client"', 'provider     = "prisma-client"\n  moduleFormat = "cjs"'),
    )
    await migrated(project)
  }, 120_000)
  afterAll(() => project.remove())

  test('a team’s tests of its tasks pass under Jest in CommonJS mode', async () => {
    await project.write('jest.config.json', jestConfig('commonjs'))
    expectPassed(await project.node(JEST, '--config', 'jest.config.json'))
  }, 120_000)

  test('`require` has both faces, and they are the same package', async () => {
    const types = 'console.log(Object.entries(it).map(([name, value]) => name + ":" + typeof value).sort().join())'
    const required = (name: string) => project.node('-e', `const it = require('${name}'); ${types}`)
    expect(await required('after-party')).toEqual({
      code: 0,
      stdout: [
        'AfterPartyError:function',
        'createAfterParty:function',
        'defineBackfill:function',
        'defineConfig:function',
        'defineTask:function',
        'throttles:object',
      ].join(),
      stderr: '',
    })
    expect(await required('after-party/testing')).toEqual({
      code: 0,
      stdout: 'runBackfill:function,runTask:function',
      stderr: '',
    })
  })

  testAgain('`require`d, a task runs in a test, and its fault is an AfterPartyError by its name and code', async () => {
    await project.write(
      'plain.cjs',
      `const { defineTask } = require('after-party')
const { runTask } = require('after-party/testing')
const prisma = {}
async function main() {
  const done = await runTask(defineTask({ run: ({ log }) => log('ran') }), { prisma })
  const fault = await runTask({ kind: 'task', everyDeply: true, run() {} }, { prisma }).catch((error) => error)
  console.log(JSON.stringify([done, fault.name, fault.code]))
}
main()
`,
    )
    const { code, stdout } = await project.node('plain.cjs')
    expect({ code, said: JSON.parse(stdout) }).toEqual({
      code: 0,
      said: [{ outcome: 'done', logs: [{ level: 'info', message: 'ran' }] }, 'AfterPartyError', 'tasks-invalid'],
    })
  })

  test.each([
    ['nodenext', false],
    // Under node16, the types of Prisma's adapter itself don't pass without.
    ['node16', true],
  ])(
    'its config and its tasks have the types of its client, module %s, skipLibCheck %s',
    async (module, skipLibCheck) => {
      await project.write(
        'typed.ts',
        `import { AfterPartyError, defineBackfill, defineTask } from 'after-party'
import { runBackfill, runTask } from 'after-party/testing'
import { client } from './after-party.config'

export const codeOf = (error: unknown) => (error instanceof AfterPartyError ? error.code : undefined)
export const whatOf = (error: AfterPartyError): string => error.what
const task = defineTask({ run: ({ prisma }) => prisma.post.count({ where: { slug: null } }) })
const backfill = defineBackfill({
  model: 'post',
  select: { id: true, title: true },
  update: (post) => ({ slug: post.title.toLowerCase() }),
})
// @ts-expect-error: there is no such model
defineBackfill({ model: 'pots', update: () => null })
// @ts-expect-error: a post has no such field
defineTask({ run: ({ prisma }) => prisma.post.count({ where: { slugg: null } }) })

export async function tested(): Promise<number> {
  const prisma = client()
  await runTask(task, { prisma })
  const { processed } = await runBackfill(backfill, { prisma, batches: 2 })
  return prisma.$transaction(async (transaction) => {
    await runTask(task, { prisma: transaction })
    return processed
  })
}
`,
      )
      const compilerOptions = { module, target: 'es2022', strict: true, noEmit: true, types: ['node'], skipLibCheck }
      const files = ['after-party.config.ts', 'typed.ts']
      await project.write('tsconfig.typed.json', JSON.stringify({ compilerOptions, files }))
      expect(await project.node(bin('typescript', 'bin', 'tsc'), '-p', 'tsconfig.typed.json')).toEqual({
        code: 0,
        stdout: '',
        stderr: '',
      })
    },
  )
})
