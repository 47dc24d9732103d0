import { expect, test } from '@jest/globals'
import { failuresInARow, isLeftAlone, MOST_FAILURES, pauseAfter } from '../../../src/engine/try-again.js'
import type { RecordStatus, TaskRun } from '../../../src/ledger/contract.js'

const history = (...statuses: RecordStatus[]) => ({
  runs: async ({ limit }: { limit: number }) => statuses.slice(0, limit).map((status) => ({ status }) as TaskRun),
})

test.each([
  [0, 0],
  [1, 60_000],
  [2, 300_000],
  [3, 900_000],
  [4, 3_600_000],
  [5, undefined],
  [9, undefined],
])('after %d failures in a row, a task rests for %s ms', (failures, pause) => {
  expect(pauseAfter(failures)).toBe(pause)
})

test('only the latest failures count', async () => {
  expect(await failuresInARow(history('failed', 'failed', 'paused', 'failed'), 'v')).toBe(2)
  expect(await failuresInARow(history(), 'v')).toBe(0)
  expect(await isLeftAlone(history('failed', 'failed', 'failed', 'failed', 'interrupted'), 'v')).toBe(false)
  expect(await isLeftAlone(history(...Array.from({ length: 9 }, () => 'failed' as const)), 'v')).toBe(true)
  expect(MOST_FAILURES).toBe(5)
})
