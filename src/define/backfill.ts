import type { Prisma } from '@prisma/client/extension'
import type { RegisteredClient, TransactionClient } from './config.js'
import type { Duration } from './duration.js'
import type { NoExcess, RetryOptions, TaskContext, TransactionOption, TransactionOptions } from './task.js'

/** How many rows may be left out where `maxSkipped` does not say. */
export const DEFAULT_MAX_SKIPPED = 100

/** A row of a model that is not known: no client is registered. */
export type UnknownRow = Record<string, unknown>

/** The models of a client, by the names they have on it: `'post'`. Any name when no client is registered. */
export type BackfillModel<Client = RegisteredClient> = [TeamModel<Client>] extends [never] ? string : TeamModel<Client>

/** The names of what can be read in pages, without the ledger's own. */
type TeamModel<Client> = Exclude<
  { [Key in keyof Client & string]: Client[Key] extends { findMany: unknown } ? Key : never }[keyof Client & string],
  'afterPartyTaskRecord' | 'afterPartyTaskRun'
>

/** Which rows: the `where` of the model's `findMany`. */
export type BackfillWhere<Model extends string, Client = RegisteredClient> = Model extends keyof Client
  ? NonNullable<Prisma.Args<Client[Model], 'findMany'>['where']>
  : UnknownRow

/** Which fields: the `select` of the model's `findMany`. */
export type BackfillSelect<Model extends string, Client = RegisteredClient> = Model extends keyof Client
  ? NonNullable<Prisma.Args<Client[Model], 'findMany'>['select']>
  : UnknownRow

/** What may change: the `data` of the model's `update`. */
export type BackfillData<Model extends string, Client = RegisteredClient> = Model extends keyof Client
  ? Prisma.Args<Client[Model], 'update'>['data']
  : UnknownRow

/** A row: the selected fields, or all that are in the table. What an extension adds is there too. */
export type BackfillRow<Model extends string, Select, Client = RegisteredClient> = Model extends keyof Client
  ? [Select] extends [never]
    ? WholeRow<Client[Model]>
    : Prisma.Result<Client[Model], { select: Select }, 'findMany'>[number]
  : UnknownRow

/** What `findMany` gives when it is asked for nothing in particular: without what the client omits everywhere. */
type WholeRow<Delegate> = Delegate extends { findMany(...args: never): PromiseLike<(infer Row)[]> } ? Row : never

/** A key to walk by: one field that is unique, or several fields that are together. None may be null or a list. */
export type BackfillCursor<Model extends string, Client = RegisteredClient> = Model extends keyof Client
  ?
      | UniqueField<Client[Model]>
      | readonly [KeyField<Client[Model]>, KeyField<Client[Model]>, ...KeyField<Client[Model]>[]]
  : string | readonly [string, string, ...string[]]

/** The fields of the table that have a value in every row, and one value only. */
type KeyField<Delegate> = ScalarField<Prisma.Payload<Delegate>['scalars'], Prisma.Args<Delegate, 'findMany'>['where']>

/** An extension's computed fields are among the scalars; that they can't be asked for tells them apart. */
type ScalarField<Scalars, Where> = {
  [Field in keyof Scalars & keyof NonNullable<Where> & string]: null extends Scalars[Field]
    ? never
    : Scalars[Field] extends readonly unknown[]
      ? never
      : Field
}[keyof Scalars & keyof NonNullable<Where> & string]

type UniqueField<Delegate> = KeyField<Delegate> & RequiredKey<Prisma.Args<Delegate, 'findUnique'>['where']>

/** The keys that some member of a union asks for: `findUnique` asks for one unique key or another. */
type RequiredKey<Union> = Union extends unknown
  ? { [Key in keyof Union]-?: object extends Pick<Union, Key> ? never : Key }[keyof Union]
  : never

/** Rows at a time, fitted to how long a batch takes. */
export interface AdaptiveBatchSize {
  /** How long a batch should take. */
  target: Duration
  /** Rows, at least. Default: 10. */
  min?: number
  /** Rows, at most. Default: 10,000. */
  max?: number
}

/** What `throttle` answers: `false` goes on, `true` looks again in a second, a duration after that. */
export type Throttle = boolean | Duration

/** What `throttle` is given. */
export interface ThrottleContext<Client = RegisteredClient> {
  /** Your Prisma client, outside every transaction. */
  prisma: Client
  /** Aborts when the backfill should stop. */
  signal: AbortSignal
}

/** What a backfill's `run` is given beside the rows. */
export interface BackfillContext<Client = RegisteredClient> extends Omit<TaskContext<Client>, 'prisma' | 'progress'> {
  /** The transaction of this batch; with `transaction: false`, your Prisma client. */
  prisma: Client
}

/** What every backfill has, whichever way it changes rows. */
export interface BackfillOptions<
  Model extends BackfillModel<Client>,
  Select = never,
  Transaction extends TransactionOption = TransactionOption,
  Client = RegisteredClient,
