import { AfterPartyError } from '../../define/errors.js'
import { LEDGER_ADDITIONS, LEDGER_MODELS, type LedgerAddition, type LedgerModel } from '../../ledger/models.js'
import { keepsWhatIsWritten, type Provider } from '../schema/column-types.js'
import { type Attribute, attributeText, type Field, type ModelShape, readModel } from '../schema/fields.js'
import { scanBlocks } from '../schema/scan.js'
import type { SchemaInfo } from '../schema/schema-info.js'
import { ledgerModels } from './ledger-models.js'

/** What a schema lacks of the ledger. */
export interface LedgerGaps {
  /** Models that are not there at all. */
  models: LedgerModel[]
  /** What models of an older release lack. */
  outdated: { model: LedgerModel; lacks: LedgerAddition }[]
}

/**
 * What a schema lacks of the ledger. Throws `schema-conflict`, with the differences one a line, when it has a model
 * that the runner could not work with. Formatting, comments, native types that keep what is written, other table
 * names and further fields that are optional or have a default are the team's own business.
 */
export function ledgerGaps(schema: SchemaInfo, provider: Provider): LedgerGaps {
  const found = LEDGER_MODELS.map(({ model, table }) => ({ model, table, ...compare(schema, model, provider) }))
  const conflicts = found.flatMap(({ model, table, conflicts }) => [
    ...conflicts,
    ...conflictsOfTable(schema, model, table),
  ])
  if (conflicts.length > 0) {
    throw new AfterPartyError('schema-conflict', {
      what: "Models in the schema conflict with After Party's models.",
      why: conflicts.join('\n'),
      next: 'Rename your models, or change them to match. Then run `npx after-party init` again.',
    })
  }
  const present = new Set(schema.blocks.filter(({ kind }) => kind === 'model').map(({ name }) => name))
  return {
    models: LEDGER_MODELS.map(({ model }) => model).filter((model) => !present.has(model)),
    outdated: found.flatMap(({ model, lacks }) => (lacks ? [{ model, lacks }] : [])),
  }
}

interface Comparison {
  conflicts: string[]
  /** What releases since the model was written have added to it. */
  lacks?: LedgerAddition
}

function compare(schema: SchemaInfo, model: LedgerModel, provider: Provider): Comparison {
  const [block, ...others] = schema.blocks.filter(
    ({ kind, name }) => name === model && kind !== 'generator' && kind !== 'datasource',
  )
  if (!block) return { conflicts: [] }
  if (block.kind !== 'model') return { conflicts: [`${model} must be a model, but is defined as ${block.kind}`] }
  if (others.length > 0) return { conflicts: [`${model} is defined ${others.length + 1} times`] }
  const actual = readModel(block.body)
  const lacks = additionsLacking(model, actual)
  const expected = expectedModel(model, provider)
  const since = { ...expected, fields: expected.fields.filter(({ name }) => !lacks?.fields.includes(name)) }
  return { conflicts: differences(model, actual, since, { all: expected, provider }), ...(lacks && { lacks }) }
}

/**
 * What later releases added, where the model has none of it. A model that has some of a release's fields is not older
 * than that release: what it lacks was taken out or renamed by hand.
 */
function additionsLacking(model: LedgerModel, actual: ModelShape): LedgerAddition | undefined {
  const has = new Set(actual.fields.map(({ name }) => name))
  const additions = LEDGER_ADDITIONS[model]
  const first = additions.findIndex((_, at) =>
    additions.slice(at).every(({ fields }) => !fields.some((f) => has.has(f))),
  )
  if (first === -1) return undefined
  const own = new Set(actual.attributes.map((attribute) => `@${attributeText(attribute)}`))
  const later = additions.slice(first)
  return {
    fields: later.flatMap(({ fields }) => fields),
    attributes: later.flatMap(({ attributes }) => attributes).filter((attribute) => !own.has(attribute)),
  }
}

function conflictsOfTable(schema: SchemaInfo, model: LedgerModel, table: string): string[] {
  return schema.blocks
    .filter(({ kind, name }) => (kind === 'model' || kind === 'view') && name !== model)
    .filter(({ name, body }) => tableOf(name, readModel(body)) === table)
    .map(({ name }) => `${name} is mapped to the table ${table}, which belongs to ${model}`)
}

function tableOf(name: string, shape: ModelShape): string {
  const map = shape.attributes.find((attribute) => attribute.name === 'map')
  return map ? map.args.replace(/^"|"$/g, '') : name
}

function expectedModel(model: LedgerModel, provider: Provider): ModelShape {
  return readModel(scanBlocks(ledgerModels({ provider, models: [model] }))[0]?.body ?? '')
}

function differences(
  model: string,
  actual: ModelShape,
  expected: ModelShape,
  { all, provider }: { all: ModelShape; provider: Provider },
): string[] {
  const found = new Map(actual.fields.map((field) => [field.name, field]))
  const wanted = new Set(all.fields.map(({ name }) => name))
  return [
    ...expected.fields.flatMap((field) => {
      const own = found.get(field.name)
      if (own && isSame(own, field, provider)) return []
      return `${model}.${field.name} is ${own ? fieldText(own) : 'missing'}, but must be ${fieldText(field)}`
    }),
    ...actual.fields
      .filter((field) => !wanted.has(field.name) && !canBeLeftOut(field))
      .map((field) => `${model}.${field.name} is ${fieldText(field)}, but must be optional or have a default`),
    ...actual.attributes
      .filter(({ name }) => name === 'ignore' || name === 'unique' || name === 'id')
      .map((attribute) => `${model} must not have @${attributeText(attribute)}`),
  ]
}

function isSame(own: Field, wanted: Field, provider: Provider): boolean {
  return (
    own.type === wanted.type &&
    own.arity === wanted.arity &&
    meaningOf(own.attributes) === meaningOf(wanted.attributes) &&
    keepsWhatIsWritten(own, provider)
  )
}

/** What changes how Prisma treats a field; names of columns do not, and native types are looked at by themselves. */
function meaningOf(attributes: readonly Attribute[]): string {
  const relevant = attributes.filter(({ name }) => name !== 'map' && !isNative(name))
  return relevant
    .map((attribute) => (attribute.name === 'id' ? '@id' : attributeText(attribute)))
    .sort()
    .join(' ')
}

/** `@db.Text`; the prefix is the datasource's name, which is a team's own choice. */
function isNative(name: string): boolean {
  return name.includes('.')
}

function canBeLeftOut({ arity, attributes }: Field): boolean {
  return arity !== '' || attributes.some(({ name }) => name === 'default' || name === 'updatedAt' || name === 'ignore')
}

function fieldText({ type, arity, attributes }: Field): string {
  return [`${type}${arity}`, ...attributes.filter(({ name }) => name !== 'map').map(attributeText)].join(' ')
}
