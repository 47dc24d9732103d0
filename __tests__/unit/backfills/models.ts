import { type Column, type WalkedModel, walkedModel } from '../../../src/backfills/rows/walked-model.js'

/** A column, plain but for what is given. */
export function column(given: Partial<Column> & { field: string }): Column {
  return { column: given.field, type: 'String', list: false, optional: true, updatedAt: false, finer: false, ...given }
}

/** A model as a client with this schema has it. */
export function modelOf(schema: string, key: string, provider = 'postgresql', adapter?: object): WalkedModel {
  const client = { [key]: {}, _activeProvider: provider, _engineConfig: { inlineSchema: schema, adapter } }
  return walkedModel(client, key)
}
