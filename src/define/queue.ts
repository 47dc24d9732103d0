/** What a queue rings for: a task, or one part of a backfill. */
export interface WorkMessage {
  version: string
  part: number | null
}

/**
 * A queue engine that wakes workers. The ledger decides what runs, so a lost, late or repeated message does no harm.
 *
 * @example
 * const queue: WorkQueue = {
 *   ring: (messages) => sqs.send(messages.map((message) => JSON.stringify(message))),
 *   listen: (work, { concurrency, signal }) => sqs.poll((body) => work(JSON.parse(body)), { concurrency, signal }),
 * }
 */
export interface WorkQueue {
  /** Whether `ring` can send in the transaction that writes the records. Default: `false` */
  readonly inTransaction?: boolean
  /**
   * Sends messages. Rejects within seconds if the engine doesn't answer. `transaction`: the ledger's open Prisma
   * transaction, for an engine with `inTransaction`.
   */
  ring(messages: readonly WorkMessage[], transaction?: object): Promise<void>
  /**
   * Calls `work` for each message, up to `concurrency` at once, until `signal` aborts. Resolves when the last call has
   * ended. An outage of the engine doesn't end it. A message whose `work` rejects comes again.
   */
  listen(
    work: (message: WorkMessage) => Promise<void>,
    options: { concurrency: number; signal: AbortSignal },
  ): Promise<void>
  /** Disconnects. A `listen` ends by its own signal. */
  close?(): Promise<void>
}
