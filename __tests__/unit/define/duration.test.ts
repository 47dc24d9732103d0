import { describe, expect, test } from '@jest/globals'
import { type Duration, isDuration, isLease, toMs } from '../../../src/define/duration.js'
import fc from '../../support/fast-check.js'

describe('a duration', () => {
  test.each<[Duration, number]>([
    [0, 0],
    [250, 250],
    ['50ms', 50],
    ['10s', 10_000],
    ['10 s', 10_000],
    ['1.5h', 5_400_000],
    ['5m', 300_000],
    ['2d', 172_800_000],
  ])('%s is %d ms', (given, ms) => {
    expect(isDuration(given)).toBe(true)
    expect(toMs(given)).toBe(ms)
  })

  test.each([
    [-1],
    [Number.NaN],
    [Number.POSITIVE_INFINITY],
    ['soon'],
    [''],
    ['-5s'],
    ['5'],
    ['5 weeks'],
    ['1e3s'],
    ['5s '],
    [null],
    [undefined],
    [{}],
  ])('%p is none', (given) => {
    expect(isDuration(given)).toBe(false)
    expect(() => toMs(given as Duration)).toThrow(RangeError)
  })

  test('whatever counts as one has a finite length that is not negative', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.double(), fc.string(), fc.stringMatching(/^\d{1,6}(\.\d{1,3})? ?(ms|s|m|h|d)$/)),
        (given) => {
          if (isDuration(given)) expect(toMs(given)).toBeGreaterThanOrEqual(0)
        },
      ),
    )
  })

  test('is a lease when a heartbeat fits into it', () => {
    expect(['60s', 100, '0.1s'].map(isLease)).toEqual([true, true, true])
    expect([0, 99, '50ms', 'soon'].map(isLease)).toEqual([false, false, false, false])
  })
})
