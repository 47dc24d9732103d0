import { describe, expect, test } from '@jest/globals'
import { addedTo, configOf, fileOf, initFolder, packageJson, schema } from '../../../support/init-folder.js'

const { plan, write } = initFolder()

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
