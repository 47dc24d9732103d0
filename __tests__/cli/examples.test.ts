import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { PrismaLibSql } from '@prisma/adapter-libsql'
import { compiled } from '../support/compiled.js'
import { databaseName } from '../support/databases/names.mjs'
import { createPostgres, dropPostgres, usingPostgres } from '../support/databases/postgres.mjs'
import { servers } from '../support/databases/servers.mjs'
import { repository } from '../support/paths.mjs'
import { Project } from '../support/project.js'
import { testAgain } from '../support/selection.js'
import { type } from '../support/transcript.js'

/** The examples are what teams copy: each of them deploys, and says what is kept in the snapshots. */

const DEPLOY = 'npx prisma migrate deploy && npx after-party run'

const server = servers().postgresql.url

describe('examples/shop', () => {
  const testHere = server === undefined ? test.skip : test
  const testHereAgain = server === undefined ? test.skip : testAgain
  const name = databaseName('shop')
  const url = new URL(server ?? 'postgresql://nowhere')
  url.pathname = `/${name}`
  const rows = async (sql: string) =>
    (await usingPostgres(url.href, (client) => client.query({ text: sql, rowMode: 'array' }))).rows

  let project: Project
  /** The server and the name of the database are those of this run of the tests. */
  const deploy = async () => {
    const { code, said } = await type(project, DEPLOY)
    return { code, said: said.replace(`in ${name} on ${url.hostname}`, 'in shop on localhost') }
  }
  beforeAll(async () => {
    project = await Project.example('shop')
    project.env = { DATABASE_URL: url.href, AFTER_PARTY_DEPLOY_ID: '7f3a2c1' }
    if (server !== undefined) await createPostgres(server, name)
  })
  afterAll(async () => {
    await project.remove()
    if (server !== undefined) await dropPostgres(server, name)
  })

  /** Customers and orders of the shop before the release; 2,500 orders, so that there is more than one batch. */
  const ROWS = `
INSERT INTO "Customer" ("email", "name", "phone") VALUES
  ('ada@example.com', 'Ada', '0171 / 555 01 23'), ('Ada@Example.com', 'Ada', null),
  ('bo@example.com', 'Bo', 'ask at the desk'), ('cy@example.com', 'Cy', '+44 20 7946 0000');
INSERT INTO "Product" ("name") VALUES ('Crème brûlée set'), ('Mug'), ('Mug'), ('東京');
INSERT INTO "Order" ("customerId") SELECT 1 + n % 4 FROM generate_series(1, 2500) n;
INSERT INTO "OrderItem" SELECT "id", 1, 2, 1050 FROM "Order";
INSERT INTO "OrderItem" SELECT "id", 2, 1, 400 FROM "Order" WHERE "id" % 2 = 0;`

  testHere('brings the rows of the release before along', async () => {
    const before = await usingPostgres(url.href, async (client) => {
      await client.query(await readFile(project.path('prisma/migrations/20260105090000_init/migration.sql'), 'utf8'))
      await client.query(ROWS)
    })
    expect(before).toBeUndefined()
    expect(await type(project, 'npx prisma migrate resolve --applied 20260105090000_init')).toEqual({
      code: 0,
      said: '',
    })
    expect(await type(project, 'npx prisma generate')).toEqual({ code: 0, said: '' })
    expect(await deploy()).toMatchSnapshot()
    expect(await rows('SELECT "email", "phone", "e164" FROM "Customer" ORDER BY "id"')).toEqual([
      ['ada@example.com', '0171 / 555 01 23', '+491715550123'],
      ['bo@example.com', 'ask at the desk', null],
      ['cy@example.com', '+44 20 7946 0000', '+442079460000'],
    ])
    expect(await rows('SELECT "slug" FROM "Product" ORDER BY "id"')).toEqual([
      ['creme-brulee-set-1'],
      ['mug-2'],
      ['mug-3'],
      ['4'],
    ])
    expect(await rows('SELECT "currency", "totalCents", count(*)::int FROM "Order" GROUP BY 1, 2 ORDER BY 2')).toEqual([
      ['EUR', 2100, 1250],
      ['EUR', 2500, 1250],
    ])
    expect(await rows('SELECT "customerId", count(*)::int FROM "Order" GROUP BY 1 ORDER BY 1')).toEqual([
      [1, 1250],
      [3, 625],
      [4, 625],
    ])
    expect(await rows('SELECT "productId", "sold" FROM "Bestseller" ORDER BY 1')).toEqual([
      [1, 5000],
      [2, 1250],
    ])
  })

  testHereAgain('names the number that it skipped, and what every deploy does', async () => {
    expect(await type(project, 'npx after-party history normalize_phones')).toMatchSnapshot()
    project.env.AFTER_PARTY_DEPLOY_ID = 'c40d9e8'
    expect(await deploy()).toMatchSnapshot()
    expect(await type(project, 'npx after-party status')).toMatchSnapshot()
  })

  testHereAgain('has a test of a backfill, and types that are right', async () => {
    const vitest = path.join(repository, 'node_modules', 'vitest', 'vitest.mjs')
    const { code, stdout, stderr } = await project.node(vitest, 'run', '--root', project.directory)
    expect({ code, why: code === 0 ? '' : stdout + stderr }).toEqual({ code: 0, why: '' })
    expect(stdout).toMatch(/Tests +2 passed/)
    expect(await compiled(project.directory)).toBe('')
  })
})