> {
  /** One sentence for `status`. */
  description?: string
  /** The environments it runs in. Default: all. */
  environments?: readonly string[]
  /** The model whose rows it walks, by its name on the client: `'post'`. */
  model: Model
  /** Which rows. It may be what the backfill itself makes false: `{ slug: null }`. Default: all. */
  where?: BackfillWhere<Model, Client>
  /** Which fields the rows have; the fewer, the faster. Default: all that are in the table. */
  select?: Prisma.Exact<Select, BackfillSelect<Model, Client>>
  /** What it walks by: a unique field, or fields that are unique together, best with an index. Default: the id. */
  cursor?: BackfillCursor<Model, Client>
  /** Rows at a time, as a number or fitted to a target time. Default: 500. */
  batchSize?: number | AdaptiveBatchSize
  /** How long to rest after each batch. Default: not at all. */
  pause?: Duration
  /** Asked before each batch whether the database can take it. */
  throttle?(context: ThrottleContext<Client>): Throttle | Promise<Throttle>
  /** How each batch's transaction is made; `false`: none, so that a batch may be done twice. Default: `true`. */
  transaction?: Transaction & NoExcess<Transaction, TransactionOptions>
  /** Into how many parts the rows are split, to be worked side by side. Default: 1. */
  concurrency?: number
  /** Take in the rows that were added after it began. Default: `false`. */
  follow?: boolean
  /** What a row that can't be changed does: end the backfill, or be left out and listed. Default: `'stop'`. */
  onError?: 'stop' | 'skip'
  /** How many rows may be left out before the backfill fails after all. Default: 100. */
  maxSkipped?: number
  /** How long it may take in all, in one run. Default: no limit. */
  timeout?: Duration
  /** Tries a batch again when it throws. Default: only after what passes by itself (a deadlock, a time-out), with fewer rows. */
  retry?: RetryOptions
}

/** Changes rows one by one: what each becomes. Written with one statement for each batch, where that can be. */
export interface UpdateEach<Row, Returned, Data> {
  /** What changes in this row. Null or nothing leaves the row as it is. Pure: it may be asked twice. */
  update(row: Row): Returned & NoExcessReturned<Returned, Data>
  run?: never
}

// biome-ignore lint/suspicious/noConfusingVoidType: a function without a `return` leaves the row as it is
type Unchanged = null | undefined | void

/** What `update` may return. */
export type BackfillReturned<Data> = Data | Unchanged | Promise<Data | Unchanged>

type NoExcessReturned<Returned, Data> =
  Returned extends Promise<infer Later> ? Promise<NoExcess<Later, Data>> : NoExcess<Returned, Data>

/** Does anything with a batch of rows. */
export interface RunBatch<Row, Client> {
  /** The work on one batch. Its writes through `prisma` and the checkpoint commit together. */
  run(rows: Row[], context: BackfillContext<Client>): void | Promise<void>
  update?: never
}

/** A backfill, as plain data: a task that walks one model's rows in batches, with a checkpoint after each. */
export type Backfill<
  Model extends BackfillModel<Client>,
  Select = never,
  Returned = BackfillReturned<BackfillData<Model, RegisteredClient>>,
  Transaction extends TransactionOption = TransactionOption,
  Client = RegisteredClient,
> = BackfillOptions<Model, Select, Transaction, Client> &
  (
    | UpdateEach<BackfillRow<Model, Select, Client>, Returned, BackfillData<Model, Client>>
    | RunBatch<BackfillRow<Model, Select, Client>, Transaction extends false ? Client : TransactionClient<Client>>
  )

/** A backfill as the engine holds it: marked as one, its client and its model unknown. */
export interface BackfillDefinition
  extends Omit<
    BackfillOptions<string, UnknownRow, TransactionOption, object>,
    'where' | 'select' | 'cursor' | 'throttle' | 'transaction'
  > {
  readonly kind: 'backfill'
  where?: UnknownRow
  select?: UnknownRow
  cursor?: string | readonly string[]
  throttle?(context: ThrottleContext<never>): Throttle | Promise<Throttle>
  transaction?: TransactionOption
  update?(row: UnknownRow): unknown
  run?(rows: UnknownRow[], context: BackfillContext<never>): unknown
}

/**
 * Defines a backfill: the default export of a file in the tasks directory. Returns plain data; nothing runs.
 *
 * @example
 * export default defineBackfill({
 *   description: 'Give every post a slug',
 *   model: 'post',
 *   where: { slug: null },
 *   select: { id: true, title: true },
 *   update: (post) => ({ slug: slugify(post.title) }),
 * })
 */
export function defineBackfill<
  const Model extends BackfillModel,
  Select extends BackfillSelect<Model> = never,
  Returned extends BackfillReturned<BackfillData<Model>> = BackfillReturned<BackfillData<Model>>,
  const Transaction extends TransactionOption = true,
>(backfill: Backfill<Model, Select, Returned, Transaction>): BackfillDefinition {
  return { kind: 'backfill', ...backfill } as unknown as BackfillDefinition
}
