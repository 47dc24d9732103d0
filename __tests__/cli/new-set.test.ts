import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { repository } from '../support/paths.mjs'
import { Project, type Ran } from '../support/project.js'
import { few, testAgain } from '../support/selection.js'

const ARTICLES = `generator client {
  provider = "prisma-client"
  output   = "../generated/prisma"
}

datasource db {
  provider = "postgresql"
}

enum Kind {
  NEWS
  OPINION
}

model Article {
  id       BigInt    @id @default(autoincrement())
  slug     String?   @map("url_part")
  title    String    @default("it's \\"new\\"")
  words    Int       @default(0)
  size     BigInt    @default(-1)
  bytes    Bytes?
  score    Float     @default(0.5)
  price    Decimal   @default(1.50) @db.Decimal(8, 2)
  hidden   Boolean   @default(false)
  at       DateTime  @default(now())
  updated  DateTime? @db.Timestamptz
  meta     Json
  more     Json?
  kind     Kind      @default(NEWS)
  kinds    Kind[]
  tags     String[]
  wanted   Uuid_like?
  authorId Int?
  author   Author?   @relation(fields: [authorId], references: [id])
  comments Comment[]
  place    Unsupported("point")?
}

enum Uuid_like {
  A
}

model Author {
  id       Int       @id
  articles Article[]
}

model Comment {
  id        Int     @id
  articleId BigInt
  article   Article @relation(fields: [articleId], references: [id])
}

model Membership {
  userId Int
  teamId Int
  role   String?

  @@id([userId, teamId])
}

model Token {
  secret String  @unique
  label  String?
}

model Seat {
  hall   String
  row    Int
  label  String?
  booked Boolean @default(false)

  @@unique([hall, row(sort: Desc)], map: "place")
}
`
/** By the runners that their tests are for. */
const BACKFILLS: { runners: string[]; backfills: [name: string, model: string, set: string][] }[] = [
  { runners: ['vitest'], backfills: [['roles', 'Membership', 'role']] },
  { runners: ['jest', '@jest/globals'], backfills: [['tokens', 'Token', 'label']] },
  {
    runners: [],
    backfills: [
      ['slugs', 'Article', 'slug'],
      ['empty', 'Article', 'slug,bytes,updated,kinds,tags,wanted,authorId'],
      ['defaults', 'Article', 'title,words,size,score,price,hidden,kind'],
      ['others', 'Article', 'at,meta,more'],
      ['seats', 'Seat', 'label,booked'],
    ],
  },
]
const TSCONFIG = JSON.stringify({
  compilerOptions: {
    target: 'ES2023',
    module: 'NodeNext',
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: ['node'],
  },
  include: ['prisma/after-party', 'after-party.config.ts'],
})

describe('new with --set', () => {
  let project: Project
  beforeAll(async () => {
    project = await Project.create()
    await project.write('prisma/schema.prisma', ARTICLES)
    refused = await project.inOneProcess(REFUSED.map(([set]) => backfill('fill', 'Article', set)))
  })
  afterAll(() => project.remove())

  const tasks = async () => (await readdir(project.path('prisma/after-party'))).filter((file) => file !== '.gitkeep')
  const backfill = (name: string, model: string, set: string) => [
    'new',
    name,
    '--backfill',
    '--model',
    model,
    '--set',
    set,
  ]
  let refused: Ran[]

  const REFUSED: readonly (readonly [set: string, what: string, next: string])[] = few(
    [
      ['slgu', 'There is no field slgu in the model Article.', 'Did you mean `--set slug`?'],
      ['author', 'author is a relation of Article.', 'Set its key: `--set authorId`.'],
      ['comments', 'comments is a relation of Article.', 'Write a backfill of Comment instead.'],
      ['id', "id is the key of Article, which a backfill can't change.", 'Choose another field.'],
      ['place', 'Prisma can\'t write place: its type is Unsupported("point").', 'Use `execute` with SQL of your own.'],
    ],
    1,
  )

  test.each(REFUSED.map((each, at) => [...each, at] as const))(
    '%s is refused where it can not be set, and nothing is written',
    async (_, what, next, at) => {
      expect(refused[at]).toMatchObject({ code: 2, stderr: expect.stringContaining(what) })
      expect(refused[at]?.stderr).toContain(`→ ${next}`)
      expect(await tasks()).toEqual([])
    },
  )

  testAgain('compiles for every type and key, and finds what is left to do; so does its test', async () => {
    expect(await project.prisma('generate')).toMatchObject({ code: 0 })
    const packageJson = JSON.parse(await project.read('package.json')) as object
    for (const { runners, backfills } of BACKFILLS) {
      const devDependencies = Object.fromEntries(runners.map((runner) => [runner, '*']))
      await project.write('package.json', JSON.stringify({ ...packageJson, devDependencies }))
      const ran = await project.inOneProcess(backfills.map((each) => [...backfill(...each), '--test']))
      expect(ran.map(({ code }) => code)).toEqual(backfills.map(() => 0))
    }
    await project.write('own.config.ts', `export { default } from './after-party.config.js'\n`)
    expect(await project.afterParty('new', 'plain', '--test', '--config', 'own.config.ts')).toMatchObject({ code: 0 })
    await project.write('tsconfig.json', TSCONFIG)
    const tsc = path.join(repository, 'node_modules/typescript/bin/tsc')
    expect(await project.node(tsc, '-p', project.path('.'))).toEqual({ code: 0, stdout: '', stderr: '' })
    const text = async (name: string) => {
      const file = (await tasks()).find((each) => each.endsWith(`_${name}.ts`)) ?? ''
      return project.read(`prisma/after-party/${file}`)
    }
    expect(await text('slugs')).toContain(`  // The rows that are left to do.
  where: { slug: null },
  // TODO: add the fields that \`update\` needs.
  select: { id: true, slug: true },
  // Fails if a row that matches \`where\` is left at the end.
  verify: true,
  update(article) {
    // TODO: return the new slug, or null`)
    expect(await text('defaults')).toContain(
      String.raw`where: { OR: [{ title: 'it\'s "new"' }, { words: 0 }, { size: -1n }, { score: 0.5 }, { price: 1.50 }, { hidden: false }, { kind: 'NEWS' }] },`,
    )
    expect(await text('defaults')).not.toContain('verify')
    expect(await text('others')).not.toContain('  where:')
    expect(await text('roles')).toContain('select: { userId: true, teamId: true, role: true },')
    expect(await text('tokens')).toContain("cursor: 'secret',")
    expect(await text('seats')).toContain("cursor: ['hall', 'row'],")
    const tests = (await tasks()).filter((file) => file.endsWith('.test.ts'))
    const runners = await Promise.all(
      tests.map(
        async (file) =>
          /from '(node:test|vitest|@jest.globals)'/.exec(await project.read(`prisma/after-party/${file}`))?.[1],
      ),
    )
    expect(runners).toEqual(['vitest', '@jest/globals', ...Array(6).fill('node:test')])
  })
})
