import type { BackfillDefinition } from '../../backfill.js'
import { type WalkedModel, walkedModel } from './model.js'
import { CursorError, type ReadDelegate, type Walk } from './walk.js'

/** The model that a backfill walks, and how. */
export interface Walked {
  model: WalkedModel
  walk: Walk
}

/** What a definition walks, as the client knows it. Throws for a model or a cursor that is not there. */
export function walkedOf(definition: BackfillDefinition, client: object): Walked {
  const model = walkedModel(client, definition.model)
  return { model, walk: { fields: cursorOf(definition, model), where: definition.where, select: definition.select } }
}

function cursorOf({ cursor }: BackfillDefinition, model: WalkedModel): readonly string[] {
  const fields = cursor === undefined ? model.id : typeof cursor === 'string' ? [cursor] : cursor
  const unknown = fields.find((field) => !model.columns.has(field))
  if (unknown !== undefined) throw new CursorError(`the cursor ${unknown} is not a field of ${model.key}`)
  if (fields.length === 0)
    throw new CursorError(`${model.key} has no id: say which unique field to walk by, with \`cursor\``)
  return fields
}

/** The model's operations on a client, or on a transaction of one. */
export function delegateOf(client: object, { key }: WalkedModel): ReadDelegate {
  return (client as Record<string, ReadDelegate>)[key] as ReadDelegate
}
