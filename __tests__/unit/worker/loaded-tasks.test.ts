import { expect, test } from '@jest/globals'
import type { TaskFile, TaskSource } from '../../../src/project/task-files.js'
import { LoadedTasks } from '../../../src/worker/loaded-tasks.js'

const FILE: TaskFile = { version: '20260101000001', name: 'first', file: '20260101000001_first.ts' }

test('a task that was loaded has the checksum that it had then, and another process that of the new text', async () => {
  let text = 'old'
  const source: TaskSource = {
    place: 'here',
    list: async () => ({ files: [FILE], faults: [] }),
    load: async () => text,
    checksum: async () => text,
  }
  const loaded = new LoadedTasks(source)
  expect(await loaded.load(FILE)).toBe('old')
  text = 'new'
  expect(await loaded.checksum(FILE)).toBe('old')
  expect(await new LoadedTasks(source).checksum(FILE)).toBe('new')
})

test('a file that could not be read is read again', async () => {
  let calls = 0
  const checksum = async () => {
    calls += 1
    if (calls === 1) throw new Error('EBUSY')
    return 'text'
  }
  const loaded = new LoadedTasks({ place: '', list: async () => ({ files: [], faults: [] }), load: checksum, checksum })
  await expect(loaded.checksum(FILE)).rejects.toThrow('EBUSY')
  expect(await loaded.checksum(FILE)).toBe('text')
})
