import { expect, test } from '@jest/globals'
import { PrismaLedger } from '../../src/ledger/prisma-ledger.js'
import { type Intercepted, intercepted } from '../support/databases/intercepted.js'
import { createDatabase, describeDatabases } from '../support/databases.js'

const VERSION = '20260101000000'

/** Another connection has SQLite's one lock for writing while we want to write. */
describeDatabases(
  (variant) => {
    test('a claim that had to wait for a writer is committed, and lets others write', async () => {
      await using database = await createDatabase(variant)
      let onRefused = () => {}
      const refused = new Promise<void>((resolve) => {
        onRefused = resolve
      })
      const ledger = new PrismaLedger(
        intercepted(database.client(), {
          afterPartyTaskRecord: {
            async create({ args, query }: Intercepted<object>) {
              return query(args).catch((error) => {
                onRefused()
                throw error
              })
            },
          },
        }),
      )
      await ledger.giveWay()
      const other = database.client()
      let claiming: ReturnType<typeof ledger.claim> | undefined
      await other.$transaction(async (transaction) => {
        await transaction.post.create({ data: { title: 'first' } })
        claiming = claim(ledger)
        await refused
      })

      expect(await claiming).toMatchObject({ version: VERSION, fence: 1 })
      // Those who look from outside see what is committed, and nothing else.
      const third = new PrismaLedger(database.client())
      expect(await third.record(VERSION)).toMatchObject({ status: 'running', fence: 1 })
      await other.post.create({ data: { title: 'second' } })
    })
  },
  ['sqlite-libsql', 'sqlite-better-sqlite3', 'sqlite-prisma6'],
)

function claim(ledger: PrismaLedger) {
  return ledger.claim(null, {
    version: VERSION,
    name: 'task',
    owner: 'host:1:x',
    leaseUntil: new Date(Date.now() + 60_000),
    startedAt: new Date(),
    checksum: null,
    deployId: null,
    params: null,
    resume: false,
  })
}
