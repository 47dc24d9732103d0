import { describe, expect, test } from '@jest/globals'
import { readGates } from '../../../src/deploy/gates.js'

describe('gates of a migration', () => {
  test.each([
    ['a comment line', '-- after-party: requires backfill_slugs\nALTER TABLE x', ['backfill_slugs']],
    ['a version', '-- after-party: requires 20260301120000\nALTER TABLE x', ['20260301120000']],
    ['several in one line', '-- after-party: requires one, two three\nSELECT 1', ['one', 'two', 'three']],
    [
      'several lines, among others',
      '-- AlterTable\n\n-- after-party: requires one\n-- Why: see #4\n  -- after-party: requires two\nSELECT 1',
      ['one', 'two'],
    ],
    ['the same task twice', '-- after-party: requires one\n-- after-party: requires one\n', ['one']],
    ['Windows line ends and a byte order mark', '\uFEFF-- after-party: requires one\r\nSELECT 1;\r\n', ['one']],
    ['no space after the dashes', '--after-party:requires one\n', ['one']],
    ["MySQL's other comment", '# after-party: requires one\nALTER TABLE `x` ADD y INT', ['one']],
    ['a block comment', '/*\n * Contract.\n * after-party: requires one\n */\nSELECT 1', ['one']],
    ['capitals', '-- After-Party: Requires one\n', ['one']],
    ['a file of comments alone', '-- This is an empty migration.\n-- after-party: requires one', ['one']],
    ['no gate', "-- CreateTable\nCREATE TABLE x (y TEXT DEFAULT '-- none')", []],
    ['a sentence about the tables of After Party', '-- After Party keeps its records here\nCREATE TABLE x', []],
    ['a sentence about requirements', '-- requires PostgreSQL 15\nSELECT 1', []],
    ['nothing', '', []],
  ])('are read from %s', (_, sql, tasks) => {
    expect(readGates(sql)).toEqual({ tasks, faults: [] })
  })

  test.each([
    '-- after-party: require one',
    '-- after-party: requires',
    '-- after-party: requires:one',
    '-- after-party requires one',
    '-- after_party: requires one',
    '-- afterparty: requires one',
    '-- after-pary: requires one',
    '-- aftr-party requires one',
    '-- after-party: needs one',
    '-- after-party = requires one',
    '# after-party: gate one',
    '/* after party: requires one */',
  ])('are an error where they are misspelt: %s', (line) => {
    const { tasks, faults } = readGates(`-- AlterTable\n${line}\nSELECT 1`)
    expect(tasks).toEqual([])
    expect(faults).toEqual([expect.stringMatching(/is not a gate: write `-- after-party: requires <task>`$/)])
  })

  test('are an error below the first statement', () => {
    const sql = 'ALTER TABLE x ADD y INT;\n-- after-party: requires one\nALTER TABLE x ALTER y SET NOT NULL;'
    expect(readGates(sql)).toEqual({
      tasks: [],
      faults: ['"after-party: requires one" is below the first statement: move it to the top of the file'],
    })
  })
})
