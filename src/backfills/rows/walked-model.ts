import { AfterPartyError } from '../../define/errors.js'
import { nameOnClient } from '../../prisma/client.js'
import {
  adapterNameOf,
  adapterSchemaOf,
  hasAdapter,
  isStrictOfUndefined,
  keepsDigits,
  providerOf,
  schemaTextOf,
} from '../../prisma/internals.js'
import {
  type Attribute,
  type ModelShape,
  readModel,
  readSettings,
  stringOf,
  stringsOf,
} from '../../project/schema/fields.js'
import { type SchemaBlock, scanBlocks, statementsOf } from '../../project/schema/scan.js'

/** A column of a walked model. */
export interface Column {
  /** The field's name in the client. */
  field: string
  /** The column's name in the database. */
  column: string
  /** The type as the schema has it: `Int`, `Json`, or an enum's name. */
  type: string
  list: boolean
  optional: boolean
  /** Prisma sets it at every update. */
  updatedAt: boolean
  /** What a new row has, as the schema says it: `uuid()`. */
  default?: string | undefined
  /** Of an enum: its values in the database, by their names in the client. */
  enumValues?: ReadonlyMap<string, string> | undefined
  /** A date that the database keeps finer than JavaScript's milliseconds. */
  finer: boolean
  /** The database's own type, where the schema names one: `Timestamptz` of `@db.Timestamptz(3)`. */
  native?: string | undefined
  /** The client hands numbers on as they are; else it rounds them to 16 digits on their way. */
  unrounded?: boolean
  /** The adapter makes a float of a Decimal, as SQLite has no other. */
  floats?: boolean
}

/**
 * What a date is sent as. `clock`: the clock of UTC, which a session reads in its own zone; `instant`: that moment in
 * every session; `unknown`: either.
 */
export type Dates = 'clock' | 'instant' | 'unknown'

/** Fields that no two rows share. */
export interface UniqueKey {
  fields: readonly string[]
  /** What a composite one is called in `where`. */
  name: string
}

/** A model as a backfill must know it: more than the client's types say, so that one statement can write a batch. */
export interface WalkedModel {
  /** The name on the client: `post`. */
  key: string
  /** The name in the schema: `Post`. */
  name: string
  provider: string | undefined
  /** What the driver adapter calls itself; undefined: Prisma 6's own engine. */
  adapter: string | undefined
  dates: Dates
  /** The database schema; undefined: that of the connection. */
  schema: string | undefined
  table: string
  columns: ReadonlyMap<string, Column>
  /** The fields of the id, in order. */
  id: readonly string[]
  /** The id and the other unique keys, as the schema tells them. */
  uniques: readonly UniqueKey[]
  /** Fields that rows of other models refer to, where Prisma itself changes those rows too (`relationMode`). */
  referred: ReadonlySet<string>
  /** Prisma refuses `undefined` where it is written out. */
  strictUndefined: boolean
}

/**
 * Reads a model out of the schema that every generated client carries.
 * Throws `tasks-invalid` when the client has no such model.
 */
export function walkedModel(client: object, key: string): WalkedModel {
  const blocks = scanBlocks(schemaTextOf(client))
  const block = blocks.find(({ kind, name }) => kind === 'model' && nameOnClient(name) === key)
  if (!(key in client) || !block)
    throw new AfterPartyError('tasks-invalid', {
      what: `The Prisma client has no model ${JSON.stringify(key)}.`,
      next: 'Use the name of the model on the client, such as `post` for `model Post`, and run `npx prisma generate` after changes.',
    })
  const shape = readModel(block.body)
  const enums = new Map(
    blocks.filter(({ kind }) => kind === 'enum').map(({ name, body }) => [name, enumValuesOf(body)]),
  )
  const provider = providerOf(client)
  const models = new Set(blocks.filter(({ kind }) => kind === 'model').map(({ name }) => name))
  const how = { unrounded: keepsDigits(client), floats: provider === 'sqlite' }
  return {
    key,
    name: block.name,
    provider,
    adapter: adapterNameOf(client),
    dates: datesOf(adapterNameOf(client)),
    schema: modelAttribute(shape, 'schema') ?? adapterSchemaOf(client) ?? defaultSchemaOf(hasAdapter(client), provider),
    table: modelAttribute(shape, 'map') ?? block.name,
    columns: columnsOf(shape, models, enums, how),
    id: idOf(shape),
    uniques: uniquesOf(shape),
    referred: referredOf(blocks, block.name),
    strictUndefined: isStrictOfUndefined(client),
  }
}

