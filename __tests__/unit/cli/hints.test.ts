import { expect, test } from '@jest/globals'
import { hintFor } from '../../../src/cli/reporters/hints.js'

test('a writer that SQLite refused may be the task itself, with a client of its own', () => {
  expect(hintFor('Operation has timed out\nmodel: Post, driver message: SQLITE_BUSY: database is locked')).toContain(
    'Write with the `prisma` that the task gets',
  )
})

test.each(['Unique constraint failed on the fields: (`slug`)', "Cannot read properties of undefined (reading 'x')"])(
  '%s needs no hint here',
  (error) => {
    expect(hintFor(error)).toBeUndefined()
  },
)
