import { describe, expect, test } from '@jest/globals'
import { keyFault, placementOf } from '../../../../src/backfills/rows/in-order.js'
import { compareKeys, type Key, nameOf, oneOf } from '../../../../src/backfills/rows/keys.js'
import type { Walk } from '../../../../src/backfills/rows/pages.js'

const walkOf = (types: string[], hooked = false): Walk => ({
  fields: types.map((_, i) => 'abc'.charAt(i)),
  types,
  where: undefined,
  select: undefined,
  hooked,
})
const placement = (types: string[], keys: Key[], after: Key | null = null, upTo: Key | null = null, hooked = false) =>
  placementOf(walkOf(types, hooked), keys, { after, upTo })

/** As far as two Decimals are compared here. */
class Decimal {
  readonly s = 1
  readonly e = 0
  readonly d = [1]
  constructor(readonly value: number) {}
  toFixed(): string {
    return String(this.value)
  }
  comparedTo(other: unknown): number {
    return this.value - (other instanceof Decimal ? other.value : Number(other))
  }
}

describe('two keys', () => {
  test.each([
    [[1], [2], 'before'],
    [[10], [9], 'after'],
    [[2n ** 60n], [2n ** 60n + 1n], 'before'],
    [[new Date(1)], [new Date(1)], 'same'],
    [[new Date(2)], [new Date(1)], 'after'],
    // Out of a checkpoint, a Decimal comes as its text.
    [['9'], [new Decimal(10)], 'before'],
    [[new Decimal(10)], ['9'], 'after'],
    [[new Decimal(Number.NaN)], ['9'], 'unknown'],
    [['a'], ['b'], 'before'],
    [['b'], ['a'], 'unknown'],
    [['B'], ['b'], 'before'],
    [[1, 'z', 3], [1, 'z', 2], 'after'],
    [[1, 'z', 3], [2, 'a', 1], 'before'],
    [['b', 1], ['a', 2], 'unknown'],
  ])('%j to %j: %s', (a, b, order) => expect(compareKeys(a as Key, b as Key)).toBe(order))

  test('have one name only where they are the same', () => {
    expect(nameOf(['a, b', 'c'])).not.toBe(nameOf(['a', 'b, c']))
    expect(nameOf([new Decimal(1)])).toBe(nameOf(['1']))
  })

  test('are looked for as one list, or one by one', () => {
    expect(oneOf(['a'], [[1], [2]])).toEqual({ a: { in: [1, 2] } })
    expect(oneOf(['a', 'b'], [[1, 2]])).toEqual({ OR: [{ AND: [{ a: 1 }, { b: 2 }] }] })
  })
})

describe('the keys of a page', () => {
  test('are in order', () => {
    expect(placement(['Int'], [[1], [2]])).toBe('in order')
    expect(placement(['Int'], [[1], [2]], [0], [2])).toBe('in order')
    expect(placement(['String'], [['a'], ['b']], ['A'], ['c'])).toBe('in order')
    expect(placement(['Int'], [])).toBe('in order')
  })

  test('may be texts whose order only the database knows', () => {
    expect(placement(['String'], [['a'], ['B']])).toBe('unknown')
    expect(placement(['String'], [['a']], null, ['B'])).toBe('unknown')
    expect(placement(['String'], [['a']], ['b'])).toBe('unknown')
  })

  test.each([
    [placement(['Int'], [[2], [1]]), 'the row 1 was returned after 2'],
    [placement(['Int'], [[2]], [3]), 'the row 2 was returned after 3'],
    [placement(['Int'], [[4]], null, [3]), 'the row 4 was returned, but the range ends at 3'],
    [placement(['Int'], [[3], [3]]), 'two rows have the same a (3): it is not unique in the database'],
    [placement(['DateTime'], [[new Date(0)]], [new Date(0)]), 'microseconds'],
    [placement(['Int', 'String'], [[1, 'x']], [1, 'x']), 'two rows have the same a, b (a=1, b=x)'],
  ])('are not: %j', (found, fault) => expect(found).toEqual({ fault: expect.stringContaining(fault) }))

  test('are the fault of an extension only where there is one', () => {
    expect(placement(['Int'], [[2], [1]])).toEqual({ fault: expect.not.stringContaining('extension') })
    expect(placement(['Int'], [[2], [1]], null, null, true)).toEqual({
      fault: expect.stringContaining('an extension of the client changes the order'),
    })
  })
})

describe('a key', () => {
  test.each([
    ['Int', 1, '1'],
    ['BigInt', 1n, 1],
    ['String', '', 1],
    ['DateTime', new Date(0), new Date(Number.NaN)],
    ['Decimal', new Decimal(1), 1],
  ])('of %s is %s, not %s', (type, right, wrong) => {
    expect(keyFault(walkOf([type]), [right])).toBeUndefined()
    expect(keyFault(walkOf([type]), [wrong])).toContain(`not of type ${type}`)
    expect(keyFault(walkOf([type]), [null])).toContain('without a')
    expect(keyFault(walkOf([type]), [undefined])).toContain('without a')
  })
})