function datesOf(adapter: string | undefined): Dates {
  if (!adapter) return 'instant'
  return adapter === '@prisma/adapter-pg' ? 'clock' : 'unknown'
}

function referredOf(blocks: readonly SchemaBlock[], model: string): Set<string> {
  const datasource = blocks.find(({ kind }) => kind === 'datasource')
  if (stringOf(readSettings(datasource?.body ?? '').get('relationMode')) !== 'prisma') return new Set()
  const relations = blocks
    .filter(({ kind }) => kind === 'model')
    .flatMap(({ body }) => readModel(body).fields)
    .filter(({ type }) => type === model)
    .flatMap(({ attributes }) => attributes.filter(({ name }) => name === 'relation'))
  return new Set(relations.flatMap(({ args }) => fieldList(args.slice(Math.max(0, args.indexOf('references:'))))))
}

/** The schema in which an adapter looks for tables, when it is given none. Prisma 6's own engine has it from its URL. */
function defaultSchemaOf(adapter: boolean, provider: string | undefined): string | undefined {
  return adapter && provider === 'postgresql' ? 'public' : undefined
}

function columnsOf(
  shape: ModelShape,
  models: ReadonlySet<string>,
  enums: ReadonlyMap<string, Map<string, string>>,
  how: Pick<Column, 'unrounded' | 'floats'>,
): Map<string, Column> {
  const columns = shape.fields
    .filter(({ type }) => !models.has(type))
    .map(({ name, type, arity, attributes }): [string, Column] => {
      const mapped = attributes.find((attribute) => attribute.name === 'map')
      return [
        name,
        {
          field: name,
          column: stringOf(mapped?.args) ?? name,
          type,
          list: arity === '[]',
          optional: arity === '?',
          updatedAt: attributes.some((attribute) => attribute.name === 'updatedAt'),
          default: attributes.find((attribute) => attribute.name === 'default')?.args,
          enumValues: enums.get(type),
          finer: type === 'DateTime' && attributes.some(isFiner),
          native: attributes.map((attribute) => attribute.name.split('.')[1]).find(Boolean),
          ...how,
        },
      ]
    })
  return new Map(columns)
}

function idOf({ fields, attributes }: ModelShape): string[] {
  const single = fields.find((field) => field.attributes.some(({ name }) => name === 'id'))
  if (single) return [single.name]
  const compound = attributes.find(({ name }) => name === 'id')
  return compound ? fieldList(compound.args) : []
}

function uniquesOf({ fields, attributes }: ModelShape): UniqueKey[] {
  const single = fields
    .filter((field) => field.attributes.some(({ name }) => name === 'id' || name === 'unique'))
    .map(({ name }) => ({ fields: [name], name }))
  const compound = attributes
    .filter(({ name }) => name === 'id' || name === 'unique')
    .map(({ args }) => {
      const of = fieldList(args)
      // `name:` is taken away where it is the first argument.
      const name = /(?:^|[,(]name:)"([^"]+)"/.exec(args)?.[1]
      return { fields: of, name: of.length === 1 ? (of[0] ?? '') : (name ?? of.join('_')) }
    })
  return [...single, ...compound]
}

const MILLISECONDS = 3
const TIMES: Record<string, number> = { Timestamp: 6, Timestamptz: 6, DateTime: 0, DateTime2: 7 }

/** `@db.Timestamptz` keeps microseconds where nothing else is said, `@db.DateTime` seconds. */
function isFiner({ name, args }: Attribute): boolean {
  // `@db.Timestamptz`, where the datasource is called `db`.
  const [, type] = name.split('.')
  const usual = type === undefined ? undefined : TIMES[type]
  return usual !== undefined && (args === '' ? usual : Number(args)) > MILLISECONDS
}

/** `[a,b(sort:Desc)]` is a and b. */
function fieldList(args: string): string[] {
  const list = /\[([^\]]*)\]/.exec(args)?.[1] ?? ''
  return list
    .replace(/\([^)]*\)/g, '')
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean)
}

function enumValuesOf(body: string): Map<string, string> {
  return new Map(
    statementsOf(body).flatMap((line): [string, string][] => {
      const [, name] = /^(\w+)/.exec(line) ?? []
      const [, mapped] = /@map\(\s*(?:name:\s*)?("(?:[^"\\]|\\.)*")\s*\)/.exec(line) ?? []
      return name === undefined ? [] : [[name, stringOf(mapped) ?? name]]
    }),
  )
}

/** The text that a model's attribute gives: `@@map("posts")` is posts. */
function modelAttribute({ attributes }: ModelShape, name: string): string | undefined {
  return stringsOf(attributes.find((attribute) => attribute.name === name)?.args)[0]
}
