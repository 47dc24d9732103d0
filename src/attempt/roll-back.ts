import { inOnePiece } from './transaction.js'

/** Thrown at the end of every rehearsed transaction. */
class RollBack extends Error {}

/** Runs something in a transaction, and rolls it back whatever happens. */
export async function rolledBack<T>(
  client: object,
  times: object,
  work: (transaction: object) => Promise<T>,
): Promise<T> {
  const done: { value?: T } = {}
  const { $transaction } = client as {
    $transaction(work: (transaction: object) => Promise<never>, options: object): Promise<never>
  }
  try {
    await $transaction.call(
      client,
      async (transaction) => {
        done.value = await inOnePiece(client, transaction, () => work(transaction))
        throw new RollBack()
      },
      times,
    )
  } catch (error) {
    if (!(error instanceof RollBack)) throw error
  }
  return done.value as T
}
