import { describe, expect, test } from '@jest/globals'
import { decode, describeKey, encode, rangesAfter, sameKey, upTo } from '../../../../src/backfills/rows/keys.js'
import fc from '../../../support/fast-check.js'

/** As far as a Decimal is known here: by its parts. */
class Decimal {
  readonly s = 1
  readonly e = 0
  readonly d = [1]
  constructor(readonly text: string) {}
  toFixed(): string {
    return this.text
  }
}
const decimal = (text: string) => new Decimal(text)

describe('keys come back exactly', () => {
  test.each([
    ['an int', [42]],
    ['a bigint', [9223372036854775807n]],
    ['a text', ['a"b\\c\n\u0000😀{}.[0]']],
    ['a date', [new Date('2026-03-29T01:30:00.001Z')]],
    ['bytes', [new Uint8Array([0, 1, 255])]],
    ['several', [1, 'x', -1n, new Date(0)]],
  ])('%s', (_, key) => {
    expect(decode(encode(key))).toEqual(key)
  })

  test('a Decimal as its text', () => {
    expect(decode(encode([decimal('0.30000000000000000001')]))).toEqual(['0.30000000000000000001'])
  })

  test('any', () => {
    const value = fc.oneof(fc.string({ unit: 'binary' }), fc.integer(), fc.bigInt(), fc.date({ noInvalidDate: true }))
    fc.assert(fc.property(fc.array(value), (key) => expect(decode(encode(key))).toEqual(key)))
  })
})

describe('ranges', () => {
  test('the start has none', () => expect(rangesAfter(['a', 'b'], null)).toEqual([{}]))

  test('each is one range of the index, in order', () => {
    expect(rangesAfter(['a', 'b', 'c'], [1, 2, 3])).toEqual([
      { a: 1, b: 2, c: { gt: 3 } },
      { a: 1, b: { gt: 2 } },
      { a: { gt: 1 } },
    ])
  })

  test('an end of one field is a bound', () => {
    expect(upTo(['id'], [9])).toEqual({ id: { lte: 9 } })
    expect(upTo(['id'], null)).toEqual({})
  })

  test('together they hold exactly the rows between two keys, each once and in order', () => {
    const key = fc.tuple(fc.nat(3), fc.nat(3), fc.nat(3))
    const rows = [0, 1, 2, 3].flatMap((a) => [0, 1, 2, 3].flatMap((b) => [0, 1, 2, 3].map((c) => ({ a, b, c }))))
    const fields = ['a', 'b', 'c']
    fc.assert(
      fc.property(key, key, (after, end) => {
        const found = rangesAfter(fields, after).flatMap((where) =>
          rows.filter((row) => holds({ AND: [where, upTo(fields, end)] }, row)),
        )
        const between = rows.filter((row) => compare(row, after) > 0 && compare(row, end) <= 0)
        expect(found).toEqual(between)
      }),
    )
  })
})

test('keys are the same by value, whichever way a Decimal came', () => {
  expect(sameKey([1, 'a'], [1, 'a'])).toBe(true)
  expect(sameKey([new Date(5)], [new Date(5)])).toBe(true)
  expect(sameKey([new Date(5)], [new Date(6)])).toBe(false)
  expect(sameKey([decimal('1.5')], ['1.5'])).toBe(true)
  expect(sameKey([1n], [2n])).toBe(false)
  expect(sameKey(null, [1])).toBe(false)
})

test('keys for people', () => {
  expect(describeKey(['id'], [42n])).toBe('42')
  expect(describeKey(['at', 'id'], [new Date(0), decimal('1.5')])).toBe('at=1970-01-01T00:00:00.000Z, id=1.5')
})

type Where = { [key: string]: unknown }

/** Prisma's `where`, as far as ranges use it. */
function holds(where: Where, row: Record<string, number>): boolean {
  return Object.entries(where).every(([name, test]) => {
    if (name === 'AND') return (test as Where[]).every((each) => holds(each, row))
    if (name === 'OR') return (test as Where[]).some((each) => holds(each, row))
    const value = row[name] ?? 0
    if (typeof test === 'number') return value === test
    const { gt, lt, lte } = test as { gt?: number; lt?: number; lte?: number }
    return (gt === undefined || value > gt) && (lt === undefined || value < lt) && (lte === undefined || value <= lte)
  })
}

function compare(row: { a: number; b: number; c: number }, [a, b, c]: readonly number[]): number {
  return row.a - (a ?? 0) || row.b - (b ?? 0) || row.c - (c ?? 0)
}
