import { stripVTControlCharacters } from 'node:util'
import { afterEach, describe, expect, jest, test } from '@jest/globals'
import { printRequested } from '../../../src/cli/reporters/requested.js'
import { printStatus } from '../../../src/cli/reporters/status.js'
import { reportText } from '../../../src/cli/reporters/text.js'
import type { RunNews } from '../../../src/define/events.js'
import type { TaskStatus } from '../../../src/engine/status.js'

/** What people read of background tasks. */

const task = { version: '20260420083000', name: 'backfill_slugs' }

function said(stream: 'stdout' | 'stderr', report: () => void): string {
  const write = jest.spyOn(process[stream], 'write').mockReturnValue(true)
  const other = jest.spyOn(process[stream === 'stdout' ? 'stderr' : 'stdout'], 'write').mockReturnValue(true)
  report()
  const text = stripVTControlCharacters(write.mock.calls.map(([line]) => line).join(''))
  write.mockRestore()
  other.mockRestore()
  return text
}

afterEach(() => {
  jest.restoreAllMocks()
})

describe('the end of a slice', () => {
  const result = { ...task, outcome: 'paused', durationMs: 60_000, reason: { code: 'max-duration' } } as const
  const finished: RunNews = { type: 'finished', task, result: { ...result, processed: 200 } }
  const event = { ...finished, at: new Date(), run: '1' }

  test('is called by its name in a worker', () => {
    const text = said('stderr', () => reportText({ command: 'work' })(event))
    expect(text).toBe('› backfill_slugs paused after 1m, 200 rows: its slice ended\n')
  })

  test('in a run, it is the time of the run that is over', () => {
    const text = said('stderr', () => reportText()(event))
    expect(text).toBe('› backfill_slugs paused after 1m, 200 rows: --max-duration ran out\n')
  })

  test('leaves a task of which `status` says that it goes on', () => {
    const summary = { pending: 0, running: 0, done: 0, recurring: 0, failed: 0, interrupted: 0, paused: 1 }
    const rest = { cancelled: 0, skipped: 0, baseline: 0, missing: 0 }
    const tasks = [{ ...shown, state: 'paused' as const, reason: { code: 'max-duration' as const } }]
    const text = said('stdout', () =>
      printStatus(
        { tasks, summary: { ...summary, ...rest }, pending: true, worker: null, faults: [] },
        { json: false, directory: '.' },
      ),
    )
    expect(text).toMatch(/background, 200 of 500 rows, waits for its next slice\n/)
  })
})

test('a request that takes its time says who has the task, and how to look', () => {
  const holder = { owner: 'web:12:0a1b2c3d', since: null, leaseLeftMs: 1_000 }
  const asked = { ...task, from: 'running' as const, to: 'running' as const, effect: 'asked' as const, holder }
  expect(said('stderr', () => printRequested('pause', [asked], { json: false }))).toMatch(
    /^› backfill_slugs: asked to pause\. host web, pid 12 still runs it, and stops at its next batch or heartbeat\.\n→ .*after-party status shows its state\.\n$/,
  )
  const revoked = { ...asked, to: 'paused' as const, effect: 'revoked' as const }
  expect(said('stderr', () => printRequested('pause', [revoked], { json: false }))).toMatch(/its claim was revoked\./)
})

const shown: TaskStatus = {
  ...task,
  description: null,
  tags: [],
  state: 'pending',
  flags: ['background'],
  everyDeploy: false,
  attempts: 1,
  startedAt: null,
  finishedAt: null,
  durationMs: null,
  processed: 200,
  total: 500,
  leftMs: null,
  retryAt: null,
  reason: null,
  error: null,
  request: null,
  seenAt: null,
  parts: null,
  owner: null,
  file: null,
  onlyIn: null,
}