/** The examples on SQLite: the file, the rows of the release before, and what is in them afterwards. */
const onSqlite = [
  {
    name: 'commonjs-prisma-6',
    setup: {
      links: { prisma: 'node_modules/prisma-6', '@prisma/adapter-libsql': 'node_modules/adapter-libsql-6' },
      copies: { '@prisma/client': 'node_modules/@prisma/client-6' },
      prisma: 'node_modules/prisma-6',
    },
    folder: '.',
    insert: `INSERT INTO "Reader" ("email") VALUES ('ada@ACME.example'), ('bo@example.com')`,
    select: 'SELECT "domain", "confirmed" FROM "Reader" ORDER BY "id"',
    rows: [
      ['acme.example', 1],
      ['example.com', 0],
    ],
    types: [],
  },
  {
    name: 'monorepo',
    setup: { links: { '@acme/db': 'packages/db' } },
    folder: 'packages/db',
    insert: `INSERT INTO "Team" ("name") VALUES ('Purchase'), ('Q & A')`,
    select: 'SELECT "key" FROM "Team" ORDER BY "id"',
    rows: [['PUR-1'], ['QA-2']],
    types: ['packages/db', 'apps/api'],
  },
  {
    name: 'nextjs',
    setup: {},
    folder: '.',
    // As `server-only` of npm: it throws, but where the condition is.
    files: {
      'node_modules/server-only/package.json':
        '{ "name": "server-only", "exports": { ".": { "react-server": "./empty.js", "default": "./index.js" } } }',
      'node_modules/server-only/index.js':
        'throw new Error("This module cannot be imported from a Client Component module.")',
      'node_modules/server-only/empty.js': '',
    },
    env: { NODE_OPTIONS: '--conditions=react-server' },
    insert: `INSERT INTO "Entry" ("author", "text") VALUES ('Ada', 'Hello'), ('Bo', 'I stayed here for a week and liked it')`,
    select: 'SELECT "excerpt" FROM "Entry" ORDER BY "id"',
    rows: [['Hello'], ['I stayed here for a week and…']],
    types: [],
  },
]

describe.each(onSqlite)(
  'examples/$name',
  ({ name, setup, folder, insert, select, rows, types, files = {}, env = {} }) => {
    let project: Project
    beforeAll(async () => {
      project = await Project.example(name, setup)
      for (const [file, text] of Object.entries(files)) await project.write(file, text)
      project.env = { DATABASE_URL: `file:${project.path('example.db')}`, ...env }
    })
    afterAll(() => project.remove())

    const query = async (sql: string) => {
      const adapter = await new PrismaLibSql({ url: `file:${project.path('example.db')}`, timeout: 5000 }).connect()
      try {
        return (await adapter.queryRaw({ sql, args: [], argTypes: [] })).rows
      } finally {
        await adapter.dispose()
      }
    }

    test('deploys, and has nothing to do the second time', async () => {
      const here = project.inFolder(folder)
      expect(await type(here, 'npx prisma generate && npx prisma migrate deploy')).toEqual({ code: 0, said: '' })
      await query(insert)
      expect(await type(here, DEPLOY)).toMatchSnapshot()
      expect(await query(select)).toEqual(rows)
      const database = path.posix.relative(folder, 'example.db')
      expect(await type(here, 'npx after-party run')).toEqual({ code: 0, said: `✔ Nothing to do in ${database}.` })
      for (const each of types) expect(await compiled(project.path(each))).toBe('')
    })
  },
)
