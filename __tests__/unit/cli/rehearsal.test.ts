import { stripVTControlCharacters } from 'node:util'
import { afterEach, expect, jest, test } from '@jest/globals'
import { printRehearsal } from '../../../src/cli/reporters/rehearsal.js'
import type { Rehearsal } from '../../../src/engine/rehearse.js'

afterEach(() => {
  jest.restoreAllMocks()
})

/** What is printed of these rehearsals. */
function shown(rehearsals: Partial<Rehearsal>[], { verbose }: { verbose: boolean }) {
  const spies = [process.stdout, process.stderr].map((stream) => jest.spyOn(stream, 'write').mockReturnValue(true))
  const task = { version: '20260101000000', name: 'slugs', outcome: 'rehearsed' as const, durationMs: 1 }
  printRehearsal(
    rehearsals.map((rehearsal) => ({ ...task, ...rehearsal })),
    { json: false, verbose },
  )
  const [stdout = '', stderr = ''] = spies.map(({ mock }) =>
    stripVTControlCharacters(mock.calls.map(([text]) => text).join('')),
  )
  return { stdout, stderr }
}

/** What stderr is told of these rehearsals. */
function told(...rehearsals: Partial<Rehearsal>[]): string {
  return shown(rehearsals, { verbose: false }).stderr
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
  expect(shown([{ rows: 30, batchMs: 12 }], { verbose: false }).stdout).toContain('30 rows tried, 12ms per batch\n')
})

test.each([
  [false, '✖ slugs failed after 1ms\n  TypeError: no slug\n    at update (tasks/slugs.ts:5:11)\n'],
  [
    true,
    '✖ slugs failed after 1ms\n  TypeError: no slug\n    at update (tasks/slugs.ts:5:11)\n    at walk (node_modules/x.js:1:1)\n',
  ],
])('a failed rehearsal shows where it was thrown, as a run does: verbose %s', (verbose, text) => {
  const stack = 'TypeError: no slug\n    at update (tasks/slugs.ts:5:11)\n    at walk (node_modules/x.js:1:1)'
  expect(shown([{ outcome: 'failed', error: 'no slug', stack }], { verbose }).stdout).toBe(text)
})
