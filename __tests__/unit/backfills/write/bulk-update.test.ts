import { describe, expect, test } from '@jest/globals'
import { groupChanges, statementsOf } from '../../../../src/backfills/write/bulk-update.js'
import * as sqlite from '../../../../src/backfills/write/sqlite.js'
import { modelOf } from '../models.js'

const model = modelOf(
  'model Post {\n id Int @id\n title String?\n views Int?\n updatedAt DateTime @updatedAt\n author Author?\n}\nmodel Author {\n id Int @id\n}',
  'post',
)
const plain = modelOf('model Post {\n id Int @id\n title String?\n views Int?\n at DateTime?\n}', 'post')
const group = (changes: Record<string, unknown>[], of = plain) =>
  groupChanges(
    of,
    ['id'],
    changes.map((data, i) => ({ key: [i + 1], data })),
    new Map(),
  )
const shape = (changes: Record<string, unknown>[]) => {
  const groups = group(changes)
  if (typeof groups === 'string') return groups
  return groups.map(({ columns, rows }) => [columns.map(({ field }) => field), rows.map(({ key }) => key[0])])
}

describe('rows that set the same fields are one group', () => {
  test('in whatever order', () => {
    expect(
      shape([
        { title: 'a', views: 1 },
        { views: 2, title: 'b' },
      ]),
    ).toEqual([
      [
        ['title', 'views'],
        [1, 2],
      ],
    ])
  })

  test('others are their own, and a row that sets nothing is in none', () => {
    expect(shape([{ title: 'a' }, { views: 1 }, {}, { title: undefined }, { title: 'b', views: undefined }])).toEqual([
      [['title'], [1, 5]],
      [['views'], [2]],
    ])
  })
})

test('`@updatedAt` is set with what changes, once for all rows, unless it is given', () => {
  const at = new Date(0)
  const groups = group([{ title: 'a' }, { title: 'b', updatedAt: at }, {}], model)
  if (typeof groups === 'string') throw new Error(groups)
  expect(groups).toHaveLength(1)
  const [first, second] = groups[0]?.rows ?? []
  expect(first?.values).toEqual(['a', expect.any(Date)])
  expect(second?.values).toEqual(['b', at])
})

test.each([
  [{ author: { connect: { id: 1 } } }, 'author is not a column'],
  [{ txet: 1 }, 'txet is not a column'],
  [{ views: { increment: 1 } }, 'increment of views'],
])('%j is for no statement', (data, reason) => {
  expect(group([{ title: 'x' }, data], model)).toBe(reason)
})

test('a field that other rows refer to is for no statement, where Prisma changes those rows too', () => {
  const schema = `
datasource db {
  provider     = "postgresql"
  relationMode = "prisma"
}
model Author {
  id    Int    @id
  code  String @unique
  name  String
  posts Post[]
}
model Post {
  id         Int     @id
  authorCode String?
  author     Author? @relation(fields: [authorCode], references: [code])
}`
  const author = modelOf(schema, 'author')
  expect(group([{ name: 'Ada' }, { code: 'a' }], author)).toMatch('refer to code')
  expect(group([{ name: 'Ada' }], author)).toHaveLength(1)
  const left = modelOf(schema.replace('"prisma"', '"foreignKeys"'), 'author')
  expect(group([{ code: 'a' }], left)).toHaveLength(1)
})

test('`undefined` is for no statement, where Prisma refuses it', () => {
  expect(group([{ title: 'a', views: undefined }], { ...plain, strictUndefined: true })).toMatch('undefined in views')
})

test('data of a class is for no statement: Prisma may read more of it', () => {
  class Data {
    title = 'a'
    get views() {
      return 1
    }
  }
  expect(group([new Data() as never])).toMatch('plain object')
})

test('a group is as many statements as the database needs', () => {
  const groups = group(Array.from({ length: 25_000 }, () => ({ title: 'x', at: new Date(0) })))
  if (typeof groups === 'string' || !groups[0]) throw new Error('no group')
  const statements = statementsOf(sqlite, groups[0])
  expect(statements.map(({ parameters }) => parameters.length)).toEqual([31_998, 31_998, 11_004])
})
