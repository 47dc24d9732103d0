import { AfterPartyError } from '../errors.js'
import { keepsWhatIsWritten } from './ledger-columns.js'
import { LEDGER_MODELS, type LedgerModel, ledgerModels, type Provider } from './ledger-models.js'
import { type Attribute, attributeText, type Field, type ModelShape, readModel } from './schema-fields.js'
import type { SchemaInfo } from './schema-info.js'
import { scanBlocks } from './schema-scan.js'

/**
 * The ledger's models that a schema does not have yet. Throws `schema-conflict`, with the differences one a line,
 * when it has one that the runner could not work with. Formatting, comments, native types that keep what is written,
 * other table names and further fields that are optional or have a default are the team's own business.
 */
export function missingLedgerModels(schema: SchemaInfo, provider: Provider): LedgerModel[] {
  const conflicts = LEDGER_MODELS.flatMap(({ model, table }) => [
    ...conflictsOfName(schema, model, provider),
    ...conflictsOfTable(schema, model, table),
  ])
  if (conflicts.length > 0) {
    throw new AfterPartyError('schema-conflict', {
      what: 'The schema has models in the place of the ledger that are not the ledger',
      why: conflicts.join('\n'),
      next: 'Rename what is yours, or make it as After Party needs it, then run after-party init again',
    })
  }
  const present = new Set(schema.blocks.filter(({ kind }) => kind === 'model').map(({ name }) => name))
  return LEDGER_MODELS.map(({ model }) => model).filter((model) => !present.has(model))
}

function conflictsOfName(schema: SchemaInfo, model: LedgerModel, provider: Provider): string[] {
  const [block, ...others] = schema.blocks.filter(
    ({ kind, name }) => name === model && kind !== 'generator' && kind !== 'datasource',
  )
  if (!block) return []
  if (block.kind !== 'model') return [`${model} is of kind ${block.kind}; it should be a model`]
  if (others.length > 0) return [`${model} is there ${others.length + 1} times`]
  return differences(model, readModel(block.body), expectedModel(model, provider), provider)
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

function differences(model: string, actual: ModelShape, expected: ModelShape, provider: Provider): string[] {
  const found = new Map(actual.fields.map((field) => [field.name, field]))
  const wanted = new Set(expected.fields.map(({ name }) => name))
  return [
    ...expected.fields.flatMap((field) => {
      const own = found.get(field.name)
      if (own && isSame(own, field, provider)) return []
      return `${model}.${field.name} is ${own ? fieldText(own) : 'missing'}; it should be ${fieldText(field)}`
    }),
    ...actual.fields
      .filter((field) => !wanted.has(field.name) && !canBeLeftOut(field))
      .map((field) => `${model}.${field.name} is ${fieldText(field)}; it should be optional or have a default`),
    ...actual.attributes
      .filter(({ name }) => name === 'ignore' || name === 'unique' || name === 'id')
      .map((attribute) => `${model} has @${attributeText(attribute)}; it should not`),
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
