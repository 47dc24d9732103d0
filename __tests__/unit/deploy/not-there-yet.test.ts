import { describe, expect, test } from '@jest/globals'
import { notThereYet } from '../../../src/deploy/not-there-yet.js'

const pending = [
  { name: '20260401000000_add_locale', sql: 'ALTER TABLE "Post" ADD COLUMN "locale" TEXT;' },
  { name: '20260501000000_add_tags', sql: 'CREATE TABLE `Tag` (`id` INT);' },
]

describe('a task that meets an older database', () => {
  test.each([
    [
      'Prisma',
      'Invalid `prisma.post.findMany()` invocation:\n\nThe column `main.Post.locale` does not exist in the current database.',
    ],
    ['SQLite', 'Raw query failed. Code: `1`. Message: `SQLITE_ERROR: no such column: locale`'],
    ['PostgreSQL', 'Raw query failed. Code: `42703`. Message: `column "locale" does not exist`'],
    ['PostgreSQL, an insert', 'column "locale" of relation "Post" does not exist'],
    ['PostgreSQL, with a table', 'column Post.locale does not exist'],
    ['MySQL', "Raw query failed. Code: `1054`. Message: `Unknown column 'Post.locale' in 'field list'`"],
  ])('is told which migration adds the column: %s', (_, error) => {
    expect(notThereYet(error, pending)).toEqual({ name: 'locale', migration: '20260401000000_add_locale' })
  })

  test.each([
    ['Prisma', 'The table `public.Tag` does not exist in the current database.'],
    ['SQLite', 'no such table: Tag'],
    ['PostgreSQL', 'relation "Tag" does not exist'],
    ['MySQL', "Table 'app.Tag' doesn't exist"],
  ])('is told which migration adds the table: %s', (_, error) => {
    expect(notThereYet(error, pending)).toEqual({ name: 'Tag', migration: '20260501000000_add_tags' })
  })

  test('is told nothing of the sort for other errors, and of names that no migration adds', () => {
    expect(notThereYet('the slug is taken', pending)).toBeUndefined()
    expect(notThereYet('no such column: slugg', pending)).toBeUndefined()
    expect(notThereYet('no such column: local', pending)).toBeUndefined()
  })
})
