import { expect, test } from '@jest/globals'
import { TaskLog } from '../../../src/attempt/task-log.js'

const CHATTER = `${'x'.repeat(99)}\n`.repeat(200).trim()

function logged(mostLeftOut = 0) {
  const told: string[] = []
  const taskLog = new TaskLog((_level, message) => told.push(message), mostLeftOut)
  return { taskLog, log: taskLog.log, told }
}

test('a log is told at once, and kept as it came', () => {
  const { taskLog, log, told } = logged()
  expect(taskLog.tail).toBeNull()
  log('so many: %d', 3)
  log.warn('odd')
  expect(told).toEqual(['so many: 3', 'odd'])
  expect(taskLog.tail).toBe('so many: 3\nwarn: odd\n')
})

test('of a long log the end is kept', () => {
  const { taskLog, log } = logged()
  log.warn('left out: 1: of a task that leaves out no rows')
  log(CHATTER)
  log('the end')
  expect(taskLog.tail).toMatch(/^…x/)
  expect(taskLog.tail).toMatch(/the end\n$/)
  expect(taskLog.tail).toHaveLength(16_001)
})

test('of a long log the rows left out are kept, in order, before its end', () => {
  const { taskLog, log } = logged(3)
  log.warn('left out before: 1: no good')
  log.warn(`left out: 2: ${'long '.repeat(1_000)}`)
  log(CHATTER)
  log.warn('left out: 3: no good')
  const [first, second, ...rest] = taskLog.tail?.split('\n') ?? []
  expect(first).toBe('warn: left out before: 1: no good')
  expect(second).toMatch(/^warn: left out: 2: (long )+/)
  expect(second).toHaveLength(300)
  expect(rest[0]).toMatch(/^…x/)
  expect(rest.at(-2)).toBe('warn: left out: 3: no good')
})

test('a row left out is told once, and no more are kept than may be left out', () => {
  const { taskLog, log, told } = logged(1)
  log.warn('left out: 1: no good')
  log.warn('left out before: 1: no good')
  log.warn('left out: 2: one too many')
  log(CHATTER)
  expect(told.slice(0, -1)).toEqual(['left out: 1: no good', 'left out: 2: one too many'])
  expect(taskLog.tail).toMatch(/^warn: left out: 1: no good\n…x/)
})
