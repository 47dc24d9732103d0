import type { Prisma } from '@prisma/client/extension'
import type { OnFresh, RegisteredClient, TransactionClient } from './config.js'
import type { Duration } from './duration.js'
import type { ParamName, ParamsOf, ParamsSchema } from './params.js'
import type {
  NoExcess,
  RetryOptions,
  TaskContext,
  TransactionOption,
  TransactionOptions,
  Verified,
  VerifyContext,
  When,
  WhenContext,
} from './task.js'

/** The default of `maxSkipped`. */
export const DEFAULT_MAX_SKIPPED = 100

/** A row of an unknown model, when no client is registered. */
export type UnknownRow = Record<string, unknown>

/** The model names of a client, such as `'post'`. Any string when no client is registered. */
export type BackfillModel<Client = RegisteredClient> = [TeamModel<Client>] extends [never] ? string : TeamModel<Client>

/** The names of what can be read in pages, without the ledger's own. */
type TeamModel<Client> = Exclude<
  { [Key in keyof Client & string]: Client[Key] extends { findMany: unknown } ? Key : never }[keyof Client & string],
  'afterPartyTaskRecord' | 'afterPartyTaskRun'
>

/** The `where` of a backfill, as in `findMany` of the model. */
export type BackfillWhere<Model extends string, Client = RegisteredClient> = Model extends keyof Client
  ? NonNullable<Prisma.Args<Client[Model], 'findMany'>['where']>
  : UnknownRow

/** The `select` of a backfill, as in `findMany` of the model. */
export type BackfillSelect<Model extends string, Client = RegisteredClient> = Model extends keyof Client
  ? NonNullable<Prisma.Args<Client[Model], 'findMany'>['select']>
  : UnknownRow

/** The changes to a row, as `data` in `update` of the model. */
export type BackfillData<Model extends string, Client = RegisteredClient> = Model extends keyof Client
  ? Prisma.Args<Client[Model], 'update'>['data']
  : UnknownRow

/** The same change to every row, as `data` in `updateMany` of the model. */
export type BackfillDataForAll<Model extends string, Client = RegisteredClient> = Model extends keyof Client
  ? Prisma.Args<Client[Model], 'updateMany'>['data']
  : UnknownRow

/** A row with the selected fields, or with all fields of the table. Includes fields that client extensions add. */
export type BackfillRow<Model extends string, Select, Client = RegisteredClient> = Model extends keyof Client
  ? [Select] extends [never]
    ? WholeRow<Client[Model]>
    : Prisma.Result<Client[Model], { select: Select }, 'findMany'>[number]
  : UnknownRow

/** What `findMany` gives when it is asked for nothing in particular: without what the client omits everywhere. */
type WholeRow<Delegate> = Delegate extends { findMany(...args: never): PromiseLike<(infer Row)[]> } ? Row : never

/** The cursor of a backfill: one unique field, or several fields that are unique together. No field can be null or a list. */
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

/** A batch size that adapts to how long a batch takes. */
export interface AdaptiveBatchSize {
  /** The target duration of a batch. */
  target: Duration
  /** Minimum number of rows. Default: 10. */
  min?: number
  /** Maximum number of rows. Default: 10,000. */
  max?: number
}

/** How a backfill goes in one run. What is left out is as its definition says. */
export interface RunPace {
  /** Rows per batch. */
  batchSize?: number | undefined
  /** How long to pause after each batch. */
  pause?: Duration | undefined
}

/** How long a backfill is held back before `throttle` is asked again, and the reason that `status` shows. */
export interface Throttled {
  wait: Duration
  /** Such as `replica lag 4s > 2s`. */
  reason: string
}

/**
 * The result of `throttle`: `false` continues, `true` checks again after 1 second, a duration checks again after that
 * time, and so does `{ wait, reason }`.
 */
export type Throttle = boolean | Duration | Throttled

/** The argument of `throttle`. */
export interface ThrottleContext<Client = RegisteredClient, Params = undefined> {
  /** Your Prisma client, outside of transactions. */
  prisma: Client
  /** Aborts when the backfill should stop. */
  signal: AbortSignal
  /** What the backfill's `params` made of the values that were passed, or of none. */
  params: Params
}

/** The second argument of a backfill's `update`. */
export interface UpdateContext<Params = undefined> {
  /** What the backfill's `params` made of the values that were passed, or of none. */
  params: Params
}

/** The second argument of a backfill's `run`. Its batches are its steps: it has no `step`. */
export interface BackfillContext<Client = RegisteredClient, Params = undefined>
  extends Omit<TaskContext<Client, Params>, 'prisma' | 'progress' | 'step'> {
  /** The transaction of this batch, or your Prisma client with `transaction: false`. */
  prisma: Client
}

