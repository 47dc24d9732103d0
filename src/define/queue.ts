/** What a queue rings for: a task, or one part of a backfill. */
export interface WorkMessage {
  version: string
  /** Which part, from 1. Null: the task. */
  part: number | null
}

/**
 * A queue engine that wakes workers. What runs is decided by the ledger, so a message that is lost, late or repeated
 * does no harm.
 *
 * @example
 * const queue: WorkQueue = {
 *   ring: (messages) => Promise.all(messages.map((message) => broker.publish('after-party', message))),
 *   listen: (work, { signal }) => broker.subscribe('after-party', work, { signal }),
 * }
 */
export interface WorkQueue {
  /** Whether `ring` can send in the transaction that writes the records. Default: `false`. */
  readonly inTransaction?: boolean
  /** Sends messages. `transaction`: the ledger's open Prisma transaction, for an engine with `inTransaction`. */
  ring(messages: readonly WorkMessage[], transaction?: object): Promise<unknown>
  /**
   * Calls `work` for each message, up to `concurrency` at once, until `signal` aborts. Resolves when the last call has
   * ended.
   */
  listen(
    work: (message: WorkMessage) => Promise<void>,
    options: { concurrency: number; signal: AbortSignal },
  ): Promise<void>
  /** Disconnects. */
  close?(): Promise<void>
}
