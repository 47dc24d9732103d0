import { describe, expect, test } from '@jest/globals'
import { demandMigrations } from '../../../src/engine/migrations-first.js'
import type { AppliedMigration } from '../../../src/ledger/applied-migrations.js'

const PLACE = 'prisma/migrations'
const rows = (state: AppliedMigration['state'], ...names: string[]) => names.map((name) => ({ name, state }))

describe('Migrations come first', () => {
  test.each<[string, string[] | null, AppliedMigration[] | null]>([
    ['all of them are applied', ['1', '2'], rows('applied', '1', '2')],
    ['the database has more: an older release is deployed again', ['1'], rows('applied', '1', '2')],
    ['Prisma Migrate keeps no books: `db push`', null, null],
    ['there are none, here or there', null, []],
    ['there are none, and the database has only one that was rolled back', [], rows('rolled-back', '1')],
    ['one failed, and was then applied', ['1'], [...rows('failed', '1'), ...rows('applied', '1')]],
  ])('a run may begin where %s', (_, names, applied) => {
    expect(() => demandMigrations({ place: PLACE, names }, applied)).not.toThrow()
  })

  test.each<[string, string[] | null, AppliedMigration[], string]>([
    ['one is not applied', ['1', '2'], rows('applied', '1'), 'A migration is pending in this database: 2.'],
    ['none was ever applied', ['1', '2'], [], '2 migrations are pending in this database: 1, 2.'],
    ['one failed', ['1'], rows('failed', '1'), 'A migration failed in this database: 1.'],
    ['one failed that is not on disk', null, rows('failed', '1'), 'A migration failed in this database: 1.'],
    ['their folder is not there', null, rows('applied', '1'), `the folder ${PLACE} does not exist`],
    ['their folder is empty', [], rows('applied', '1', '2'), `${PLACE} has no migrations`],
  ])('a run may not begin where %s', (_, names, applied, says) => {
    let thrown: unknown
    try {
      demandMigrations({ place: PLACE, names }, applied)
    } catch (error) {
      thrown = error
    }
    expect(thrown).toMatchObject({
      code: 'migrations-not-applied',
      what: expect.stringContaining(says),
      next: expect.stringContaining('--skip-migration-check'),
    })
  })
})
