import { AsyncLocalStorage } from 'node:async_hooks'
import { describe, expect, jest, test } from '@jest/globals'
import { schemaNamed, sentStatements } from '../../../src/prisma/sent-statements.js'

describe('the schema that statements name before a table', () => {
  test.each([
    ['SELECT COUNT(*) FROM (SELECT "a"."Post"."id" FROM "a"."Post" LIMIT $1) AS "sub"', 'a'],
    ['SELECT `Post`.`id` FROM `Post` WHERE 1=1', null],
    ['SELECT 1 FROM `a``b`.`Post`', 'a`b'],
    ['SELECT 1 FROM "a"."Author"', undefined],
    ['SELECT 1 FROM "a"."Post" JOIN (SELECT 1 FROM "b"."Post") AS x', undefined],
    ['BEGIN', undefined],
  ])('%s', (sql, schema) => {
    expect(schemaNamed([sql], 'Post')).toBe(schema)
  })
})

/** The tracing of a client, as far as it is used. */
class Tracing {
  isEnabled() {
    return false
  }
  runInChildSpan<T>(_options: object, work: () => T): T {
    return work()
  }
}

describe('statements that an operation sends', () => {
  const tracing = new Tracing()
  const client = { _engineConfig: { tracingHelper: tracing } }
  const send = (sql: string) =>
    tracing.isEnabled()
      ? tracing.runInChildSpan({ attributes: { 'db.query.text': sql } }, async () => sql)
      : Promise.resolve(sql)

  test('are heard, and not those of others at the same time', async () => {
    const [first, second] = await Promise.all([
      sentStatements(client, () => send('first')),
      sentStatements(client, async () => {
        await send('second')
        await send('third')
      }),
      send('of somebody else'),
    ])
    expect([first, second]).toEqual([['first'], ['second', 'third']])
  })

  test('are followed through promises as long as somebody listens, and no longer', async () => {
    const disabled = jest.spyOn(AsyncLocalStorage.prototype, 'disable')
    let release = () => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    const long = sentStatements(client, async () => {
      await held
      await send('late')
    })
    await sentStatements(client, () => send('soon'))
    expect(disabled).not.toHaveBeenCalled()
    release()
    expect(await long).toEqual(['late'])
    expect(disabled).toHaveBeenCalledTimes(1)
    disabled.mockRestore()
  })

  test('leave the client as it was, also when the operation fails', async () => {
    await expect(sentStatements(client, () => Promise.reject(new Error('no table')))).rejects.toThrow('no table')
    expect(Object.keys(tracing)).toEqual([])
    expect(tracing.isEnabled()).toBe(false)
  })

  test.each([[{}], [{ _engineConfig: {} }], [{ _engineConfig: { tracingHelper: Object.freeze(new Tracing()) } }]])(
    'of a client that tells nothing are none',
    async (silent) => {
      let asked = false
      const heard = await sentStatements(silent, async () => {
        asked = true
      })
      expect({ heard, asked }).toEqual({ heard: [], asked: false })
    },
  )
})
