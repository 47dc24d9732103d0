import { expect, test } from '@jest/globals'
import { createDatabase, describeDatabases } from '../support/databases.js'

describeDatabases((variant) => {
  test('works', async () => {
    await using database = await createDatabase(variant)
    const client = database.client()
    await client.post.create({ data: { title: 'a' } })
    expect(await client.post.count()).toBe(1)
  })
})
