import { snakeCase } from 'change-case'
import { AfterPartyError } from '../../define/errors.js'
import { nearest } from '../../define/nearest.js'
import { nameOnClient } from '../../prisma/client.js'
import { findPrismaProject, type PrismaProject } from '../prisma-project.js'
import { type Field, type ModelShape, readModel } from '../schema/fields.js'
import { shownPath } from '../shown-path.js'
import { type BackfillText, backfillText, keyOf, NOTHING_KNOWN } from './backfill-text.js'

/** A backfill to write: the model as the schema or the client names it, and the fields that it is to set. */
export interface WantedBackfill {
  model: string
  set: readonly string[]
}

/**
 * Looks the model and the fields of a new backfill up in the project's schema. Throws `usage` for a model that it does
 * not have, or whose rows no backfill can walk, and for fields that can't be set. Where no schema is found, as in a
 * package whose schema is another package's, nothing is checked, and no field can be set.
 */
export async function findBackfill(
  { model, set }: WantedBackfill,
  { cwd, env }: { cwd: string; env: NodeJS.ProcessEnv },
): Promise<BackfillText> {
  const project = await findPrismaProject({ cwd, env }).catch((error) => {
    if (error instanceof AfterPartyError && set.length === 0) return undefined
    throw error
  })
  if (!project) return NOTHING_KNOWN
  const shape = modelNamed(model, project)
  const key = keyOf(shape)
  if (!key)
    throw new AfterPartyError('usage', {
      what: `The model ${shape.name} has no key to walk its rows by.`,
      next: 'Add an `@id` or a `@unique` field, or write a plain task.',
    })
  const kinds = (kind: string) =>
    new Set(project.info.blocks.flatMap((block) => (block.kind === kind ? block.name : [])))
  const fields = set.map((name) => fieldNamed(name, shape, { key: key.fields, models: kinds('model') }))
  return backfillText(key, fields, kinds('enum'))
}

interface NamedModel extends ModelShape {
  name: string
}

function modelNamed(name: string, { info, schema, root }: PrismaProject): NamedModel {
  const named = info.blocks.find(
    (block) => nameOnClient(block.name) === nameOnClient(name) && /^(model|view|type)$/.test(block.kind),
  )
  if (!named) {
    const models = info.blocks.filter(({ kind }) => kind === 'model').map((block) => block.name)
    const near = models.find((model) => snakeCase(model) === snakeCase(name)) ?? nearest(name, models)
    throw new AfterPartyError('usage', {
      what: `There is no model ${name} in ${shownPath(schema.path, root)}.`,
      next: near ? `Did you mean \`--model ${near}\`?` : 'Use the name from the schema, such as `--model Post`.',
    })
  }
  if (named.kind === 'model') return { name: named.name, ...readModel(named.body) }
  throw new AfterPartyError('usage', {
    what: `${named.name} is a ${named.kind}, not a model.`,
    next: 'A backfill walks the rows of a model, in the order of its key.',
  })
}

function fieldNamed(
  name: string,
  model: NamedModel,
  { key, models }: { key: readonly string[]; models: ReadonlySet<string> },
): Field {
  const refusal = (what: string, next: string) => new AfterPartyError('usage', { what, next })
  const field = model.fields.find((each) => each.name === name)
  if (!field) {
    const near = nearest(
      name,
      model.fields.filter(({ type }) => !models.has(type)).map((each) => each.name),
    )
    throw refusal(
      `There is no field ${name} in the model ${model.name}.`,
      near ? `Did you mean \`--set ${near}\`?` : 'Use the name of a field from the schema.',
    )
  }
  if (models.has(field.type)) {
    const keys = field.attributes.find((attribute) => attribute.name === 'relation')?.args
    const foreign = /(?:^|fields:)\[(\w+)/.exec(keys ?? '')?.[1]
    throw refusal(
      `${name} is a relation of ${model.name}.`,
      foreign ? `Set its key: \`--set ${foreign}\`.` : `Write a backfill of ${field.type} instead.`,
    )
  }
  if (key.includes(name))
    throw refusal(`${name} is the key of ${model.name}, which a backfill can't change.`, 'Choose another field.')
  if (/^Unsupported/.test(field.type))
    throw refusal(`Prisma can't write ${name}: its type is ${field.type}.`, 'Use `execute` with SQL of your own.')
  return field
}
