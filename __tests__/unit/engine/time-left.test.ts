import { expect, test } from '@jest/globals'
import { writeCheckpoint } from '../../../src/backfills/checkpoint.js'
import { timeLeft } from '../../../src/engine/time-left.js'
import type { TaskRecord, TaskRun } from '../../../src/ledger/contract.js'
import { MemoryLedger } from '../../../src/ledger/memory-ledger.js'

const VERSION = '20260101000000'
const START = new Date(1_000_000)

/** A record that has been running for ten seconds, under fence 5. */
function running(walk: number | null, more: Partial<TaskRecord> = {}, splits?: [number][]): TaskRecord {
  const range = { after: [1], upTo: [9], fields: ['id'] }
  return {
    version: VERSION,
    name: 'slugs',
    status: 'running',
    attempts: 5,
    startedAt: START,
    finishedAt: null,
    reason: null,
    error: null,
    checksum: null,
    owner: 'host:1:x',
    fence: 5,
    leaseUntil: null,
    skippedRows: [],
    params: null,
    changedMeanwhile: 0,
    part: null,
    checkpoint: walk === null ? null : writeCheckpoint({ ...range, walk, ...(splits && { splits }) }),
    processed: 600,
    total: 1_000,
    deployId: null,
    lane: null,
    seenAt: null,
    request: null,
    ...more,
  }
}

/** What is left after ten seconds, with these attempts in the history. */
async function left(record: TaskRecord, ...runs: Partial<TaskRun>[]): Promise<number | null> {
  const ledger = Object.assign(new MemoryLedger(), { record: async () => record })
  const open = { version: VERSION, name: 'slugs', startedAt: START, finishedAt: null, owner: null, deployId: null }
  for (const run of [...runs, { fence: 5, status: 'running' as const }])
    await ledger.addRun({
      id: `${run.fence}`,
      fence: 0,
      status: 'failed',
      processed: 0,
      skippedRows: [],
      changedMeanwhile: 0,
      reason: null,
      error: 'no',
      log: null,
      params: null,
      ...open,
      ...run,
    })
  return timeLeft(ledger, record, START.getTime() + 10_000)
}

test('an attempt that began the walk did all of its rows', async () => {
  expect(await left(running(5), { fence: 4, processed: 300 })).toBe(6_667)
})

test('a task that tells its progress did all that it told', async () => {
  expect(await left(running(null))).toBe(6_667)
})

test('rows of earlier attempts at the same walk say nothing of today’s pace, and those of an earlier walk even less', async () => {
  const earlierWalk = { fence: 2, status: 'done', processed: 1_000, reason: null, error: null } as const
  expect(await left(running(3), earlierWalk, { fence: 3, processed: 100 }, { fence: 4, processed: 300 })).toBe(20_000)
})

test('a backfill in parts is no other', async () => {
  expect(await left(running(4, {}, [[5]]), { fence: 4, processed: 300 })).toBe(13_333)
  expect(await left(running(5, {}, [[5]]))).toBe(6_667)
})

test('before its first row, and without a total, there is nothing to tell', async () => {
  expect(await left(running(5, { processed: 0 }))).toBeNull()
  expect(await left(running(5, { total: null }))).toBeNull()
  expect(await left(running(4), { fence: 4, processed: 600 })).toBeNull()
})
