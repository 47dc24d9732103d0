import { describe } from '@jest/globals'
import type { ClaimWrites, Ledger } from '../../src/ledger/contract.js'
import { MemoryLedger } from '../../src/ledger/memory-ledger.js'
import { PrismaLedger } from '../../src/ledger/prisma-ledger.js'
import { createDatabase, type Database, describeDatabases } from './databases.js'

/** One ledger, as several processes see it. */
export interface LedgerStand extends AsyncDisposable {
  /** The ledger of one more process. */
  ledger(): Ledger
  /** Runs something in a transaction of a task's client; where there are none, the ledger's own writes. */
  transaction(work: (writes: ClaimWrites) => Promise<void>): Promise<void>
  /** None: in memory. */
  database?: Database
}

/** `describe` for the ledger in memory, and for the one in every database. */
export function describeLedgers(body: (makeStand: () => Promise<LedgerStand>, kind: string) => void): void {
  describe('memory', () => body(memoryStand, 'memory'))
  describeDatabases((variant) => body(async () => databaseStand(await createDatabase(variant)), variant))
}

async function memoryStand(): Promise<LedgerStand> {
  const ledger = new MemoryLedger()
  return {
    ledger: () => ledger,
    transaction: (work) => work(ledger.within(undefined)),
    [Symbol.asyncDispose]: async () => {},
  }
}

function databaseStand(database: Database): LedgerStand {
  const tasks = database.client()
  const ledger = new PrismaLedger(database.client())
  return {
    ledger: () => new PrismaLedger(database.client()),
    transaction: (work) => tasks.$transaction((transaction) => work(ledger.within(transaction))),
    database,
    [Symbol.asyncDispose]: () => database.drop(),
  }
}
