import { stripVTControlCharacters } from 'node:util'
import { afterEach, expect, jest, test } from '@jest/globals'
import { printRehearsal } from '../../../src/cli/reporters/rehearsal.js'
import type { Rehearsal } from '../../../src/engine/rehearse.js'

afterEach(() => {
  jest.restoreAllMocks()
})

/** What stderr is told of these rehearsals. */
function told(...rehearsals: Partial<Rehearsal>[]): string {
  jest.spyOn(process.stdout, 'write').mockReturnValue(true)
  const stderr = jest.spyOn(process.stderr, 'write').mockReturnValue(true)
  const task = { version: '20260101000000', name: 'slugs', outcome: 'rehearsed' as const, durationMs: 1 }
  printRehearsal(
    rehearsals.map((rehearsal) => ({ ...task, ...rehearsal })),
    { json: false },
  )
  return stripVTControlCharacters(stderr.mock.calls.map(([text]) => text).join(''))
}

test('a rehearsal that was rolled back says that nothing was changed', () => {
  expect(told({}, { outcome: 'failed', error: 'no' })).toBe('1 task rehearsed. All changes were rolled back.\n')
})

test('a rehearsal that may be committed says whose data to look at', () => {
  const failed = { outcome: 'failed' as const, error: 'no', mayBeCommitted: true as const }
  expect(told({}, { ...failed, name: 'indexes' })).toBe(
    '1 task rehearsed. ⚠ Some changes may be committed. Check the data that these tasks touched: indexes.\n',
  )
})

test('rows that could not be counted leave out the total and the estimate', () => {
  told({ rows: 30, batchMs: 12 })
  const stdout = jest
    .mocked(process.stdout.write)
    .mock.calls.map(([text]) => text)
    .join('')
  expect(stripVTControlCharacters(stdout)).toContain('30 rows tried, 12ms per batch\n')
})
