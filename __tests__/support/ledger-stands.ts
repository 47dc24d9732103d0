import { beforeAll, describe } from '@jest/globals'
import type { ClaimWrites, Ledger } from '../../src/ledger/contract.js'
import { MemoryLedger } from '../../src/ledger/memory-ledger.js'
import { PrismaLedger } from '../../src/ledger/prisma-ledger.js'
import { GIVEN_NAMES, openGiven } from './databases/given.js'
import { createDatabase, describeDatabases } from './databases.js'

/** One ledger, as several processes see it. */
export interface LedgerStand extends AsyncDisposable {
  /** The ledger of one more process. */
  ledger(): Ledger
  /** Runs something in a transaction of a task's client; where there are none, the ledger's own writes. */
  transaction(work: (writes: ClaimWrites) => Promise<void>): Promise<void>
}

interface LedgerDatabase {
  client(): {
    $transaction(work: (transaction: object) => Promise<void>): Promise<void>
  }
  drop(): Promise<void>
}

/** `describe` for the ledger in memory, for the one in every database, and for those whose URL is given. */
export function describeLedgers(body: (makeStand: () => Promise<LedgerStand>, kind: string) => void): void {
  describe('memory', () => body(memoryStand, 'memory'))
  describeDatabases((variant) => body(async () => databaseStand(await createDatabase(variant)), variant), undefined, {
    serverToo: true,
  })
  for (const name of GIVEN_NAMES)
    describe(name, () => {
      let database: LedgerDatabase
      beforeAll(async () => {
        database = await openGiven(name)
      }, INSTALL_MS)
      body(async () => databaseStand(database), name)
    })
}

/** An adapter and Prisma's binaries may have to be downloaded. */
const INSTALL_MS = 300_000

async function memoryStand(): Promise<LedgerStand> {
  const ledger = new MemoryLedger()
  return {
    ledger: () => ledger,
    transaction: (work) => work(ledger.within(undefined)),
    [Symbol.asyncDispose]: async () => {},
  }
}

function databaseStand(database: LedgerDatabase): LedgerStand {
  const tasks = database.client()
  const ledger = new PrismaLedger(database.client())
  return {
    ledger: () => new PrismaLedger(database.client()),
    transaction: (work) => tasks.$transaction((transaction) => work(ledger.within(transaction))),
    [Symbol.asyncDispose]: () => database.drop(),
  }
}