/** The rows of one batch, as the range of their keys. */
export interface BackfillRange<Where = UnknownRow> {
  /** The key of the first row, by field: `{ id: 1 }`. */
  first: UnknownRow
  /** The key of the last row, by field: `{ id: 500 }`. */
  last: UnknownRow
  /** How many rows of the batch matched `where` when their keys were read. */
  rows: number
  /** The range and the backfill's `where`, for `updateMany`, `deleteMany` or `findMany` of the model. */
  where: Where
  /**
   * The range as a condition in SQL, without the backfill's `where`: `("id" >= $1::bigint AND "id" <= $2::bigint)` on
   * PostgreSQL, with `?` on the others. Throws for keys other than `Int`, `BigInt` and `String`.
   */
  sql: string
  /** The values of the parameters in `sql`, in order: two for each field of the cursor. */
  values: unknown[]
}

/** The argument of a backfill's `execute`. */
export interface ExecuteContext<Client = RegisteredClient, Where = UnknownRow, Params = undefined>
  extends BackfillContext<Client, Params> {
  /** The rows of this batch. */
  range: BackfillRange<Where>
}

/** The options of every backfill, with `update`, with `run` or with `execute`. */
export interface BackfillOptions<
  Model extends BackfillModel<Client>,
  Select = never,
  Transaction extends TransactionOption = TransactionOption,
  Client = RegisteredClient,
  Schema extends ParamsSchema | undefined = undefined,
> {
  /** One sentence that `status` shows. */
  description?: string
  /** Deploys don't wait for it: workers (`after-party work`) run it, slice by slice. Default: `false`. */
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
  /** The model to backfill, by its name on the client: `'post'`. */
  model: Model
  /** The rows to process. Rows may stop matching when the backfill changes them: `{ slug: null }`. Default: all rows. */
  where?: BackfillWhere<Model, Client>
  /** The fields to read. Fewer fields are faster. Default: all fields of the table. */
  select?: Prisma.Exact<Select, BackfillSelect<Model, Client>>
  /** The order of the rows: a unique field, or fields that are unique together, preferably with an index. Default: the id. */
  cursor?: BackfillCursor<Model, Client>
  /** Rows per batch: a number, or a size that adapts to a target duration. Default: 500. */
  batchSize?: number | AdaptiveBatchSize
  /** How long to pause after each batch. Default: no pause. */
  pause?: Duration
  /** Called before each batch to check whether the database can take more load. */
  throttle?(context: ThrottleContext<Client, ParamsOf<Schema>>): Throttle | Promise<Throttle>
  /** The transaction of each batch. `false`: no transaction, so a batch may run twice. Default: `true`. */
  transaction?: Transaction & NoExcess<Transaction, TransactionOptions>
  /** The number of parts to split the rows into. Parts run in parallel. Default: 1. */
  concurrency?: number
  /** Also process rows that are added after it starts. Default: `false`. */
  follow?: boolean
  /**
   * Locks the rows of a batch before `run`, `update` or `execute` gets them: nobody else can change them until the batch is
   * committed. Default: `false`. `update` notices changes without it.
   */
  lock?: boolean
  /** What to do with a row that can't be changed: stop the backfill, or skip and list the row. Default: `'stop'`. */
  onError?: 'stop' | 'skip'
  /** Maximum number of skipped rows. With more, the backfill fails. Default: 100. */
  maxSkipped?: number
  /**
   * Checks the work after the last batch, before the backfill is recorded as done: `true` checks that no row matches
   * `where` any more. If a function returns `false` or a reason, or throws, the backfill has failed.
   */
  verify?: true | ((context: Omit<VerifyContext<Client, ParamsOf<Schema>>, 'progress'>) => Verified | Promise<Verified>)
  /**
   * Asked before the backfill starts, or resumes: `true` starts it. `false`, or a reason, leaves it for a later run, and
   * the tasks after it go on.
   */
  when?(context: WhenContext<Client, ParamsOf<Schema>>): When | Promise<When>
  /** Maximum duration in one run. Default: no limit. */
  timeout?: Duration
  /** Retries a batch that throws. Default: only after temporary errors (a deadlock, a timeout), with fewer rows. */
  retry?: RetryOptions
}

/** Changes rows one by one. Writes each batch with one statement where possible. */
export interface UpdateEach<Row, Returned, Data, Params = undefined> {
  /**
   * Returns what to change in this row, or null or nothing to leave it as it is. It may be called more than once for a
   * row, so keep it pure.
   */
  update(row: Row, context: UpdateContext<Params>): Returned & NoExcessReturned<Returned, Data>
  /** How many rows of a batch an async `update` gets at a time. Default: 1. */
  parallel?: number
  run?: never
  execute?: never
}

