import { describe, expect, test } from '@jest/globals'
import { codeOf, headline, messageOf, withoutUrls } from '../../../src/define/errors.js'
import { describeThrown, plainly } from '../../../src/define/thrown.js'
import { isBusy, isConnectionLost, isWriteConflict } from '../../../src/prisma/database-errors.js'

/** Whatever a task throws: what is told of it says what happened, and telling it never throws. */

const prisma = (name: string, fields: object) =>
  Object.assign(
    new Error('\nInvalid `prisma.post.create()` invocation:\n\n\nUnique constraint failed'),
    { name },
    fields,
  )

describe('what was thrown', () => {
  test.each<[string, unknown, string]>([
    ['an error', new Error('the slug is taken'), 'the slug is taken'],
    ['an error with a cause', new Error('x', { cause: new TypeError('y') }), 'x\nCaused by: TypeError: y'],
    [
      'causes of causes',
      new Error('x', { cause: new Error('y', { cause: new Error('z') }) }),
      'x\nCaused by: Error: y\nCaused by: Error: z',
    ],
    ['a cause that is a text', new Error('x', { cause: 'the disk is full' }), 'x\nCaused by: the disk is full'],
    ['a cause that is an object', new Error('x', { cause: { status: 503 } }), 'x\nCaused by: { status: 503 }'],
    [
      'a cause that its error tells already, with a cause that it does not',
      new Error('row 7: no good', { cause: new Error('no good', { cause: new Error('why') }) }),
      'row 7: no good\nCaused by: Error: why',
    ],
    [
      'several errors at once',
      new AggregateError([new Error('a is gone'), new TypeError('b is no text')], 'All promises were rejected'),
      'All promises were rejected\n  1. Error: a is gone\n  2. TypeError: b is no text',
    ],
    [
      'several errors without a word, as of a connection',
      Object.assign(new AggregateError([new Error('connect ECONNREFUSED ::1:1')]), { code: 'ECONNREFUSED' }),
      'AggregateError\n  1. Error: connect ECONNREFUSED ::1:1',
    ],
    [
      'an error with causes of each of its errors',
      new AggregateError([new Error('a', { cause: new Error('why a') })], 'all'),
      'all\n  1. Error: a\n     Caused by: Error: why a',
    ],
    [
      'an error at the end of another',
      Object.assign(new Error('An error was suppressed'), {
        name: 'SuppressedError',
        error: new Error('close'),
        suppressed: new Error('work'),
      }),
      'An error was suppressed\n  1. Error: close\n  2. Error: work',
    ],
    ['an object', { code: 'E_SLUG', detail: 'taken' }, "{ code: 'E_SLUG', detail: 'taken' }"],
    ['an object with a message', { message: 'taken', code: 'E_SLUG' }, 'taken'],
    ['an object with a message that is no text', { message: 7 }, '{ message: 7 }'],
    [
      'an error of a driver, with what it knows and without the rest',
      Object.assign(new Error('duplicate key'), { code: '23505', detail: 'Key (slug)=(x) exists.', headers: 'secret' }),
      'duplicate key\ndetail: Key (slug)=(x) exists.',
    ],
    [
      'an error that tells its code by itself',
      Object.assign(new Error('ENOENT: no such file'), { code: 'ENOENT', errno: -2 }),
      'ENOENT: no such file',
    ],
    [
      "one of Prisma's",
      prisma('PrismaClientKnownRequestError', {
        code: 'P2002',
        clientVersion: '7.10.0',
        meta: {
          modelName: 'Post',
          driverAdapterError: { cause: { originalMessage: 'duplicate key "Post_slug_key"' } },
        },
      }),
      'Invalid `prisma.post.create()` invocation:\n\n\nUnique constraint failed\nmodel: Post, driver message: duplicate key "Post_slug_key"',
    ],
    ['an error without a message', new TypeError(), 'TypeError'],
    ['an abort', new DOMException('This operation was aborted', 'AbortError'), 'This operation was aborted'],
    ['a text', 'just a text', 'just a text'],
    ['an empty string', '', 'an empty string'],
    ['nothing', undefined, 'undefined'],
    ['null', null, 'null'],
    ['a number', 7, '7'],
    ['a symbol', Symbol('slug'), 'Symbol(slug)'],
    ['an object without a prototype', Object.create(null), '[Object: null prototype] {}'],
  ])('%s', (_, thrown, told) => {
    expect(describeThrown(thrown).message).toBe(told)
  })

  test('is kept with the stacks, its own first, so that its first line still says what happened', () => {
    const { stack } = describeThrown(new RangeError('x', { cause: new TypeError('y') }))
    expect(stack).toMatch(/^RangeError: x\n {4}at [\s\S]*\nCaused by: TypeError: y\n {4}at /)
    expect(headline(stack)).toBe('RangeError: x')
  })

  test("of one of Prisma's, the headline is still what happened", () => {
    const error = prisma('PrismaClientKnownRequestError', { code: 'P2002', meta: { modelName: 'Post' } })
    expect(headline(describeThrown(error).stack)).toBe('Unique constraint failed')
    expect(describeThrown(error).stack).toContain('code: P2002, model: Post')
    expect(headline(describeThrown(Object.assign(error, { stack: '' })).stack)).toBe('Unique constraint failed')
  })

  test('a chain of causes that never ends, or goes round, ends', () => {
    const round = new Error('a') as Error & { cause: unknown }
    round.cause = new Error('b', { cause: round })
    expect(describeThrown(round).message).toBe('a\nCaused by: Error: b')
    const deep = Array.from({ length: 100 }).reduce<Error>(
      (cause, _, i) => new Error(`e${i};`, { cause }),
      new Error('z'),
    )
    expect(describeThrown(deep).message.split('\n').length).toBeLessThan(12)
    const many = new AggregateError(
      Array.from({ length: 100 }, (_, i) => new Error(`e${i}`)),
      'all',
    )
    expect(describeThrown(many).message).toMatch(/ {2}10\. Error: e9\n {2}… and 90 more$/)
  })

  test('no connection URL is told, in a cause or wherever it stands', () => {
    const url = 'postgres://me:hunter2@db/app'
    const thrown = [
      new Error('x', { cause: new Error(url) }),
      new AggregateError([new Error(url)], 'all'),
      Object.assign(new Error('x'), { detail: url }),
      { url },
      new Error('x', { cause: { url } }),
    ]
    for (const each of thrown) expect(Object.values(describeThrown(each)).join()).not.toContain('hunter2')
  })

  test('what is far too long is cut in the middle, and what no database takes is taken out', () => {
    const { message, stack } = describeThrown(new Error(`begin \0 \ud800 ${'x'.repeat(50_000_000)} end`))
    for (const text of [message, stack]) {
      expect(text.length).toBeLessThan(25_000)
      expect(text).toContain('begin \\0 \ufffd x')
    }
    expect(message).toMatch(/x end$/)
    expect(messageOf(new Error('x'.repeat(50_000_000))).length).toBeLessThan(25_000)
  })
})

