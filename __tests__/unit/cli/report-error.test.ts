import { stripVTControlCharacters } from 'node:util'
import { afterEach, expect, jest, test } from '@jest/globals'
import { reportError } from '../../../src/cli/report-error.js'
import { AfterPartyError } from '../../../src/define/errors.js'

afterEach(() => {
  jest.restoreAllMocks()
})

/** The exit code of something thrown, and what the two streams are told of it. */
function reported(error: unknown, json = false) {
  const said = (stream: NodeJS.WriteStream) => {
    const write = jest.spyOn(stream, 'write').mockReturnValue(true)
    return () => stripVTControlCharacters(write.mock.calls.map(([text]) => text).join(''))
  }
  const [stdout, stderr] = [said(process.stdout), said(process.stderr)]
  return { code: reportError(error, { json }), stdout: stdout(), stderr: stderr() }
}

test('what is no AfterPartyError is a bug of ours: exit code 70, with the lines to report and without secrets', () => {
  const { code, stdout, stderr } = reported(new TypeError('no table at postgres://me:hunter2@db/app'))
  expect({ code, stdout }).toEqual({ code: 70, stdout: '' })
  expect(stderr).toContain('This is a bug in After Party. Please report it with the lines below.')
  expect(stderr).toContain('  TypeError: no table at postgres://…\n')
  expect(stderr).toMatch(/^ +at .*report-error\.test/m)
  expect(reported('just a text').code).toBe(70)
})

test('a bug is told by --json too', () => {
  const { code, stdout } = reported(new TypeError('no table'), true)
  expect({ code, ...JSON.parse(stdout) }).toEqual({ code: 70, error: { code: 'bug', what: 'no table' } })
})

test('what is somebody’s to mend exits 2, and 3 where another run has the task', () => {
  expect(reported(new AfterPartyError('tasks-invalid', { what: 'No.' })).code).toBe(2)
  expect(reported(new AfterPartyError('held', { what: 'No.' })).code).toBe(3)
})
