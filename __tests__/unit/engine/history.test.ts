import { expect, test } from '@jest/globals'
import type { Engine } from '../../../src/engine/engine.js'
import { history } from '../../../src/engine/status.js'
import { MemoryLedger } from '../../../src/ledger/memory-ledger.js'
import { TaskDefinitions } from '../../../src/project/task-files.js'

test('the history has the latest 20 attempts, unless it is asked for more or fewer', async () => {
  const ledger = new MemoryLedger()
  const source = new TaskDefinitions({})
  const engine: Engine = {
    ledger,
    source,
    tasksClient: async () => ({}) as never,
    ledgerClient: {},
    owner: 'host:1:x',
    environment: 'test',
  }
  const [version, name] = ['20260101000000', 'sweep']
  const ended = { status: 'done' as const, finishedAt: null, owner: null, deployId: null, processed: 0 }
  for (let fence = 1; fence <= 25; fence += 1)
    await ledger.addRun({
      ...ended,
      id: `${fence}`,
      version,
      name,
      fence,
      startedAt: new Date(fence),
      skippedRows: [],
      changedMeanwhile: 0,
      reason: null,
      error: null,
      log: null,
      params: null,
    })
  expect((await history(engine, {})).map(({ fence }) => fence)).toEqual(Array.from({ length: 20 }, (_, i) => 25 - i))
  expect(await history(engine, { limit: 3 })).toHaveLength(3)
  expect(await history(engine, { limit: 30 })).toHaveLength(25)
})
