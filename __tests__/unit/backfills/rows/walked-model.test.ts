import { expect, test } from '@jest/globals'
import { modelOf } from '../models.js'

const SCHEMA = `
datasource db {
  provider = "postgresql"
}

enum Mood { // model Fake { id Int @id }
  Calm
  Wild @map("very \\"wild\\"") // was @map("tame")
  // Old @map("old")
  Odd /* @map("x") */
  @@map("moods")
}

/// model Comment { id Int @id }
model BlogPost {
  id        Int      @id @default(autoincrement()) @map(name: "post id")
  title     String   @map("the \\"title\\"") @default("@map(\\"no\\")")
  slug      String?  @unique
  mood      Mood     @default(Calm)
  moods     Mood[]
  updatedAt DateTime @updatedAt @map("updated_at")
  fine      DateTime @db.Timestamptz
  finer     DateTime @db.Timestamp(6)
  coarse    DateTime @db.Timestamptz(3)
  other     DateTime @pg.Timestamptz
  author    Author   @relation(fields: [authorId], references: [id])
  authorId  Int
  odd       Unsupported("circle")?

  @@unique([authorId, slug], name: "bySlug")
  @@unique(name: "byTitle", fields: [title, authorId])
  @@unique([mood])
  @@map("blog posts")
  @@schema("blog")
}

model Author {
  a     Int
  b     BigInt
  posts BlogPost[]
  @@id([a, b(sort: Desc)])
}

model Plain {
  id Int @id
}

view Seen {
  id Int
}
`

test('names, types and attributes of columns', () => {
  const { columns, table, schema, id } = modelOf(SCHEMA, 'blogPost')
  expect({ table, schema, id }).toEqual({ table: 'blog posts', schema: 'blog', id: ['id'] })
  expect([...columns.keys()]).toEqual([
    'id',
    'title',
    'slug',
    'mood',
    'moods',
    'updatedAt',
    'fine',
    'finer',
    'coarse',
    'other',
    'authorId',
    'odd',
  ])
  expect(columns.get('id')).toMatchObject({ column: 'post id', type: 'Int', optional: false, updatedAt: false })
  expect(columns.get('title')?.column).toBe('the "title"')
  expect(columns.get('slug')?.optional).toBe(true)
  expect(columns.get('moods')?.list).toBe(true)
  expect(columns.get('updatedAt')).toMatchObject({ column: 'updated_at', updatedAt: true })
})

test('values of enums, under their names in the database', () => {
  const mood = modelOf(SCHEMA, 'blogPost').columns.get('mood')
  expect(mood?.enumValues).toEqual(
    new Map([
      ['Calm', 'Calm'],
      ['Wild', 'very "wild"'],
      ['Odd', 'Odd'],
    ]),
  )
  expect(modelOf(SCHEMA, 'blogPost').columns.get('title')?.enumValues).toBeUndefined()
})

test('dates that are finer than milliseconds', () => {
  const { columns } = modelOf(SCHEMA, 'blogPost')
  const finer = [...columns.values()].filter((column) => column.finer).map(({ field }) => field)
  expect(finer).toEqual(['fine', 'finer', 'other'])
})

test('ids and unique keys, with the names that `where` has for them', () => {
  expect(modelOf(SCHEMA, 'blogPost').uniques).toEqual([
    { fields: ['id'], name: 'id' },
    { fields: ['slug'], name: 'slug' },
    { fields: ['authorId', 'slug'], name: 'bySlug' },
    { fields: ['title', 'authorId'], name: 'byTitle' },
    { fields: ['mood'], name: 'mood' },
  ])
  expect(modelOf(SCHEMA, 'author')).toMatchObject({ id: ['a', 'b'], uniques: [{ fields: ['a', 'b'], name: 'a_b' }] })
})

test('the schema that the adapter names counts where the model names none', () => {
  const adapter = { options: { schema: 'tenant' } }
  expect(modelOf(SCHEMA, 'plain', 'postgresql', adapter).schema).toBe('tenant')
  expect(modelOf(SCHEMA, 'blogPost', 'postgresql', adapter).schema).toBe('blog')
  expect(modelOf(SCHEMA, 'plain', 'postgresql', {}).schema).toBe('public')
  // Prisma 6's own engine takes it from the URL, and so does the connection.
  expect(modelOf(SCHEMA, 'plain').schema).toBeUndefined()
})

test.each(['nothing', 'fake', 'comment', 'seen', 'mood', '$transaction'])('%s is no model to walk', (key) => {
  expect(() => modelOf(SCHEMA, key)).toThrow(expect.objectContaining({ code: 'tasks-invalid' }))
})
