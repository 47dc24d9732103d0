import { expect, test } from '@jest/globals'
import { table } from '../../../src/cli/table.js'

const head = ['STATE', 'TASK', '']
const rows = [
  ['done', 'first', 'short'],
  ['failed', 'backfill_slugs', 'a text that is longer than what the terminal has left for it'],
]

test('the last column is wrapped to fit a terminal', () => {
  const lines = table(head, rows, 50).split('\n')
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(50)
  expect(lines).toEqual([
    'STATE   TASK',
    'done    first           short',
    'failed  backfill_slugs  a text that is longer than',
    '                        what the terminal has left',
    '                        for it',
  ])
})

test.each([
  ['where there is no terminal', undefined],
  ['where it is wide enough', 100],
  ['where nothing is left for it', 30],
])('%s, it is one line', (_, columns) => {
  expect(table(head, rows, columns)).toBe(`STATE   TASK
done    first           short
failed  backfill_slugs  a text that is longer than what the terminal has left for it`)
})
