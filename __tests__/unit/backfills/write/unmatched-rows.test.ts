import { expect, test } from '@jest/globals'
import { countedNot, RowsRefused } from '../../../../src/backfills/write/unmatched-rows.js'

const upTo = (n: number) => Array.from({ length: n }, (_, i) => i + 1)

/** Counts all but those named, and how often it was asked. */
function counter(without: readonly number[]) {
  const asked = { times: 0 }
  const count = async (items: readonly number[]) => {
    asked.times += 1
    return items.filter((item) => !without.includes(item)).length
  }
  return { asked, count }
}

test.each([[[]], [[1]], [[500]], [[2, 3, 400]], [upTo(500)], [upTo(500).filter((n) => n % 2 === 0)]])(
  'what a count leaves out is found, in order: %j',
  async (without: number[]) => {
    expect(await countedNot(upTo(500), 500, counter(without).count)).toEqual(without)
  },
)

test('one of many is found by few counts, and all or none by one', async () => {
  const one = counter([123])
  await countedNot(upTo(512), 500, one.count)
  expect(one.asked.times).toBeLessThanOrEqual(20)
  for (const without of [[], upTo(512)]) {
    const { asked, count } = counter(without)
    await countedNot(upTo(512), 500, count)
    expect(asked.times).toBe(1)
  }
})

test('no more are looked for than asked for', async () => {
  const { asked, count } = counter([1, 2, 300, 400])
  expect(await countedNot(upTo(500), 2, count)).toEqual([1, 2])
  expect(asked.times).toBeLessThanOrEqual(24)
})

test('refused rows are named, ten at most', () => {
  expect(new RowsRefused(['id'], [[1]]).message).toMatch(/^row 1: the database left it unchanged: /)
  expect(
    new RowsRefused(
      ['a', 'b'],
      [
        [1, 2],
        [3, 4],
      ],
    ).message,
  ).toMatch(/^rows a=1, b=2; a=3, b=4: the database left them unchanged: /)
  expect(
    new RowsRefused(
      ['id'],
      upTo(11).map((id) => [id]),
    ).message,
  ).toMatch(/^rows 1; 2; 3; 4; 5; 6; 7; 8; 9; 10 and more: the database/)
})
