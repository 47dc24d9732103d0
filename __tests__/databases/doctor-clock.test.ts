import { afterEach, expect, jest, test } from '@jest/globals'
import { checkClock } from '../../src/cli/doctor/database-checks.js'
import { createDatabase, describeDatabases } from '../support/databases.js'

const SECOND_MS = 1000
const MINUTE_MS = 60 * SECOND_MS

describeDatabases(
  (variant) => {
    afterEach(() => {
      jest.restoreAllMocks()
    })

    /** What doctor says on a machine whose clock is so far ahead of the database's. */
    async function onMachine(aheadMs: number) {
      await using database = await createDatabase(variant)
      const { now } = Date
      jest.spyOn(Date, 'now').mockImplementation(() => now() + aheadMs)
      return await checkClock(database.client())
    }

    test.each([
      ['behind', 90 * MINUTE_MS + 30 * SECOND_MS],
      ['ahead of', -90 * MINUTE_MS - 30 * SECOND_MS],
    ])('doctor warns of a database whose clock is %s the machine’s', async (where, ms) => {
      expect(await onMachine(ms)).toEqual({
        state: 'warning',
        what: expect.stringMatching(new RegExp(`^The database's clock is 1h 30m [\\d.]+s ${where} this machine's\\.$`)),
        why: expect.stringContaining('`new Date()` in your tasks'),
        next: 'Synchronize both clocks (NTP).',
      })
    })

    test('doctor takes a few seconds for the same time', async () => {
      expect(await onMachine(4 * SECOND_MS)).toMatchObject({ state: 'ok' })
    })
  },
  ['sqlite-libsql', 'postgresql', 'mariadb'],
)
