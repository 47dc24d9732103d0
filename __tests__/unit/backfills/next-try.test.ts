import { expect, test } from '@jest/globals'
import { type Fault, type NextTry, nextTry } from '../../../src/backfills/next-try.js'
import { Displaced, isPassing, isTooLarge } from '../../../src/backfills/rows/batch-fault.js'
import { CursorError, type Page } from '../../../src/backfills/rows/pages.js'
import { RowsRefused } from '../../../src/backfills/write/unmatched-rows.js'

const page = (rows: number): Page => ({ rows: Array.from({ length: rows }, () => ({})), last: [rows], more: true })

const BAD = new Error('duplicate key')
const BUSY = Object.assign(new Error('deadlock'), { code: 'P2034' })
const LARGE = new Error("Got a packet bigger than 'max_allowed_packet' bytes")

const FAULTS: Record<string, Fault> = {
  'a cursor that is not fit': { error: new CursorError('not unique'), page: page(3) },
  'a checkpoint that was not where it was': { error: new Displaced(), page: page(3) },
  'a deadlock': { error: BUSY, page: page(3) },
  'rows that were refused': { error: new RowsRefused(['id'], [[1]]), page: page(3) },
  'too large a batch': { error: LARGE, page: page(3) },
  'too large a row': { error: LARGE, page: page(1) },
  'a batch that can not be written': { error: BAD, page: page(3) },
  'a row that can not be written': { error: BAD, page: page(1) },
  'what is not the fault of rows': { error: BAD, page: undefined },
  'a row that can not be read': { error: BAD, page: page(1), obstacle: { kind: 'row', page: page(1), error: BAD } },
  'a row further on that can not be read': { error: BAD, page: undefined, obstacle: { kind: 'later', until: [2] } },
  'a page too large to be read': { error: LARGE, page: undefined, obstacle: { kind: 'size', until: [2] } },
  'what no read gets past': { error: BAD, page: undefined, obstacle: { kind: 'query' } },
}

test.each<[string, number, NextTry, NextTry, NextTry]>([
  // What failed, in batches of how many rows: what `onError: 'stop'`, `onError: 'skip'` and `retry` do about it.
  ['a cursor that is not fit', 3, 'throw', 'throw', 'throw'],
  ['a checkpoint that was not where it was', 3, 'recall', 'recall', 'recall'],
  ['a deadlock', 3, 'later', 'later', 'later'],
  ['rows that were refused', 3, 'throw', 'without', 'retry'],
  ['too large a batch', 3, 'smaller', 'smaller', 'smaller'],
  ['too large a row', 3, 'smaller', 'smaller', 'smaller'],
  ['too large a row', 1, 'throw', 'skip', 'retry'],
  ['a batch that can not be written', 3, 'throw', 'halve', 'retry'],
  ['a row that can not be written', 1, 'throw', 'skip', 'retry'],
  ['what is not the fault of rows', 3, 'throw', 'throw', 'retry'],
  ['a row that can not be read', 3, 'throw', 'skip', 'retry'],
  ['a row further on that can not be read', 3, 'part', 'part', 'part'],
  ['a page too large to be read', 3, 'part', 'part', 'part'],
  ['what no read gets past', 3, 'throw', 'throw', 'retry'],
])('%s, in batches of %i', (name, size, stop, skip, retry) => {
  const fault = FAULTS[name] as Fault
  const first = { attempt: 1, size }
  expect(nextTry(fault, first, { onError: 'stop' })).toBe(stop)
  expect(nextTry(fault, first, { onError: 'skip' })).toBe(skip)
  expect(nextTry(fault, first, { retry: { attempts: 2 } })).toBe(retry)
})

test('nothing is tried for ever', () => {
  for (const name of ['a checkpoint that was not where it was', 'a deadlock', 'a row further on that can not be read'])
    for (const onError of ['stop', 'skip'] as const)
      expect(nextTry(FAULTS[name] as Fault, { attempt: 8, size: 3 }, { onError })).toBe('throw')
})

test.each([
  'Query execution was interrupted (max_statement_time exceeded)',
  'Query execution was interrupted, maximum statement execution time exceeded',
  'canceling statement due to statement timeout',
  'canceling statement due to lock timeout',
  'Lock wait timeout exceeded; try restarting transaction',
  'terminating connection due to idle-in-transaction timeout',
  'Query read timeout',
])('passes by itself: %s', (message) => {
  expect(isPassing(new Error(message))).toBe(true)
})

test.each([
  "Raw query failed. Code: `1153`. Message: `Got a packet bigger than 'max_allowed_packet' bytes`",
  'query size (18874405) is >= to max_allowed_packet (16777216)',
  'Prepared statement contains too many placeholders',
  'The total number of locks exceeds the lock table size',
  'invalid memory alloc request size 1073741824',
  'bind message has 34464 parameter formats but 0 parameters',
  'too many SQL variables',
  'Expression tree is too large (maximum depth 1000)',
  'string or blob too big',
  'Invalid string length',
  'Cannot create a string longer than 0x1fffffe8 characters',
])('is too large: %s', (message) => {
  expect(isTooLarge(new Error(message))).toBe(true)
  expect(isTooLarge(new Error('Raw query failed', { cause: new Error(message) }))).toBe(true)
  expect(isPassing(new Error(message))).toBe(false)
})

test('a value that is too long for its column is not too large a batch', () => {
  for (const message of [
    "Data too long for column 'short'",
    'value too long for type character varying(5)',
    'Row size too large',
  ])
    expect(isTooLarge(new Error(message))).toBe(false)
})
