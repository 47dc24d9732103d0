import { PassThrough } from 'node:stream'
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals'
import { Progress } from '../../../src/cli/reporters/progress.js'

let now = 0
beforeEach(() => {
  now = 1_000
  jest.spyOn(performance, 'now').mockImplementation(() => now)
})
afterEach(() => {
  jest.restoreAllMocks()
})

const piped = () => Object.assign(new PassThrough(), { isTTY: false }) as unknown as NodeJS.WriteStream

test('where nobody watches, a line now and then, with rows, rate and the time that is left', () => {
  const lines: string[] = []
  const progress = new Progress(piped(), 'slugs', (line) => lines.push(line.trim()))
  for (const [seconds, rows] of [
    [0, 1_000],
    [10, 2_000],
    [31, 4_100],
    [50, 6_000],
    [62, 7_200],
  ] as const) {
    now = 1_000 + seconds * 1_000
    progress.update(rows, 10_000)
  }
  expect(lines).toEqual(['4,100 rows of 10,000, 100/s, 59s left', '7,200 rows of 10,000, 100/s, 28s left'])
})

test('without a total there is no end to tell', () => {
  const lines: string[] = []
  const progress = new Progress(piped(), 'slugs', (line) => lines.push(line.trim()))
  progress.update(0, null)
  now += 30_000
  progress.update(300, null)
  expect(lines).toEqual(['300 rows, 10/s'])
})
