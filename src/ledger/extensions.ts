/** What a Prisma client tells of its extensions. Not public, but there in Prisma 6 and 7, extended or not. */
interface Extended {
  _extensions?: {
    getAllQueryCallbacks?(model: string, operation: string): readonly unknown[]
    getAllModelExtensions?(model: string): object | undefined
    getAllComputedFields?(model: string): object | undefined
  }
}

/**
 * Whether a client may answer `findMany` of a model with other rows than the database has: fewer, or in another order,
 * because an extension hooks the operation or is put in its place. A client of Prisma that does not tell may, too.
 */
export function mayBendReads(client: object, model: string): boolean {
  const { _extensions: extensions } = client as Extended
  if (!extensions?.getAllQueryCallbacks) return '_clientVersion' in client
  return (
    extensions.getAllQueryCallbacks(model, 'findMany').length > 0 ||
    'findMany' in (extensions.getAllModelExtensions?.(model) ?? {})
  )
}

/** Whether an extension of the client computes a field of a model: it is not what the database has. */
export function isComputed(client: object, model: string, field: string): boolean {
  return field in ((client as Extended)._extensions?.getAllComputedFields?.(model) ?? {})
}
