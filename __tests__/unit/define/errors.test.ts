import { describe, expect, test } from '@jest/globals'
import { AfterPartyError, codeOf, headline, messageOf, withoutUrls } from '../../../src/define/errors.js'
import fc from '../../support/fast-check.js'

describe('an AfterPartyError', () => {
  test('carries its code and says what, why and next in its message', () => {
    const cause = new Error('below')
    const error = new AfterPartyError('config-invalid', { what: 'What.', why: 'Why.', next: 'Next.', cause })
    expect(error).toBeInstanceOf(Error)
    expect(error).toMatchObject({
      name: 'AfterPartyError',
      code: 'config-invalid',
      message: 'What.\nWhy.\nNext.',
      cause,
    })
    expect(new AfterPartyError('held', { what: 'What.' }).message).toBe('What.')
  })
})

describe('withoutUrls', () => {
  test.each([
    ['no route to postgres://me:pw@db/app?ssl=1, sorry', 'no route to postgres://… sorry'],
    [`'mysql://me:pw@db'`, `'mysql://…'`],
    ['mongodb+srv://me:pw@cluster/x', 'mongodb+srv://…'],
    ['sqlserver://db:1433;user=sa;password=pw', 'sqlserver://…'],
    ['prisma+postgres://accelerate.prisma-data.net/?api_key=abc', 'prisma+postgres://…'],
    ['libsql://db.turso.io?authToken=abc', 'libsql://…'],
    ['https://me:pw@127.0.0.1:1/v2/pipeline', 'https://…'],
    ['https://db.turso.io/v2?authToken=abc', 'https://…'],
    [
      'at file:///app/node_modules/@libsql/client/index.js:3:4',
      'at file:///app/node_modules/@libsql/client/index.js:3:4',
    ],
    ['see https://pris.ly/d/client?from=cli', 'see https://pris.ly/d/client?from=cli'],
    ['see https://npmjs.com/@prisma/client', 'see https://npmjs.com/@prisma/client'],
    ['file:./dev.db', 'file:./dev.db'],
  ])('%s', (text, told) => {
    expect(withoutUrls(text)).toBe(told)
  })

  test('a password in a connection URL is never left, whatever it is', () => {
    const word = fc.stringMatching(/^[A-Za-z0-9!$%&*+.~-]{8,20}$/)
    const scheme = fc.constantFrom('postgres', 'postgresql', 'mysql', 'mongodb', 'libsql', 'https', 'http')
    fc.assert(
      fc.property(scheme, word, fc.string(), (name, password, around) => {
        fc.pre(!around.includes(password))
        expect(withoutUrls(`${around} ${name}://me:${password}@db:5432/app`)).not.toContain(password)
      }),
    )
  })
})

describe('messageOf', () => {
  test.each([
    [new Error('  the slug is taken\n'), 'the slug is taken'],
    [{ message: 'looks like one' }, 'looks like one'],
    ['just a text', 'just a text'],
    [undefined, 'undefined'],
    [null, 'null'],
    [{ message: 7 }, '{ message: 7 }'],
    [{ code: 'E_SLUG', detail: 'taken' }, "{ code: 'E_SLUG', detail: 'taken' }"],
    [new Error('postgres://me:pw@db'), 'postgres://…'],
  ])('of %p is the text for people', (thrown, message) => {
    expect(messageOf(thrown)).toBe(message)
  })
})

test('the code of an error is its `code`, when that is a text', () => {
  expect(codeOf(Object.assign(new Error(), { code: 'P2002' }))).toBe('P2002')
  expect([codeOf({ code: 7 }), codeOf(null), codeOf('P2002'), codeOf(undefined)]).toEqual(Array(4).fill(undefined))
})

describe('the headline of a kept error', () => {
  test.each([
    ['Error: the slug is taken\n    at run (/x.ts:1:1)\n    at y', 'Error: the slug is taken'],
    ['just a text', 'just a text'],
    ['\n  first\nsecond', 'first'],
    ['', ''],
    [
      'PrismaClientValidationError: \nInvalid `prisma.post.create()` invocation in\n/x.ts:2:100\n\n→ 2 create({\n\nArgument `title` is missing.\n    at y (/z.ts:1:1)',
      'Argument `title` is missing.',
    ],
    ['Invalid `prisma.post.create()` invocation:\n\n\nUnique constraint failed', 'Unique constraint failed'],
  ])('%j', (error, told) => {
    expect(headline(error)).toBe(told)
  })
})
