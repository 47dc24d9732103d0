import { ask, insist } from '../prisma/ask.js'
import { providerOf } from '../prisma/internals.js'
import { leaveConnection, mustTakeTurns } from '../prisma/leave-connection.js'
import { clockOffset, monotonicNow } from './clock.js'
import type { LedgerClient } from './rows.js'

/** The ledger's own client, asked so that a busy database or a lost connection is tried again. */
export class LedgerConnection {
  readonly client: LedgerClient
  /** The database has one writer at a time: SQLite. */
  readonly singleWriter: boolean
  #offset: Promise<number> | undefined
  #givesWay = false
  #turn: Promise<void> = Promise.resolve()

  constructor(client: LedgerClient) {
    this.client = client
    this.singleWriter = providerOf(client) === 'sqlite'
  }

  /** Asks something that may be asked twice. */
  ask<T>(query: () => Promise<T>): Promise<T> {
    return this.inTurn(() => ask(query, this.onBusy))
  }

  /** Writes something that does no harm when it is written twice, for as long as it takes. */
  insist<T>(write: () => Promise<T>): Promise<T> {
    return this.inTurn(() => insist(write, this.onBusy))
  }

  /** One query at a time, where a connection can't be left while others are on their way. */
  inTurn<T>(query: () => Promise<T>): Promise<T> {
    if (!mustTakeTurns(this.client)) return query()
    const turn = this.#turn.then(query)
    this.#turn = turn.then(
      () => {},
      () => {},
    )
    return turn
  }

  readonly onBusy = async (): Promise<void> => {
    await leaveConnection(this.client)
    if (this.#givesWay) await this.giveWay()
  }

  async giveWay(): Promise<void> {
    if (!this.singleWriter) return
    this.#givesWay = true
    // A driver of SQLite waits for a lock with the whole process standing still: `ask` waits better. A database that
    // does not know the statement (a remote one) does not wait like that either.
    await this.client.$queryRawUnsafe?.('PRAGMA busy_timeout = 0').catch(() => {})
  }

  /** The database's clock, ms. */
  async now(): Promise<number> {
    this.#offset ??= this.ask(() => clockOffset(this.client)).catch((error) => {
      this.#offset = undefined
      throw error
    })
    return monotonicNow() + (await this.#offset)
  }
}
