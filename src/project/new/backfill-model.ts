import { snakeCase } from 'change-case'
import { AfterPartyError } from '../../define/errors.js'
import { nearest } from '../../define/nearest.js'
import { nameOnClient } from '../../prisma/client.js'
import { findPrismaProject, type PrismaProject } from '../prisma-project.js'
import { readModel } from '../schema/fields.js'
import { shownPath } from '../shown-path.js'

/**
 * Throws `usage` for a model that the schema does not have, or whose rows no backfill can walk. Where no schema is
 * found, as in a package whose schema is another package's, nothing is checked.
 */
export async function demandModel(name: string, cwd: string, env: NodeJS.ProcessEnv): Promise<void> {
  const project = await findPrismaProject({ cwd, env }).catch((error) => {
    if (error instanceof AfterPartyError) return undefined
    throw error
  })
  const fault = project && modelFault(name, project)
  if (fault) throw fault
}

function modelFault(name: string, { info, schema, root }: PrismaProject): AfterPartyError | undefined {
  const shown = shownPath(schema.path, root)
  const named = info.blocks.find(
    (block) => nameOnClient(block.name) === nameOnClient(name) && /^(model|view|type)$/.test(block.kind),
  )
  if (!named) {
    const models = info.blocks.filter(({ kind }) => kind === 'model').map((block) => block.name)
    const near = models.find((model) => snakeCase(model) === snakeCase(name)) ?? nearest(name, models)
    return new AfterPartyError('usage', {
      what: `There is no model ${name} in ${shown}.`,
      next: near ? `Did you mean \`--model ${near}\`?` : 'Use the name from the schema, such as `--model Post`.',
    })
  }
  if (named.kind !== 'model')
    return new AfterPartyError('usage', {
      what: `${named.name} is a ${named.kind}, not a model.`,
      next: 'A backfill walks the rows of a model, in the order of its key.',
    })
  const { fields, attributes } = readModel(named.body)
  const all = [...attributes, ...fields.flatMap(({ attributes }) => attributes)]
  if (all.some(({ name }) => name === 'id' || name === 'unique')) return undefined
  return new AfterPartyError('usage', {
    what: `The model ${named.name} has no key to walk its rows by.`,
    next: 'Add an `@id` or a `@unique` field, or write a plain task.',
  })
}
