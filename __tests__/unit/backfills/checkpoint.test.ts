import { expect, test } from '@jest/globals'
import { type Checkpoint, readCheckpoint, skippedRowsOf, writeCheckpoint } from '../../../src/backfills/checkpoint.js'

test('a checkpoint comes back as it was written', () => {
  const key = [1n, new Date(5), 'x']
  const checkpoint: Checkpoint = {
    after: key,
    upTo: key,
    fields: ['a', 'b', 'c'],
    walk: 3,
    splits: [key, [2n, new Date(6), '']],
  }
  expect(readCheckpoint(writeCheckpoint(checkpoint))).toEqual(checkpoint)
})

test('a backfill that has not begun has none', () => expect(readCheckpoint(null)).toBeNull())

test('the rows that a checkpoint of the first release skipped are read, and are not part of it any more', () => {
  const skipped = [{ key: '1', error: 'no title' }]
  const checkpoint: Checkpoint = { after: [1n], upTo: [9n], fields: ['id'], walk: 3 }
  const old = writeCheckpoint({ ...checkpoint, skipped } as Checkpoint)
  expect(readCheckpoint(old)).toEqual(checkpoint)
  expect(skippedRowsOf({ checkpoint: old, skippedRows: [] })).toEqual(skipped)
  expect(skippedRowsOf({ checkpoint: old, skippedRows: [{ key: '2', error: 'no' }] })).toEqual([
    { key: '2', error: 'no' },
  ])
})
