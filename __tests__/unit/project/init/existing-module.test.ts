import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { planInit } from '../../../../src/project/init/plan-init.js'

let root: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'init-module-'))
})
afterEach(() => rm(root, { recursive: true, force: true }))

/** What init would write and say, in a project with these files beside an ordinary one. */
async function planOf(files: Record<string, string>, options: { schema?: string; config?: string } = {}) {
  const all = {
    'package.json': JSON.stringify({
      type: 'module',
      dependencies: { prisma: '7', '@prisma/client': '7', '@prisma/adapter-pg': '7', 'after-party': '1' },
    }),
    'tsconfig.json': '{}',
    'prisma/schema.prisma': schemaWith('../generated/prisma'),
    ...files,
  }
  for (const [name, text] of Object.entries(all)) {
    await mkdir(dirname(join(root, name)), { recursive: true })
    await writeFile(join(root, name), text)
  }
  const plan = await planInit({ cwd: root, env: {}, ...options })
  const config = plan.files.find(({ name }) => name.startsWith('after-party.config'))
  return { ...plan, config: { name: config?.name, text: config?.after ?? '' } }
}

const schemaWith = (output: string) =>
  `generator client {\n  provider = "prisma-client"\n  output = "${output}"\n}\n\ndatasource db {\n  provider = "postgresql"\n}\n`

test('a factory that extends its client makes the client of the tasks, and the ledger gets a plain one', async () => {
  const { config } = await planOf({
    'src/db.ts': `import { PrismaClient } from '../generated/prisma/client.js'
export function createDb() {
  return new PrismaClient({ adapter }).$extends(audit)
}
`,
  })
  expect(config.text).toContain('export const client = createDb\n')
  expect(config.text).toMatch(/const ledgerClient = \(\) => \{[\s\S]*new PrismaPg\(\{ connectionString \}\)/)
})

test("a module that makes another schema's client is not used", async () => {
  const files = {
    'reports/schema.prisma': schemaWith('./client'),
    'src/db.ts': `import { PrismaClient } from '../generated/prisma/client.js'\nexport const prisma = new PrismaClient()\n`,
  }
  const { config } = await planOf(files, { schema: 'reports/schema.prisma' })
  expect(config.text).not.toContain('./src/db')
  expect(config.text).toContain("import { PrismaClient } from './reports/client/client")
  expect((await planOf(files)).config.text).toContain("import { prisma } from './src/db")
})

test('a module behind an alias is used, as nobody knows better', async () => {
  const { config } = await planOf({
    'src/db.ts': `import { PrismaClient } from '@/generated/prisma/client'\nexport const prisma = new PrismaClient()\n`,
  })
  expect(config.text).toContain("import { prisma } from './src/db")
})

test('where the module is TypeScript, the config is, too: JavaScript could not import it', async () => {
  await planOf({})
  await rm(join(root, 'tsconfig.json'))
  const js = 'generator client {\n  provider = "prisma-client-js"\n}\n\ndatasource db {\n  provider = "postgresql"\n}\n'
  const module = `import { PrismaClient } from '@prisma/client'\nexport const prisma = new PrismaClient()\n`
  const typescript = await planInit({ cwd: root, env: {} })
  expect(typescript.files.map(({ name }) => name)).toContain('after-party.config.ts')
  await writeFile(join(root, 'prisma/schema.prisma'), js)
  const javascript = await planInit({ cwd: root, env: {} })
  expect(javascript.files.map(({ name }) => name)).toContain('after-party.config.mjs')
  await mkdir(join(root, 'src'))
  await writeFile(join(root, 'src/db.ts'), module)
  const config = (await planInit({ cwd: root, env: {} })).files.find(({ name }) => name === 'after-party.config.ts')
  expect(config?.after).toContain("import { prisma } from './src/db.ts'")
})

test('a client that is generated into a dot folder is imported by a relative path', async () => {
  const { config } = await planOf({ 'prisma/schema.prisma': schemaWith('../.generated/prisma') })
  expect(config.text).toContain("from './.generated/prisma/client")
})

test('a config in another folder has its paths from there', async () => {
  const { files, nextCommands } = await planOf(
    {
      'src/db.ts': `import { PrismaClient } from '../generated/prisma/client.js'\nexport const prisma = new PrismaClient()\n`,
    },
    { config: 'deploy/after-party.config.mts' },
  )
  const config = files.find(({ name }) => name === 'deploy/after-party.config.mts')?.after
  expect(config).toContain("import { prisma } from '../src/db")
  expect(config).toContain("import { PrismaClient } from '../generated/prisma/client")
  expect(config).toContain("tasks: '../prisma/after-party'")
  expect(config).toContain("migrations: '../prisma/migrations'")
  expect(files.map(({ name }) => name)).toContain('prisma/after-party/.gitkeep')
  expect(nextCommands.at(-1)).toBe(
    'npx prisma migrate deploy && npx after-party run --config deploy/after-party.config.mts',
  )
  await expect(planInit({ cwd: root, env: {}, config: 'deploy' })).rejects.toMatchObject({ code: 'usage' })
})

test('a client of Prisma Accelerate leaves the ledger with a direct connection, and says so', async () => {
  const { config, warnings } = await planOf({
    'src/db.ts': `import { PrismaClient } from '../generated/prisma/client.js'
export const prisma = new PrismaClient({ accelerateUrl: process.env.DATABASE_URL })
`,
    'prisma.config.ts': `export default { datasource: { url: process.env.DIRECT_URL } }`,
  })
  expect(config.text).toContain('process.env.DIRECT_URL')
  expect(warnings).toContain(
    'prisma connects through Prisma Accelerate. The ledger connects directly, so check that DIRECT_URL is a direct URL.',
  )
})
