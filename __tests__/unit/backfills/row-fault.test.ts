import { expect, test } from '@jest/globals'
import { skippedRow } from '../../../src/backfills/batch-runner.js'
import { RowFault } from '../../../src/backfills/rows/row-fault.js'

const PAGE = { rows: [{}], last: [7], more: true }

test('an error of one row names it, and keeps the stack and the code that it had', () => {
  const error = Object.assign(new Error('no title'), { code: 'P2002' })
  const fault = RowFault.of(error, ['id'], [7])
  expect(fault).toMatchObject({ message: 'row 7: no title', reason: 'no title', code: 'P2002', cause: error })
  expect(fault.stack).toBe(error.stack?.replace('no title', 'row 7: no title'))
  expect(RowFault.of('thrown', ['id'], [7])).toMatchObject({ message: 'row 7: thrown', reason: 'thrown' })
})

test('a skipped row is listed with what its own error said, even where that names a row', () => {
  const error = new Error('the copy of row 7: no title')
  const listed = { key: '7', error: error.message }
  expect(skippedRow(['id'], PAGE, RowFault.of(error, ['id'], [7]))).toEqual(listed)
  expect(skippedRow(['id'], PAGE, error)).toEqual(listed)
})
