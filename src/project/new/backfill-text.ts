import type { Field, ModelShape } from '../schema/fields.js'
import { stringOf } from '../schema/fields.js'
import { stringLiteral } from '../templates.js'

/** What a backfill's template needs to know of its model, as source text. `''` for what is to be left out. */
export interface BackfillText {
  /** `cursor`, where the model has no `@id`. */
  cursor: string
  /** Which rows are left to do. */
  where: string
  /** The key, and the fields to set. */
  select: string
  /** No row that is done matches `where`. */
  verify: boolean
  /** The fields to set, as a sentence names them. */
  fields: string
  /** What `update` may return. */
  example: string
}

/** The fields of a key, `@id` or `@@id` first; `isId` says whether Prisma calls it that. */
export interface Key {
  fields: readonly string[]
  isId: boolean
}

/** The key that a model's rows can be walked by: its id, or the first that is unique and never null. */
export function keyOf({ fields, attributes }: ModelShape): Key | undefined {
  const own = (name: string) => fields.find((field) => field.attributes.some((attribute) => attribute.name === name))
  const together = (name: string) =>
    attributes.filter((attribute) => attribute.name === name).map(({ args }) => listed(args))
  const required = (names: readonly string[]) =>
    names.every((name) => fields.find((f) => f.name === name)?.arity === '')
  const id = own('id')?.name
  const ids = id === undefined ? together('id')[0] : [id]
  if (ids) return { fields: ids, isId: true }
  const uniques = fields
    .filter(({ attributes }) => attributes.some(({ name }) => name === 'unique'))
    .map(({ name }) => [name])
  const unique = [...uniques, ...together('unique')].find(required)
  return unique && { fields: unique, isId: false }
}

/**
 * The parts of a backfill that sets some fields of a model: it selects them and the key, and finds what is left to do
 * where the schema tells: rows that have null, an empty list, or the default.
 */
export function backfillText(key: Key, fields: readonly Field[], enums: ReadonlySet<string>): BackfillText {
  const names = fields.map(({ name }) => name)
  const missing = fields.map((field) => missingValue(field, enums))
  const known = missing.every((value) => value !== undefined)
  const conditions = fields.map(({ name }, i) => `{ ${name}: ${missing[i]?.value} }`)
  return {
    cursor: key.isId
      ? ''
      : key.fields.length === 1
        ? stringLiteral(key.fields[0] ?? '')
        : `[${key.fields.map(stringLiteral).join(', ')}]`,
    where:
      fields.length === 0 || !known
        ? ''
        : conditions.length === 1
          ? (conditions[0] ?? '')
          : `{ OR: [${conditions.join(', ')}] }`,
    select:
      fields.length === 0
        ? ''
        : `{ ${[...new Set([...key.fields, ...names])].map((name) => `${name}: true`).join(', ')} }`,
    verify: fields.length > 0 && missing.every((value) => value?.ends),
    fields: names.join(' and '),
    example: `{ ${names.map((name) => `${name}: …`).join(', ')} }`,
  }
}

/** Of a model that nobody looked up. */
export const NOTHING_KNOWN = backfillText({ fields: [], isId: true }, [], new Set())

/** What a field has before the backfill set it, as a filter. `ends`: it never has that when it is set. */
function missingValue(
  { type, arity, attributes }: Field,
  enums: ReadonlySet<string>,
): { value: string; ends: boolean } | undefined {
  // Which null is meant is for its own filters to say, and those are made by the client.
  if (type === 'Json' || /^Unsupported/.test(type)) return undefined
  if (arity === '[]') return { value: '{ isEmpty: true }', ends: true }
  if (arity === '?') return { value: 'null', ends: true }
  const args = attributes.find(({ name }) => name === 'default')?.args
  const value = args === undefined ? undefined : literal(type, args, enums)
  return value === undefined ? undefined : { value, ends: false }
}

function literal(type: string, args: string, enums: ReadonlySet<string>): string | undefined {
  if (enums.has(type)) return /^\w+$/.test(args) ? stringLiteral(args) : undefined
  if (type === 'String') {
    const text = stringOf(args)
    return text === undefined ? undefined : stringLiteral(text)
  }
  if (type === 'Boolean') return /^(true|false)$/.test(args) ? args : undefined
  if (type === 'BigInt') return /^-?\d+$/.test(args) ? `${args}n` : undefined
  return /^(Int|Float|Decimal)$/.test(type) && /^-?\d+(\.\d+)?$/.test(args) ? args : undefined
}

/** The names in `[a,b(sort:Desc)]`, whatever stands after the list. */
function listed(args: string): string[] {
  const list = /\[([^\]]*)\]/.exec(args)?.[1] ?? ''
  return list.split(',').flatMap((item) => /^\w+/.exec(item.trim())?.[0] ?? [])
}
