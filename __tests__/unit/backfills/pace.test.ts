import { describe, expect, test } from '@jest/globals'
import { Pace } from '../../../src/backfills/pace.js'
import type { BackfillDefinition, Throttle } from '../../../src/define/backfill.js'
import { monotonicNow } from '../../../src/ledger/clock.js'

const pace = (given: Partial<BackfillDefinition> = {}) => new Pace({ kind: 'backfill', model: 'post', ...given })
const going = () => new AbortController().signal
const NEVER = Number.POSITIVE_INFINITY

describe('a fixed size', () => {
  test('is 500 rows where none is given, and stays', () => {
    const fixed = pace()
    fixed.worked(500, 1)
    fixed.worked(500, 1_000_000)
    expect(fixed.size).toBe(500)
  })

  test('is halved down to one row, and comes back by doubling', () => {
    const fixed = pace({ batchSize: 5 })
    expect([fixed.halve(), fixed.size, fixed.halve(), fixed.size, fixed.halve(), fixed.size]).toEqual([
      true,
      2,
      true,
      1,
      false,
      1,
    ])
    const sizes = [1, 2, 4, 5].map((rows) => {
      fixed.worked(rows, 1)
      return fixed.size
    })
    expect(sizes).toEqual([2, 4, 5, 5])
  })

  test('after a slow-down it is kept for some batches before more are tried', () => {
    const fixed = pace({ batchSize: 8 })
    fixed.slowDown()
    const sizes = Array.from({ length: 9 }, () => {
      fixed.worked(4, 1)
      return fixed.size
    })
    expect(sizes).toEqual([4, 4, 4, 4, 4, 4, 4, 4, 8])
  })
})

describe('an adaptive size', () => {
  const adaptive = () => pace({ batchSize: { target: 100, min: 20, max: 1_000 } })

  test('goes towards its target, at most doubled or halved at once', () => {
    const { size, ...sizes } = grow(adaptive(), [50, 10, 100, 200, 100_000])
    expect({ size, ...sizes }).toEqual({ size: 100, after: [200, 400, 400, 200, 100] })
  })

  test('stays within its bounds', () => {
    expect(grow(adaptive(), [1, 1, 1, 1, 1]).after.at(-1)).toBe(1_000)
    expect(grow(adaptive(), [9_999, 9_999, 9_999, 9_999]).after.at(-1)).toBe(20)
    expect(pace({ batchSize: { target: 100, max: 5 } }).size).toBe(5)
  })

  test('learns nothing of a batch that was not full', () => {
    const given = adaptive()
    given.worked(3, 1)
    expect(given.size).toBe(100)
  })
})

describe('throttle', () => {
  test('is asked until it lets go', async () => {
    const answers: Throttle[] = [1, '1ms', 0]
    let asked = 0
    await pace({ throttle: () => answers[asked++] ?? false }).clear({}, { stop: going(), until: NEVER })
    expect(asked).toBe(3)
  })

  test('is asked no more when told to stop, or when the time is up', async () => {
    const stop = new AbortController()
    let asked = 0
    const throttle = () => {
      asked += 1
      stop.abort()
      return true
    }
    await pace({ throttle }).clear({}, { stop: stop.signal, until: NEVER })
    await pace({ throttle: () => true }).clear({}, { stop: going(), until: monotonicNow() + 20 })
    expect(asked).toBe(1)
  })
})

test('a rest ends when told to stop, and when the time is up', async () => {
  const stop = new AbortController()
  stop.abort()
  await pace({ pause: '1h' }).rest(stop.signal, NEVER)
  await pace({ pause: '1h' }).rest(going(), monotonicNow() + 20)
})

test('a rest is over no sooner than it should be, though timers go off early', async () => {
  for (let i = 0; i < 100; i += 1) {
    const until = monotonicNow() + 1.7
    await pace({ pause: '1h' }).rest(going(), until)
    expect(monotonicNow()).toBeGreaterThanOrEqual(until)
  }
})

function grow(given: Pace, tooks: readonly number[]): { size: number; after: number[] } {
  const { size } = given
  const after = tooks.map((took) => {
    given.worked(given.size, took)
    return given.size
  })
  return { size, after }
}
