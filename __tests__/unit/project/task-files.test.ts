import { describe, expect, test } from '@jest/globals'
import { isTimestamp, listTasks, TaskDefinitions } from '../../../src/project/task-files.js'
import fc from '../../support/fast-check.js'

describe('the files of a tasks directory', () => {
  test('are read in order of version, whatever their extension and however they are listed', () => {
    const names = ['20260103000000_c.mjs', '20260101000000_a.ts', '20260102000000_b.cts']
    expect(listTasks(names)).toEqual({
      files: [
        { version: '20260101000000', name: 'a', file: '20260101000000_a.ts' },
        { version: '20260102000000', name: 'b', file: '20260102000000_b.cts' },
        { version: '20260103000000', name: 'c', file: '20260103000000_c.mjs' },
      ],
      faults: [],
    })
  })

  test.each([
    ['helpers.ts'],
    ['README.md'],
    ['.gitkeep'],
    ['_20260101000000_a.ts'],
    ['20260101000000_a.d.ts'],
    ['20260101000000_a.d.mts'],
    ['20260101000000_a.js.map'],
    ['20260101000000_a.test.ts'],
    ['20260101000000_a.spec.mjs'],
  ])('%s is the team’s own, and is left alone', (name) => {
    expect(listTasks([name])).toEqual({ files: [], faults: [] })
  })

  test.each([
    ['2024_bad.ts', 'is not a task name'],
    ['20260101000000.ts', 'is not a task name'],
    ['20260101000000_.ts', 'is not a task name'],
    ['20260101000000_a', 'is not a task name'],
    ['20260101000000_a.sql', 'is not a task name'],
    ['20260101000000_a.tsx', 'is not a task name'],
    ['20260101000000_a b.ts', 'is not a task name'],
    [`20260101000000_${'x'.repeat(192)}.ts`, 'its name has 192 characters, but the maximum is 191'],
    ['20260101000000-a.ts', 'is not a task name'],
    ['202601010000001_a.ts', 'is not a task name'],
    ['20261301000000_a.ts', 'is not a UTC date and time'],
    ['20260230000000_a.ts', 'is not a UTC date and time'],
    ['20260101240000_a.ts', 'is not a UTC date and time'],
    ['00000000000000_a.ts', 'is not a UTC date and time'],
  ])('%s would silently never run, so it is a fault', (file, message) => {
    expect(listTasks([file])).toEqual({ files: [], faults: [{ file, message: expect.stringContaining(message) }] })
  })

  test('two of one version, and two of one name, are told of the second', () => {
    const names = ['20260101000000_a.ts', '20260101000000_b.ts', '20260102000000_a.ts', '20260101000000_a.js']
    const { faults } = listTasks(names)
    expect(faults.map(({ file, message }) => `${file} ${message}`).sort()).toEqual([
      '20260101000000_a.ts has the same name as 20260101000000_a.js',
      '20260101000000_a.ts has the same version as 20260101000000_a.js',
      '20260101000000_b.ts has the same version as 20260101000000_a.js',
      '20260102000000_a.ts has the same name as 20260101000000_a.js',
    ])
  })

  test('whatever starts with a digit and could be code is a task or a fault, never nothing', () => {
    const name = fc
      .stringMatching(/^\d[\w .-]{0,30}$/)
      .filter((text) => !/\.d\.[cm]?ts$|\.map$|\.(test|spec)\.[cm]?[jt]sx?$/.test(text))
    fc.assert(
      fc.property(name, (file) => {
        const { files, faults } = listTasks([file])
        expect(files.length + faults.length).toBe(1)
      }),
    )
  })

  test('every second of time is a version', () => {
    const date = fc.date({ min: new Date('2000-01-01'), max: new Date('2100-01-01'), noInvalidDate: true })
    fc.assert(fc.property(date, (time) => isTimestamp(time.toISOString().replace(/\D/g, '').slice(0, 14))))
  })
})

describe('tasks that a program holds', () => {
  const tasks = new TaskDefinitions({ '20260102000000_b': 'B', '20260101000000_a.mts': 'A' })

  test('are listed and loaded by file name, with or without its extension', async () => {
    const { files } = await tasks.list()
    expect(files.map(({ name }) => name)).toEqual(['a', 'b'])
    expect(await Promise.all(files.map((file) => tasks.load(file)))).toEqual(['A', 'B'])
  })

  test('have no text to tell a change by', async () => {
    expect(await tasks.checksum()).toBeNull()
  })
})
