import { describe, expect, test } from '@jest/globals'
import { checkError } from '../../../src/deploy/check.js'
import { gatesError, resolveGates } from '../../../src/deploy/gate-tasks.js'

const files = [
  { version: '20260301120000', name: 'backfill_slugs' },
  { version: '20260501120000', name: 'fill_locales' },
]
const migration = (name: string, task: string) => ({ name, sql: `-- after-party: requires ${task}\nSELECT 1;` })
const faultsOf = (name: string, task: string, records: typeof files = []) =>
  resolveGates([migration(name, task)], files, records).faults.map(({ message }) => message)

describe('a gate', () => {
  test.each(['backfill_slugs', '20260301120000', '20260301120000_backfill_slugs'])('names a task: %s', (task) => {
    const { gates, faults } = resolveGates([migration('20260302000000_require', task)], files, [])
    expect(faults).toEqual([])
    expect(gates.get('20260302000000_require')).toEqual([files[0]])
  })

  test('may name a task of the same second', () => {
    expect(faultsOf('20260301120000_require', 'backfill_slugs')).toEqual([])
  })

  test('may name a task that was done here, and whose file is gone', () => {
    expect(faultsOf('20260302000000_require', 'old', [{ version: '20250101000000', name: 'old' }])).toEqual([])
  })

  test('is an error where it names no task, with the nearest name', () => {
    expect(faultsOf('20260302000000_require', 'backfill_slug')).toEqual([
      'requires "backfill_slug", which is not a task: did you mean backfill_slugs?',
    ])
  })

  test('is an error where its task is newer than the migration', () => {
    expect(faultsOf('20260302000000_require', 'fill_locales')).toEqual([
      expect.stringContaining('requires 20260501120000_fill_locales, which is newer than the migration'),
    ])
  })

  test('is an error in a migration whose name has no timestamp', () => {
    expect(faultsOf('0_init', 'backfill_slugs')).toEqual([expect.stringContaining('has no timestamp')])
  })

  test('tells all faults at once', () => {
    const { faults } = resolveGates(
      [migration('20260302000000_a', 'nope'), { name: '20260303000000_b', sql: '-- after-party: require x' }],
      files,
      [],
    )
    const error = gatesError(faults)
    expect(checkError(faults, 'prisma/after-party')).toMatchObject({ code: 'gates-invalid', why: error.why })
    expect(error.code).toBe('gates-invalid')
    expect(error.what).toBe('2 migrations have invalid gates.')
    expect(error.why?.split('\n')).toEqual([
      '20260302000000_a/migration.sql: requires "nope", which is not a task',
      '20260303000000_b/migration.sql: "after-party: require x" is not a gate: write `-- after-party: requires <task>`',
    ])
  })

  test('beside a fault of a task file, both places are named', () => {
    const fault = { file: '20260301120000_x.ts', message: 'is wrong' }
    const gate = { file: '20260302000000_a/migration.sql', message: 'is no gate' }
    expect(checkError([fault, gate], 'prisma/after-party')).toMatchObject({
      code: 'tasks-invalid',
      what: "2 files in prisma/after-party and the migrations can't run.",
    })
    expect(checkError([fault], 'prisma/after-party').what).toBe("1 file in prisma/after-party can't run.")
  })
})
