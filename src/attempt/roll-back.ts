import type { Client } from '../prisma/client.js'
import { inOnePiece } from './transaction.js'

/** Thrown at the end of every rehearsed transaction. */
class RollBack extends Error {}

/** Runs something in a transaction, and rolls it back whatever happens. */
export async function rolledBack<T>(
  client: Client,
  times: object,
  work: (transaction: Client) => Promise<T>,
): Promise<T> {
  const done: { value?: T } = {}
  try {
    await client.$transaction(async (transaction) => {
      done.value = await inOnePiece(client, transaction, () => work(transaction))
      throw new RollBack()
    }, times)
  } catch (error) {
    if (!(error instanceof RollBack)) throw error
  }
  return done.value as T
}
