import { AfterPartyError } from '../../errors.js'
import { providerOf } from '../../ledger/provider.js'
import { type ModelShape, readModel, stringOf, stringsOf } from '../../project/schema-fields.js'
import { scanBlocks } from '../../project/schema-scan.js'

/** A column of a walked model. */
export interface Column {
  /** The field's name in the client. */
  field: string
  /** The column's name in the database. */
  column: string
  /** The type as the schema has it: `Int`, `Json`, or an enum's name. */
  type: string
  list: boolean
  /** Prisma sets it at every update. */
  updatedAt: boolean
  /** Of an enum: its values in the database, by their names in the client, where these differ. */
  mappedValues: ReadonlyMap<string, string>
}

/** A model as a backfill must know it: more than the client's types say, so that one statement can write a batch. */
export interface WalkedModel {
  /** The name on the client: `post`. */
  key: string
  provider: string | undefined
  /** The database schema, where the model or the adapter names one. */
  schema: string | undefined
  table: string
  columns: ReadonlyMap<string, Column>
  /** The fields of the id, in order. */
  id: readonly string[]
  /** The name that a composite unique key has in `where`, by its fields. */
  compoundNames: ReadonlyMap<string, string>
}

interface PrismaInternals {
  _engineConfig?: { inlineSchema?: unknown; adapter?: { options?: { schema?: unknown } } }
}

/**
 * Reads a model out of the schema that every generated client carries. Not public in Prisma, but there in 6 and 7,
 * extended or not; it is the only place that tells ids, `@map`ped names and `@updatedAt`.
 * Throws `tasks-invalid` when the client has no such model.
 */
export function walkedModel(client: object, key: string): WalkedModel {
  const { _engineConfig: config } = client as PrismaInternals
  const schema = typeof config?.inlineSchema === 'string' ? config.inlineSchema : ''
  const blocks = scanBlocks(schema)
  const block = blocks.find(({ kind, name }) => kind === 'model' && uncapitalised(name) === key)
  if (!(key in client) || !block)
    throw new AfterPartyError('tasks-invalid', {
      what: `The Prisma client has no model ${JSON.stringify(key)} that a backfill could walk.`,
      next: 'Write the model as it is on the client, `post` for `model Post`, and run `npx prisma generate` after changes.',
    })
  const shape = readModel(block.body)
  const enums = new Map(blocks.filter(({ kind }) => kind === 'enum').map(({ name, body }) => [name, enumValues(body)]))
  const models = new Set(blocks.filter(({ kind }) => kind === 'model').map(({ name }) => name))
  const adapterSchema = config?.adapter?.options?.schema
  return {
    key,
    provider: providerOf(client),
    schema:
      stringOf(modelAttribute(shape, 'schema')) ?? (typeof adapterSchema === 'string' ? adapterSchema : undefined),
    table: stringOf(modelAttribute(shape, 'map')) ?? block.name,
    columns: columnsOf(shape, models, enums),
    id: idOf(shape),
    compoundNames: compoundNames(shape),
  }
}

function columnsOf(
  shape: ModelShape,
  models: ReadonlySet<string>,
  enums: ReadonlyMap<string, Map<string, string>>,
): Map<string, Column> {
  const columns = shape.fields
    .filter(({ type }) => !models.has(type))
    .map(({ name, type, arity, attributes }): [string, Column] => {
      const mapped = attributes.find((attribute) => attribute.name === 'map')
      return [
        name,
        {
          field: name,
          column: stringOf(mapped?.args.replace(/^name:/, '')) ?? name,
          type,
          list: arity === '[]',
          updatedAt: attributes.some((attribute) => attribute.name === 'updatedAt'),
          mappedValues: enums.get(type) ?? new Map(),
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

function compoundNames({ attributes }: ModelShape): Map<string, string> {
  const keys = attributes.filter(({ name }) => name === 'id' || name === 'unique')
  return new Map(
    keys.map(({ args }) => {
      const fields = fieldList(args)
      return [fields.join(), /\bname:"([^"]+)"/.exec(args)?.[1] ?? fields.join('_')]
    }),
  )
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

function enumValues(body: string): Map<string, string> {
  return new Map(
    readModelLines(body).flatMap((line): [string, string][] => {
      const [, name, mapped] = /^(\w+)\s+.*?@map\(\s*("(?:[^"\\]|\\.)*")\s*\)/.exec(line) ?? []
      const value = stringOf(mapped)
      return name !== undefined && value !== undefined ? [[name, value]] : []
    }),
  )
}

function readModelLines(body: string): string[] {
  return body.split('\n').map((line) => line.trim())
}

function modelAttribute({ attributes }: ModelShape, name: string): string | undefined {
  const args = attributes.find((attribute) => attribute.name === name)?.args
  return args === undefined
    ? undefined
    : stringsOf(args)[0] === undefined
      ? undefined
      : JSON.stringify(stringsOf(args)[0])
}

function uncapitalised(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1)
}