/** A function has these, and would pass for an object of optional fields. */
interface NoFunction {
  call?: never
  apply?: never
}

/** Changes all rows in the same way: each batch with one `updateMany`, which reads nothing but keys. */
export interface UpdateAll<Data> {
  /** What changes in every row, as `data` in `updateMany` of the model. */
  update: Data & NoFunction
  run?: never
  execute?: never
  parallel?: never
}

// biome-ignore lint/suspicious/noConfusingVoidType: a function without a `return` leaves the row as it is
type Unchanged = null | undefined | void

/** What `update` can return. */
export type BackfillReturned<Data> = Data | Unchanged | Promise<Data | Unchanged>

type NoExcessReturned<Returned, Data> =
  Returned extends Promise<infer Later> ? Promise<NoExcess<Later, Data>> : NoExcess<Returned, Data>

/** Processes a batch of rows with your own code. */
export interface RunBatch<Row, Client, Params = undefined> {
  /** Processes one batch. Its writes through `prisma` commit together with the checkpoint. */
  run(rows: Row[], context: BackfillContext<Client, Params>): void | Promise<void>
  update?: never
  execute?: never
  parallel?: never
}

/** Processes a batch with statements of your own: only the keys of its rows are read. */
export interface ExecuteRange<Client, Where, Params = undefined> {
  /** Processes the rows of one range of keys. Its writes through `prisma` commit together with the checkpoint. */
  execute(context: ExecuteContext<Client, Where, Params>): unknown
  run?: never
  update?: never
  parallel?: never
  select?: never
}

/** A backfill, as plain data: a task that processes the rows of one model in batches, with a checkpoint after each batch. */
export type Backfill<
  Model extends BackfillModel<Client>,
  Select = never,
  Returned = BackfillReturned<BackfillData<Model, RegisteredClient>>,
  Transaction extends TransactionOption = TransactionOption,
  Client = RegisteredClient,
  Schema extends ParamsSchema | undefined = undefined,
> = BackfillOptions<Model, Select, Transaction, Client, Schema> &
  (
    | UpdateEach<BackfillRow<Model, Select, Client>, Returned, BackfillData<Model, Client>, ParamsOf<Schema>>
    | UpdateAll<BackfillDataForAll<Model, Client>>
    | RunBatch<
        BackfillRow<Model, Select, Client>,
        Transaction extends false ? Client : TransactionClient<Client>,
        ParamsOf<Schema>
      >
    | ExecuteRange<
        Transaction extends false ? Client : TransactionClient<Client>,
        BackfillWhere<Model, Client>,
        ParamsOf<Schema>
      >
  )

/** What `defineBackfill` returns: a backfill without the types of its client and model. */
export interface BackfillDefinition
  extends Omit<
    BackfillOptions<string, UnknownRow, TransactionOption, object>,
    'where' | 'select' | 'cursor' | 'throttle' | 'transaction' | 'verify' | 'when' | 'params'
  > {
  readonly kind: 'backfill'
  where?: UnknownRow
  select?: UnknownRow
  cursor?: string | readonly string[]
  params?: ParamsSchema
  throttle?(context: ThrottleContext<never, unknown>): Throttle | Promise<Throttle>
  when?(context: WhenContext<never, unknown>): When | Promise<When>
  transaction?: TransactionOption
  verify?: true | ((context: Omit<VerifyContext<never, unknown>, 'progress'>) => Verified | Promise<Verified>)
  update?(row: UnknownRow, context?: UpdateContext<unknown>): unknown
  /** What `update` returns for every row, where it was given as that. */
  updateAll?: UnknownRow
  parallel?: number
  run?(rows: UnknownRow[], context: BackfillContext<never, unknown>): unknown
  execute?(context: ExecuteContext<never, UnknownRow, unknown>): unknown
}

/**
 * Defines a backfill: the default export of a file in the tasks directory. Returns plain data and runs nothing.
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
  Schema extends ParamsSchema | undefined = undefined,
>(backfill: Backfill<Model, Select, Returned, Transaction, RegisteredClient, Schema>): BackfillDefinition {
  const { update } = backfill as { update?: unknown }
  const all = typeof update === 'object' && update !== null && !Array.isArray(update)
  const change = all && { update: () => update, updateAll: update }
  return { kind: 'backfill', ...backfill, ...change } as unknown as BackfillDefinition
}
