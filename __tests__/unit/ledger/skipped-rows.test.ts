import { expect, test } from '@jest/globals'
import { readSkippedRows, skippedRowsText } from '../../../src/ledger/skipped-rows.js'

const ROWS = [
  { key: '7', error: 'no title' },
  { key: 'a, 8', error: 'line\nline' },
]

test('skipped rows are read back as they were written', () => {
  expect(readSkippedRows(skippedRowsText(ROWS))).toEqual(ROWS)
  expect(skippedRowsText([])).toBeNull()
  expect(readSkippedRows(null)).toEqual([])
})

test.each([
  '',
  'not JSON',
  '[',
  'null',
  '{}',
  '7',
  '"x"',
  '["x"]',
  '[null]',
  '[{"key":7,"error":"x"}]',
  '[{"key":"7"}]',
])('%j, which somebody wrote there by hand, is shown as it is', (text) => {
  expect(readSkippedRows(text)).toEqual([{ key: '?', error: text }])
})
