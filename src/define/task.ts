import type { RegisteredClient, TransactionClient } from './config.js'
import type { Duration } from './duration.js'

/** Says something for the deploy's output and for the task's history. */
export interface Log {
  (message: string, ...details: unknown[]): void
  /** The same, marked as a warning. */
  warn(message: string, ...details: unknown[]): void
  /** The same, marked as an error. The task goes on; throw to fail it. */
  error(message: string, ...details: unknown[]): void
}

/** What a task is given. */
export interface TaskContext<Client = RegisteredClient> {
  /** Your Prisma client; inside the transaction when the task has `transaction`. */
  prisma: Client
  /** Says something for the deploy's output and for the task's history. */
  log: Log
  /** Aborts when the task should stop: a signal, its `timeout`, or a lost claim. Long tasks look at it. */
  signal: AbortSignal
  /** Tells how far the task is, in things done and, when it is known, things in all. */
  progress(processed: number, total?: number): void
  /** The version of this task, `20261122103000`. */
  version: string
  /** The id of this deploy, when there is one. */
  deployId: string | undefined
}

/** How a task's transaction is made. */
export interface TransactionOptions {
  /** How long the transaction may take. Default: the task's `timeout`, else `1m`. */
  timeout?: Duration
  /** How long to wait for a connection. Default: `10s`. */
  maxWait?: Duration
  /** The isolation level, by Prisma's name. Default: the database's. */
  isolationLevel?: 'ReadUncommitted' | 'ReadCommitted' | 'RepeatableRead' | 'Snapshot' | 'Serializable'
}

/** How often, and how soon, a task that threw is tried again before it counts as failed. */
export interface RetryOptions {
  /** Tries in all, the first one included. */
  attempts: number
  /** The wait before the second try; it doubles after each. Default: `1s`. */
  delay?: Duration
}

/** `false`, `true`, or how. */
export type TransactionOption = boolean | TransactionOptions

/** `Given`, with every key that `Allowed` does not have forbidden: a type parameter is not checked for excess keys. */
export type NoExcess<Given, Allowed> = Given extends object
  ? { [Key in keyof Given]: Key extends KeyOf<Allowed> ? Given[Key] : never }
  : Given

/** The keys of every member of a union. */
type KeyOf<Union> = Union extends unknown ? keyof Union : never

/** A deploy task, as plain data. */
export interface Task<Transaction extends TransactionOption = TransactionOption, Client = RegisteredClient> {
  /** One sentence for `status`. */
  description?: string
  /** Run at every deploy, rather than once per database. Default: `false`. */
  everyDeploy?: boolean
  /** The environments it runs in. Default: all. */
  environments?: readonly string[]
  /** Commit the task's writes and its record in one transaction: exactly once. Default: `false`. */
  transaction?: Transaction & NoExcess<Transaction, TransactionOptions>
  /** How long it may take. Default: no limit. */
  timeout?: Duration
  /** Tries again when it throws. Default: one try; write conflicts in a transaction are tried five times. */
  retry?: RetryOptions
  /** The work. Without `transaction` it may run again after a crash, so write it idempotent. */
  run(context: TaskContext<Transaction extends false ? Client : TransactionClient<Client>>): unknown
}

/** A task as the engine holds it: marked as one, its client unknown. */
export interface TaskDefinition extends Omit<Task, 'run' | 'transaction'> {
  readonly kind: 'task'
  transaction?: TransactionOption
  run(context: TaskContext<never>): unknown
}

/**
 * Defines a deploy task: the default export of a file in the tasks directory. Returns plain data; nothing runs.
 *
 * @example
 * export default defineTask({
 *   description: 'Give every post a slug',
 *   async run({ prisma }) {
 *     await prisma.post.updateMany({ where: { slug: null }, data: { slug: 'x' } })
 *   },
 * })
 */
export function defineTask<const Transaction extends TransactionOption = false>(
  task: Task<Transaction>,
): TaskDefinition {
  return { kind: 'task', ...task } as TaskDefinition
}
