import type { OnFresh, RegisteredClient, TransactionClient } from './config.js'
import type { Duration } from './duration.js'
import type { ParamName, ParamsOf, ParamsSchema } from './params.js'

/** Writes to the output of the deploy and to the history of the task. */
export interface Log {
  (message: string, ...details: unknown[]): void
  /** Logs a warning. */
  warn(message: string, ...details: unknown[]): void
  /** Logs an error. The task continues. Throw to mark it as failed. */
  error(message: string, ...details: unknown[]): void
}

/** Runs a step of a task, unless an earlier attempt has done it, and returns its result. */
export type Step = <Result>(name: string, run: () => Promise<Result> | Result) => Promise<Result>

/** The argument of a task's `run`. */
export interface TaskContext<Client = RegisteredClient, Params = undefined> {
  /** Your Prisma client, or its transaction if the task has `transaction`. */
  prisma: Client
  /** Writes to the output of the deploy and to the history of the task. */
  log: Log
  /** Aborts when the task should stop: after a signal, its `timeout`, or a lost claim. Check it in long tasks. */
  signal: AbortSignal
  /** Reports progress: the number of processed items and, if known, their total. */
  progress(processed: number, total?: number): void
  /**
   * Runs one step of the task and keeps its result: an attempt after a failure or a crash gets the result back, and
   * doesn't run the step again. Names are unique in a task. Returns plain data, up to 64 KB as JSON.
   *
   * @example const ids = await step('import', () => importCustomers())
   */
  step: Step
  /** The version of this task, such as `20261122103000`. */
  version: string
  /** The id of this deploy, if there is one. */
  deployId: string | undefined
  /** What the task's `params` made of the values that were passed, or of none. `undefined` without `params`. */
  params: Params
}

/** The argument of a task's `verify`. It looks every time, so it has no steps. */
export type VerifyContext<Client = RegisteredClient, Params = undefined> = Omit<TaskContext<Client, Params>, 'step'>

/** The argument of `when`: your Prisma client outside of transactions. */
export type WhenContext<Client = RegisteredClient, Params = undefined> = Omit<
  TaskContext<Client, Params>,
  'progress' | 'step'
>

/** What `when` returns: `true` to start, `false` or the reason to wait. */
export type When = boolean | string

/** The options of a task's transaction. */
export interface TransactionOptions {
  /** Maximum duration of the transaction. Default: the `timeout` of the task, or `1m`. */
  timeout?: Duration
  /** How long to wait for a connection. Default: `10s`. */
  maxWait?: Duration
  /** The isolation level, with Prisma's name. Default: the default of the database. */
  isolationLevel?: 'ReadUncommitted' | 'ReadCommitted' | 'RepeatableRead' | 'Snapshot' | 'Serializable'
}

/** How often and when to retry a task that throws, before it is marked as failed. */
export interface RetryOptions {
  /** Maximum number of tries, including the first. */
  attempts: number
  /** Delay before the second try. It doubles after each try. Default: `1s`. */
  delay?: Duration
}

/** Whether to use a transaction, or its options. */
export type TransactionOption = boolean | TransactionOptions

/** `Given`, with every key that `Allowed` does not have forbidden: a type parameter is not checked for excess keys. */
export type NoExcess<Given, Allowed> = Given extends object
  ? { [Key in keyof Given]: Key extends KeyOf<Allowed> ? Given[Key] : never }
  : Given

/** The keys of every member of a union. */
type KeyOf<Union> = Union extends unknown ? keyof Union : never

/** What `verify` returns: `true` or nothing if all is well, `false` or the reason if it is not. */
// biome-ignore lint/suspicious/noConfusingVoidType: a function without a `return` found nothing wrong
export type Verified = boolean | string | undefined | void

/** A deploy task, as plain data. */
export interface Task<
  Transaction extends TransactionOption = TransactionOption,
  Client = RegisteredClient,
  Schema extends ParamsSchema | undefined = undefined,
> {
  /** One sentence that `status` shows. */
  description?: string
  /** Run at every deploy instead of once per database. Default: `false`. */
  everyDeploy?: boolean
  /** Deploys don't wait for it: a worker (`after-party work`) runs it. Default: `false`. */
  background?: boolean
  /** Names of older tasks that must be done before it starts. Until then the tasks after it go on. Default: none. */
  after?: readonly string[]
  /** The environments in which it runs. Default: all. */
  environments?: readonly string[]
  /** Words to choose tasks by: `run --tag billing`. No spaces and no commas. Default: none. */
  tags?: readonly string[]
  /** The parameters: a Standard Schema (zod, valibot, arktype). A deploy passes none, so each needs a default. */
  params?: Schema
  /** The params whose values are never stored or shown. Default: none. */
  secretParams?: readonly ParamName<Schema>[]
  /**
   * In a database that is new (`run --fresh`): run it, or record it as `baseline` without running it. Default:
   * `freshDatabase` in the config.
   */
  onFresh?: OnFresh
  /** Commit the task's writes and its record in one transaction: exactly once. Default: `false`. */
  transaction?: Transaction & NoExcess<Transaction, TransactionOptions>
  /** Maximum duration. Default: no limit. */
  timeout?: Duration
  /**
   * Asked before the task starts: `true` starts it. `false`, or a reason, leaves it for a later run, and the tasks after
   * it go on.
   */
  when?(context: WhenContext<Client, ParamsOf<Schema>>): When | Promise<When>
  /** Retries the task when it throws. Default: one try, or five tries after write conflicts in a transaction. */
  retry?: RetryOptions
  /** The work of the task. Without `transaction` it may run again after a crash, so make it idempotent. */
  run(context: TaskContext<Transaction extends false ? Client : TransactionClient<Client>, ParamsOf<Schema>>): unknown
  /**
   * Checks the work after `run`, in its transaction if there is one, before the task is recorded as done. If it returns
   * `false` or a reason, or throws, the task has failed.
   */
  verify?(
    context: VerifyContext<Transaction extends false ? Client : TransactionClient<Client>, ParamsOf<Schema>>,
  ): Verified | Promise<Verified>
}

/** What `defineTask` returns: a task without the type of its client. */
export interface TaskDefinition extends Omit<Task, 'run' | 'verify' | 'when' | 'transaction' | 'params'> {
  readonly kind: 'task'
  transaction?: TransactionOption
  params?: ParamsSchema
  when?(context: WhenContext<never, unknown>): When | Promise<When>
  run(context: TaskContext<never, unknown>): unknown
  verify?(context: VerifyContext<never, unknown>): Verified | Promise<Verified>
}

/**
 * Defines a deploy task: the default export of a file in the tasks directory. Returns plain data and runs nothing.
 *
 * @example
 * export default defineTask({
 *   description: 'Give every post a slug',
 *   async run({ prisma }) {
 *     await prisma.post.updateMany({ where: { slug: null }, data: { slug: 'x' } })
 *   },
 * })
 */
export function defineTask<
  const Transaction extends TransactionOption = false,
  Schema extends ParamsSchema | undefined = undefined,
>(task: Task<Transaction, RegisteredClient, Schema>): TaskDefinition {
  return { kind: 'task', ...task } as unknown as TaskDefinition
}
