import { expect, test } from '@jest/globals'
import { TaskLog } from '../../../src/attempt/task-log.js'

const CHATTER = `${'x'.repeat(99)}\n`.repeat(200).trim()

function logged() {
  const told: string[] = []
  const taskLog = new TaskLog((_level, message) => told.push(message))
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
  log(CHATTER)
  log('the end')
  expect(taskLog.tail).toMatch(/^…x/)
  expect(taskLog.tail).toMatch(/the end\n$/)
  expect(taskLog.tail).toHaveLength(16_001)
})
