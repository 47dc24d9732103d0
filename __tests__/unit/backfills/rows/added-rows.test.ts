import { describe, expect, test } from '@jest/globals'
import { addedRowsWarning } from '../../../../src/backfills/rows/added-rows.js'
import { walkedOf } from '../../../../src/backfills/rows/target.js'
import type { BackfillDefinition } from '../../../../src/define/backfill.js'

const run: BackfillDefinition = { kind: 'backfill', model: 'post', run: () => {} }

/** What is said of a model with these fields. */
const warning = (fields: string, definition: Partial<BackfillDefinition> = {}) => {
  const client = { post: {}, _engineConfig: { inlineSchema: `model Post {\n${fields}\n}` } }
  const backfill = { ...run, ...definition }
  return addedRowsWarning(backfill, walkedOf(backfill, client))
}

describe('new rows come last, and nothing is said', () => {
  test.each([
    'id Int @id @default(autoincrement())',
    'id Int @id',
    'id BigInt @id @default(sequence())',
    'id String @id @default(uuid(7))',
    'id String @id @default(ulid())',
    'id String @id @default(cuid())',
    'id String @id @default(dbgenerated("uuidv7()"))',
    'id DateTime @id @default(now())',
    'at DateTime @default(now())\nid Int @id\n@@id([at, id])',
  ])('%s', (fields) => expect(warning(fields)).toBeUndefined())
})

describe('new rows come anywhere', () => {
  test.each([
    'id String @id @default(uuid())',
    'id String @id @default(uuid(4))',
    'id String @id @default(cuid(2))',
    'id String @id @default(nanoid())',
    'id String @id @default(dbgenerated("gen_random_uuid()"))',
    'slug String @id',
    'blog Int\nid Int @default(autoincrement())\n@@id([blog, id])',
  ])('%s', (fields) => expect(warning(fields)).toContain('added while it runs'))
})

test('`execute` may add rows, too', () => {
  const { run: _, ...execute } = { ...run, execute: () => {} }
  const client = { post: {}, _engineConfig: { inlineSchema: 'model Post {\nslug String @id\n}' } }
  expect(addedRowsWarning(execute, walkedOf(execute, client))).toContain('even by its own `execute`')
})

test('nothing is said where no row is added, or where added rows may be walked', () => {
  const random = 'id String @id @default(uuid())'
  expect(warning(random, { follow: true })).toBeUndefined()
  const { run: _, ...update } = { ...run, update: () => null }
  expect(
    addedRowsWarning(
      update,
      walkedOf(update, { post: {}, _engineConfig: { inlineSchema: `model Post {\n${random}\n}` } }),
    ),
  ).toBeUndefined()
})
