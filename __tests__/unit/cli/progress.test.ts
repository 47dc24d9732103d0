import { PassThrough } from 'node:stream'
import { stripVTControlCharacters } from 'node:util'
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

/** A terminal, and what it shows. */
function terminal(columns = 120): { stream: NodeJS.WriteStream; shown(): string } {
  const stream = Object.assign(new PassThrough(), { isTTY: true, columns, rows: 40 })
  const shown = () => stripVTControlCharacters(String(stream.read() ?? ''))
  // What cli-progress moves the cursor with is not there in a stream that is none.
  const still = Object.fromEntries(['cursorTo', 'clearLine', 'moveCursor'].map((move) => [move, () => true]))
  return { stream: Object.assign(stream, still) as unknown as NodeJS.WriteStream, shown }
}

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

test.each([60, 80, 100, 200])('in %i columns, rows, rate and the time that is left fit', (columns) => {
  const { stream, shown } = terminal(columns)
  const progress = new Progress(stream, 'backfill_slugs_of_posts', () => {})
  progress.update(0, 1_200_000)
  shown()
  now += 10_000
  progress.update(123_456, 1_200_000)
  progress.hide()
  const line = shown().trimEnd()
  expect(line).toMatch(/^ {2}backfi\S* .*10% 123,456( of 1,200,000)? rows, 12,346\/s, 1m 27.1s left/)
  expect(line.split('\n')[0]?.length).toBeLessThanOrEqual(columns)
})

test('on a terminal it is a bar with rows, rate and the time that is left, until a line is to be written', () => {
  const { stream, shown } = terminal()
  const progress = new Progress(stream, 'slugs', () => {})
  progress.update(1_000, 10_000)
  expect(shown()).toMatch(/^ {2}slugs █+░+ 10% 1,000 of 10,000 rows, 0\/s, … left$/)
  now += 10_000
  progress.update(2_000, 10_000)
  progress.hide()
  expect(shown()).toMatch(/ {2}slugs █+░+ 20% 2,000 of 10,000 rows, 100\/s, 1m 20s left/)
  progress.update(3_000, null)
  expect(shown()).toMatch(/ {2}slugs █+ 100% 3,000 of \? rows, 200\/s, … left/)
  progress.hide()
})
