import { stripVTControlCharacters } from 'node:util'
import { afterEach, expect, jest, test } from '@jest/globals'
import { reportText } from '../../../src/cli/reporters/text.js'
import type { PlannedTask, RunDatabase } from '../../../src/define/events.js'

afterEach(() => {
  jest.restoreAllMocks()
})

const SERVER: RunDatabase = { provider: 'postgresql', name: 'shop', host: 'db.example.com' }

/** The first line of a run. */
function told(database: RunDatabase, reasons: PlannedTask['reason']['code'][]): string {
  const stderr = jest.spyOn(process.stderr, 'write').mockReturnValue(true)
  const tasks = reasons.map((code) => ({ runs: code === 'new', reason: { code } })) as PlannedTask[]
  reportText()({ type: 'planned', tasks, database, at: new Date(), run: 'r' })
  return stripVTControlCharacters(stderr.mock.calls.map(([text]) => text).join('')).trimEnd()
}

test.each([
  [SERVER, ['new', 'done'], '› 1 task to run in shop on db.example.com'],
  [SERVER, ['done'], '✔ Nothing to do in shop on db.example.com.'],
  [SERVER, ['fresh-baseline'], '✔ Nothing to run in shop on db.example.com.'],
  [{ provider: 'sqlite', name: 'prisma/dev.db' }, ['new', 'new'], '› 2 tasks to run in prisma/dev.db'],
  [{ provider: 'mongodb', name: null }, [], '✔ Nothing to do in a mongodb database.'],
] as const)('a run in %j says where it is', (database, reasons, line) => {
  expect(told(database, [...reasons])).toBe(line)
})
