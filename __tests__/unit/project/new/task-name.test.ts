import { describe, expect, test } from '@jest/globals'
import { AfterPartyError } from '../../../../src/define/errors.js'
import { toTaskName } from '../../../../src/project/new/task-name.js'
import fc from '../../../support/fast-check.js'

describe('the name of a task', () => {
  test.each([
    ['backfill_slugs', 'backfill_slugs'],
    ['backfillSlugs', 'backfill_slugs'],
    ['BackfillSlugs', 'backfill_slugs'],
    ['backfill-slugs', 'backfill_slugs'],
    ['Backfill slugs', 'backfill_slugs'],
    ['addV2Slugs', 'add_v2_slugs'],
    ['fix2024Data', 'fix2024_data'],
    ['syncAPIKeys', 'sync_api_keys'],
    ['x', 'x'],
  ])('%s becomes %s', (input, name) => {
    expect(toTaskName(input)).toBe(name)
  })

  test.each([
    '',
    '   ',
    '___',
    '-',
    '../x',
    '..\\x',
    'a/b',
    "it's",
    'say "x"',
    '`x`',
    '{{x}}',
    '\u0024{x}',
    'a\nb',
    'a\u0000b',
    'a.ts',
    'größe',
    '2024_fix',
    '_2024_fix',
    'a'.repeat(101),
    'aB'.repeat(60),
  ])('%j is refused', (input) => {
    expect(() => toTaskName(input)).toThrow(AfterPartyError)
    expect(() => toTaskName(input)).toThrow(expect.objectContaining({ code: 'task-name-invalid' }))
  })

  test('a hundred characters are not too many', () => {
    expect(toTaskName('a'.repeat(100))).toHaveLength(100)
  })

  test('whatever is typed, a name that is accepted is a safe part of a file name, and stays as it is', () => {
    fc.assert(
      fc.property(fc.string(), (input) => {
        let name: string
        try {
          name = toTaskName(input)
        } catch (error) {
          expect(error).toBeInstanceOf(AfterPartyError)
          return
        }
        expect(name).toMatch(/^[a-z][a-z0-9_]{0,99}$/)
        expect(toTaskName(name)).toBe(name)
      }),
    )
  })
})
