import { expect, test } from '@jest/globals'
import { type Checkpoint, readCheckpoint, writeCheckpoint } from '../../../src/backfills/checkpoint.js'

test('a checkpoint comes back as it was written', () => {
  const key = [1n, new Date(5), 'x']
  const checkpoint: Checkpoint = {
    after: key,
    upTo: key,
    fields: ['a', 'b', 'c'],
    walk: 3,
    skipped: [{ key: '1', error: 'a "quoted" \\ error\n😀' }],
    splits: [key, [2n, new Date(6), '']],
  }
  expect(readCheckpoint(writeCheckpoint(checkpoint))).toEqual(checkpoint)
})

test('a backfill that has not begun has none', () => expect(readCheckpoint(null)).toBeNull())
