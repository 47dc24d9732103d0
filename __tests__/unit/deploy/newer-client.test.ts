import { describe, expect, test } from '@jest/globals'
import { clientRefusal } from '../../../src/deploy/newer-client.js'

describe('a task that meets a newer client', () => {
  test.each([
    ['required', 'slug', 'Invalid `prisma.post.findMany()` invocation:\n\n…\n\nArgument `slug` must not be null.'],
    [
      'unknown',
      'title',
      'Unknown field `title` for select statement on model `Post`. Available options are marked with ?.',
    ],
    ['unknown', 'title', 'Unknown argument `title`. Did you mean `titles`? Available options are marked with ?.'],
  ])('is told what that refused: %s', (why, name, error) => {
    expect(clientRefusal(error)).toEqual({ name, why })
  })

  test('is told nothing of the sort for other errors', () => {
    expect(clientRefusal('the slug must not be null')).toBeUndefined()
    expect(clientRefusal('The column `main.Post.locale` does not exist in the current database.')).toBeUndefined()
  })
})