describe('what can’t be read', () => {
  const bad = (): never => {
    throw new Error('no')
  }
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  const hostile: [string, unknown][] = [
    ['a message that throws', Object.defineProperty(new Error(), 'message', { get: bad })],
    [
      'everything throws',
      Object.defineProperties({}, { message: { get: bad }, cause: { get: bad }, code: { get: bad } }),
    ],
    ['a stack that throws', Object.defineProperty(new Error('x'), 'stack', { get: bad })],
    ['a message that is an object', Object.assign(new Error(), { message: { toString: bad } })],
    ['a toString that throws', { toString: bad, [Symbol.for('nodejs.util.inspect.custom')]: bad }],
    ['a proxy of traps', new Proxy({}, { get: bad, has: bad, getPrototypeOf: bad, ownKeys: bad })],
    ['a proxy of an error', new Proxy(new Error('x'), { get: bad, has: bad, getPrototypeOf: bad })],
    ['a proxy that was revoked', proxy],
    ['a cause that can’t be read', new Error('x', { cause: proxy })],
    ['errors that can’t be read', Object.assign(new Error('x'), { errors: proxy })],
  ]

  test.each(hostile)('%s: something is told all the same', (_, thrown) => {
    const { message, stack } = describeThrown(thrown)
    expect(message).not.toBe('')
    expect(stack).not.toBe('')
    expect(typeof messageOf(thrown)).toBe('string')
    expect(codeOf(thrown)).toBeUndefined()
  })

  test.each(hostile)('%s: is replaced by an error that can be', (_, thrown) => {
    const plain = plainly(thrown)
    expect([isBusy(plain), isConnectionLost(plain), isWriteConflict(plain)]).toEqual([false, false, false])
    expect(messageOf(plain)).toBe(describeThrown(thrown).message)
  })

  test('what can be read stays what it is', () => {
    for (const thrown of [new Error('x', { cause: new Error('y') }), 'text', 7, Symbol('x'), { code: 'x' }, () => {}])
      expect(plainly(thrown)).toBe(thrown)
    expect(plainly(undefined)).toMatchObject({ message: 'undefined was thrown' })
    expect(plainly(null)).toMatchObject({ message: 'null was thrown' })
  })
})

test('taking URLs out of a long text takes no time that grows with its square', () => {
  const began = performance.now()
  withoutUrls('a.b-c+'.repeat(200_000))
  withoutUrls(`https://x/?${'key'.repeat(200_000)}`)
  expect(performance.now() - began).toBeLessThan(20_000)
})
