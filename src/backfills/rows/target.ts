import type { BackfillDefinition } from '../../define/backfill.js'
import { isComputed, mayBendReads } from '../../prisma/extensions.js'
import { CursorError, type Walk } from './pages.js'
import { type Column, type WalkedModel, walkedModel } from './walked-model.js'

/** The model that a backfill walks, and how. */
export interface Walked {
  model: WalkedModel
  walk: Walk
}

/** What a definition walks, as the client knows it. Throws for a model or a cursor that is not there. */
export function walkedOf(definition: BackfillDefinition, client: object): Walked {
  const model = walkedModel(client, definition.model)
  const fields = cursorOf(definition, model)
  const computed = fields.find((field) => isComputed(client, model.key, field))
  if (computed !== undefined)
    throw new CursorError(
      `${computed} can't be the cursor: a client extension computes it. Set \`cursor\` to another field`,
    )
  const types = fields.flatMap((field) => model.columns.get(field)?.type ?? [])
  const { where, execute } = definition
  // It gets no rows, so only their keys are read.
  const select = execute ? {} : definition.select
  return { model, walk: { fields, types, where, select, hooked: mayBendReads(client, model.key) } }
}

/** Fields that every database and Prisma itself put in one order, exactly. */
const ORDERED = new Set(['Int', 'BigInt', 'String', 'DateTime', 'Decimal'])

function cursorOf({ cursor }: BackfillDefinition, model: WalkedModel): readonly string[] {
  const fields = cursor === undefined ? model.id : typeof cursor === 'string' ? [cursor] : cursor
  const unknown = fields.find((field) => !model.columns.has(field))
  if (unknown !== undefined) throw new CursorError(`the cursor ${unknown} is not a field of ${model.key}`)
  if (fields.length === 0) throw new CursorError(`${model.key} has no \`@id\`: set \`cursor\` to a unique field`)
  for (const field of fields) {
    const reason = unfit(model.columns.get(field))
    if (reason) throw new CursorError(`${field} can't be the cursor: ${reason}. Set \`cursor\` to another field`)
  }
  if (!model.uniques.some((unique) => unique.fields.every((field) => fields.includes(field))))
    throw new CursorError(
      `the cursor ${fields.join(', ')} is not unique in the schema: set \`cursor\` to a unique field, or to more fields (${[...fields, ...model.id].join(', ')})`,
    )
  return fields
}

function unfit(column: Column | undefined): string | undefined {
  if (column === undefined) return 'it is not a field'
  if (column.list) return 'it is a list'
  if (column.optional) return 'it can be null'
  if (!ORDERED.has(column.type)) return `values of type ${column.type} have no reliable order`
  if (column.updatedAt) return 'every update changes it, so rows would move while the backfill runs'
  if (column.finer) return 'it stores microseconds, but JavaScript dates have milliseconds'
  return undefined
}
