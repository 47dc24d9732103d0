import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { applyInit } from '../../../../src/project/init/apply-init.js'
import { type InitOptions, type InitPlan, planInit } from '../../../../src/project/init/plan-init.js'
import { type PlannedFile, planDiff } from '../../../../src/project/init/planned-file.js'

let root: string

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'init-'))
})

afterEach(() => rm(root, { recursive: true, force: true }))

async function write(files: Record<string, string | object>) {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, name)), { recursive: true })
    await writeFile(join(root, name), typeof content === 'string' ? content : JSON.stringify(content))
  }
}

/** Prisma 7, ESM, TypeScript, with what a test needs beside it. */
function packageJson(dependencies: string[] = [], more: object = {}) {
  const all = ['prisma', '@prisma/client', 'typescript', 'after-party', ...dependencies]
  const versions = all.map((name) => [name, /prisma/.test(name) ? '^7.0.0' : '1'])
  return { type: 'module', dependencies: Object.fromEntries(versions), ...more }
}

function schema(provider: string, generator = 'provider = "prisma-client"\n  output   = "../generated/prisma"') {
  return `generator client {\n  ${generator}\n}\n\ndatasource db {\n  provider = "${provider}"\n}\n\nmodel Post {\n  id Int @id\n}\n`
}

const plan = (options: Partial<InitOptions> = {}) => planInit({ cwd: root, env: {}, ...options })
const fileOf = (found: InitPlan, name: string) => found.files.find((file) => file.name === name)
const addedTo = (file: PlannedFile | undefined) => file?.insertions.map(({ text }) => text).join('')
const configOf = (found: InitPlan) => addedTo(found.files.find((file) => file.name.startsWith('after-party.config')))
const apply = (found: InitPlan) => applyInit(found, { env: {} })

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
    expect(await readdir(root)).toEqual(['package.json', 'prisma'])
  })

  test('passes a schema on that Prisma does not find by itself', async () => {
    await write({ 'package.json': packageJson(['@prisma/adapter-pg']), 'db/shop.prisma': schema('postgresql') })
    expect((await plan({ schema: 'db/shop.prisma' })).nextCommands).toEqual([
      'npx prisma migrate dev --name add_after_party --schema db/shop.prisma && npx prisma generate --schema db/shop.prisma',
      'npx after-party new my_first_task',
      'npx prisma migrate deploy --schema db/shop.prisma && npx after-party run',
    ])
  })

  test('whose schema Prisma can not validate, because it crashes, says with which error', async () => {
    await write({
      'package.json': packageJson(['@prisma/adapter-pg']),
      'prisma/schema.prisma': schema('postgresql'),
      'node_modules/prisma/package.json': { version: '7.10.0', bin: { prisma: 'cli.cjs' } },
      'node_modules/prisma/cli.cjs': `throw Object.assign(new Error("Cannot find module 'x'"), { code: 'ERR_MODULE_NOT_FOUND' })`,
    })
    expect(await apply(await plan())).toMatchObject({ validated: false, reason: "Error: Cannot find module 'x'" })
  })

  test('is empty the second time', async () => {
    await write({ 'package.json': packageJson(['@prisma/adapter-pg']), 'prisma/schema.prisma': schema('postgresql') })
    const result = await apply(await plan())
    expect(result).toMatchObject({ validated: false, reason: 'prisma is not installed here' })
    const second = await plan()
    expect(second).toMatchObject({ unchanged: true, files: [] })
    expect(await apply(second)).toEqual({ written: [], validated: true, reason: undefined })
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

  test.each([
    ['LF', schema('sqlite')],
    ['CRLF', schema('sqlite').replaceAll('\n', '\r\n')],
    ['no final newline', schema('sqlite').trimEnd()],
    ['a byte order mark', `\uFEFF${schema('sqlite')}`],
  ])('changes no byte of a schema with %s', async (_, text) => {
    await write({ 'package.json': packageJson(), 'prisma/schema.prisma': text })
    await apply(await plan())
    const after = await readFile(join(root, 'prisma/schema.prisma'), 'utf8')
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
    expect((await plan({ cwd: join(root, 'src/a') })).files.map(({ name }) => name)).toEqual(
      (await plan()).files.map(({ name }) => name),
    )
    expect((await plan({ cwd: join(root, 'prisma') })).root).toBe(root)
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

describe('the config', () => {
  const CLIENT = '../generated/prisma/client.js'
  const config7 = (url: string) => `export default defineConfig({ datasource: { url: ${url}, shadow: 1 } })`

  test('is this, for the usual project', async () => {
    await write({
      'package.json': packageJson(['@prisma/adapter-pg', 'dotenv']),
      'tsconfig.json': '{ "compilerOptions": { "moduleResolution": "bundler" } }',
      'prisma/schema.prisma': schema('postgres'),
    })
    expect(configOf(await plan())).toBe(`\
import 'dotenv/config'
import { defineConfig } from 'after-party'
import { PrismaClient } from './generated/prisma/client'
import { PrismaPg } from '@prisma/adapter-pg'

/** Called twice: for the ledger and for the tasks. */
export const client = () => {
  const connectionString = process.env.DATABASE_URL
  if (!connectionString) throw new Error('DATABASE_URL is not set')
  return new PrismaClient({ adapter: new PrismaPg({ connectionString }) })
}

export default defineConfig({
  client,
  tasks: 'prisma/after-party',
})

// Gives every task the types of this client.
declare module 'after-party' {
  interface Register {
    client: ReturnType<typeof client>
  }
}
`)
  })

  test('takes a function of the project that makes clients', async () => {
    await write({
      'package.json': packageJson(['@prisma/adapter-pg']),
      'prisma/schema.prisma': schema('postgresql'),
      'src/lib/db.ts': `import { PrismaClient } from '../${CLIENT}'\nexport function createDb() {\n  return new PrismaClient()\n}\n`,
      'src/lib/db.test.ts': `export const prisma = new PrismaClient()\n`,
      'prisma/seed.ts': `export const prisma = new PrismaClient()\n`,
    })
    const found = await plan()
    expect(configOf(found)).toMatch(
      /^import \{ defineConfig \} from 'after-party'\nimport \{ createDb \} from '\.\/src\/lib\/db\.js'\n\n[^\n]+\nexport const client = createDb\n\nexport default/,
    )
    expect(found.notes).toEqual(['The config uses createDb from src/lib/db.ts'])
  })

  test('gives the ledger a client of its own where the project has but one', async () => {
    await write({
      'package.json': packageJson(['@prisma/adapter-pg']),
      'prisma/schema.prisma': schema('postgresql'),
      'src/db/index.ts': `export const client = new PrismaClient()\n`,
      'src/a/other.ts': `export const createPrisma = () => new PrismaClient()\n`,
    })
    const text = configOf(await plan())
    expect(text).toContain(`import { client as appClient } from './src/db/index.js'\n`)
    expect(text).toContain('export const client = () => appClient\n')
    expect(text).toContain('const ledgerClient = () => {\n  const connectionString = process.env.DATABASE_URL\n')
    expect(text).toContain('  client,\n  ledgerClient,\n')
  })

  test('is plain JavaScript in a project that is', async () => {
    const dependencies = { prisma: '7', '@prisma/adapter-libsql': '7' }
    const generator = 'provider = "prisma-client-js"'
    await write({ 'package.json': { dependencies }, 'prisma/schema.prisma': schema('sqlite', generator) })
    const found = await plan()
    const file = fileOf(found, 'after-party.config.mjs')
    expect(addedTo(file)).toContain(`from '@prisma/client'`)
    expect(addedTo(file)).toContain('new PrismaLibSql({ url, timeout: 5000 })')
    expect(addedTo(file)).not.toContain('declare')
  })

  test('is TypeScript where the generated client is, which nothing else can import', async () => {
    const dependencies = { prisma: '7', '@prisma/adapter-libsql': '7' }
    await write({ 'package.json': { dependencies }, 'prisma/schema.prisma': schema('sqlite') })
    expect(addedTo(fileOf(await plan(), 'after-party.config.ts'))).toContain(`from './generated/prisma/client`)
  })

  test.each([
    [`env('POSTGRES_URL')`, 'process.env.POSTGRES_URL\n'],
    [`env<Env>("POSTGRES_URL")`, 'process.env.POSTGRES_URL\n'],
    [`process.env['MAIN_DB']!`, 'process.env.MAIN_DB\n'],
    [`process.env.MAIN_DB ?? 'file:./x.db'`, `process.env.MAIN_DB ?? 'file:./x.db'\n`],
    [`'file:./x.db'`, `= 'file:./x.db'\n`],
    [`process.env.DIRECT_URL ?? env('DATABASE_URL')`, 'process.env.DIRECT_URL ?? process.env.DATABASE_URL\n'],
    [`process.env.CI\n      ? process.env.CI_URL! : process.env.OTHER_URL!`, 'process.env.DATABASE_URL\n'],
    [`'postgresql://me:secret@db/app'`, 'process.env.DATABASE_URL\n'],
  ])('reads the connection URL as Prisma does: %s', async (url, expected) => {
    await write({
      'package.json': packageJson(['@prisma/adapter-better-sqlite3']),
      'prisma/schema.prisma': schema('sqlite'),
      'prisma.config.ts': config7(url),
    })
    const text = configOf(await plan())
    expect(text).toContain(expected)
    expect(text).not.toContain('secret')
    expect(text).toContain('new PrismaBetterSqlite3({ url })')
  })

  test('says what it can’t tell: a URL that is decided on, a client that only a framework loads', async () => {
    await write({
      'package.json': packageJson(['@prisma/adapter-pg']),
      'prisma/schema.prisma': schema('postgresql'),
      'prisma.config.ts': config7('process.env.CI ? process.env.CI_URL! : process.env.MAIN_URL!'),
      'lib/prisma.ts': `import 'server-only'\nexport const prisma = new PrismaClient()\n`,
    })
    const { notes, warnings } = await plan()
    expect(notes).toEqual(['The config reads the connection URL from DATABASE_URL'])
    expect(warnings).toEqual([
      'Your Prisma config chooses between several URLs. Check that after-party.config.ts uses the right one.',
      "lib/prisma.ts creates a client, but After Party can't import it: it needs a framework or arguments. after-party.config.ts creates a separate client, without the extensions of that one.",
    ])
  })

  test('a question mark in a URL decides nothing', async () => {
    await write({ 'package.json': packageJson(['@prisma/adapter-pg']), 'prisma/schema.prisma': schema('postgresql') })
    await write({ 'prisma.config.ts': config7("process.env.DB ?? 'postgresql://localhost/app?schema=public'") })
    const found = await plan()
    expect(found.warnings).toEqual([])
    expect(configOf(found)).toContain('process.env.DB\n')
  })

  test.each([
    ['there is one', { '.env': '' }, true],
    ['there is none', {}, false],
    ['dotenv loads it', { '.env': '', 'package.json': packageJson(['@prisma/adapter-pg', 'dotenv']) }, false],
    [
      'the client is made as its module is imported',
      { '.env': '', 'lib/prisma.ts': 'export const prisma = new PrismaClient()' },
      false,
    ],
    [
      'the client is made by a function',
      { '.env': '', 'lib/prisma.ts': 'export const createClient = () => new PrismaClient()' },
      true,
    ],
  ])('loads .env where it serves: %s', async (_, files, loads) => {
    await write({
      'package.json': packageJson(['@prisma/adapter-pg']),
      'prisma/schema.prisma': schema('postgresql'),
      ...files,
    })
    expect(configOf(await plan())?.includes('process.loadEnvFile()')).toBe(loads)
  })

  test.each([
    ['postgresql://me:secret@db/app?schema=tenant', true],
    ['postgresql://me:secret@db/app?pool=1&schema=tenant#x', true],
    ['postgresql://me:secret@db/app?schema=public', false],
    ['postgresql://me:secret@db/app', false],
  ])('passes the schema of %s on to the adapter: %s', async (url, passed) => {
    await write({ 'package.json': packageJson(['@prisma/adapter-pg']), 'prisma/schema.prisma': schema('postgresql') })
    const text = configOf(await plan({ env: { DATABASE_URL: url } }))
    expect(text?.includes('new PrismaPg({ connectionString }, { schema })')).toBe(passed)
    await write({ '.env': `DATABASE_URL=${url}\n` })
    expect(configOf(await plan())?.includes("searchParams.get('schema') ?? 'public'")).toBe(passed)
    expect(text).not.toContain('secret')
  })

  test('needs no adapter on Prisma 6, unless its client does', async () => {
    const six = { dependencies: { prisma: '6', '@prisma/adapter-libsql': '6', typescript: '5' } }
    const text = schema('sqlite', 'provider = "prisma-client-js"').replace(
      'provider = "sqlite"',
      'provider = "sqlite"\n  url = "file:./dev.db"',
    )
    await write({ 'package.json': six, 'prisma/schema.prisma': text })
    const plain = await plan()
    expect(configOf(plain)).toContain(`import { PrismaClient } from '@prisma/client'\n`)
    expect(configOf(plain)).toContain('export const client = () => new PrismaClient()\n')
    expect(plain.nextCommands[0]).toBe('npx prisma migrate dev --name add_after_party')

    await write({ 'prisma/schema.prisma': text.replace('-js"', '-js"\n  engineType = "client"') })
    const wasm = configOf(await plan())
    expect(wasm).toContain(`  const url = 'file:./prisma/dev.db'\n`)
    expect(wasm).toContain('new PrismaLibSQL({ url })')
  })

  test.each([
    ['postgresql', [], 'PrismaPg({ connectionString })'],
    ['postgresql', ['@prisma/adapter-neon'], 'PrismaNeon({ connectionString })'],
    ['cockroachdb', [], 'PrismaPg({ connectionString })'],
    ['mysql', [], 'PrismaMariaDb(url)'],
    ['mysql', ['@prisma/adapter-planetscale'], 'PrismaPlanetScale({ url })'],
    ['sqlserver', [], 'PrismaMssql(url)'],
    ['sqlite', [], 'PrismaLibSql({ url, timeout: 5000 })'],
    ['sqlite', ['@prisma/adapter-d1'], 'PrismaD1Http({ CLOUDFLARE_D1_TOKEN'],
    ['mongodb', [], 'PrismaClient()'],
  ])('on %s with %j makes a %s', async (provider, adapters, call) => {
    await write({ 'package.json': packageJson(adapters), 'prisma/schema.prisma': schema(provider) })
    expect(configOf(await plan())).toContain(`new ${call}`)
  })
})

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
    expect(await readFile(join(root, 'prisma/schema.prisma'), 'utf8')).toBe(schema('sqlite'))
    expect(await readFile(join(root, 'prisma/after-party/.gitkeep'), 'utf8')).toBe('in the way')
    expect(await readdir(root)).toEqual(['package.json', 'prisma'])
  })

  test('does not touch a schema that was changed since', async () => {
    await write({ 'package.json': packageJson(), 'prisma/schema.prisma': schema('sqlite') })
    const found = await plan()
    await write({ 'prisma/schema.prisma': schema('mysql') })
    await expect(apply(found)).rejects.toMatchObject({ code: 'schema-conflict' })
    expect(await readFile(join(root, 'prisma/schema.prisma'), 'utf8')).toBe(schema('mysql'))
  })
})
