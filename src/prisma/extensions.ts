import { isPrismaClient } from './internals.js'

/**
 * What Prisma keeps behind a client that `$extends` made, in 6 and 7: the list of its extensions, the client that was
 * extended, which a transaction's client has too, and the one that was constructed. None of it is documented.
 */
interface ExtendedClient {
  _extensions?: {
    isEmpty?(): boolean
    getAllQueryCallbacks?(model: string, operation: string): readonly unknown[]
    getAllModelExtensions?(model: string): object | undefined
    getAllClientExtensions?(): object | undefined
    getAllComputedFields?(model: string): object | undefined
  }
  _appliedParent?: unknown
  _originalClient?: unknown
}

/** Queries that belong to no model: raw statements. */
const NO_MODEL = '$none'

/**
 * The same client, or the same transaction, as it is without its extensions: a soft delete, a tenant's filter or an
 * audit log is for the team's rows, and the ledger's are none. Where Prisma does not tell, the client as it is.
 */
export function withoutExtensions<Client extends object>(client: Client): Client {
  let plain: object = client
  while ((plain as ExtendedClient)._extensions?.isEmpty?.() === false) {
    const parent = (plain as ExtendedClient)._appliedParent
    if (typeof parent !== 'object' || parent === null) return client
    plain = parent
  }
  return plain as Client
}

/** Whether two clients have their connections in common: one may be the other, extended. */
export function shareConnections(one: object, other: object): boolean {
  return one === other || originalOf(one) === originalOf(other)
}

function originalOf(client: object): unknown {
  return (client as ExtendedClient)._originalClient ?? client
}

/**
 * Whether a client may answer `findMany` of a model with other rows than the database has: fewer, or in another order,
 * because an extension hooks the operation or is put in its place. A client of Prisma that does not tell may, too.
 */
export function mayBendReads(client: object, model: string): boolean {
  const { _extensions: extensions } = client as ExtendedClient
  if (!extensions?.getAllQueryCallbacks) return isPrismaClient(client)
  return isHooked(client, model, 'findMany') || isReplaced(client, model, 'findMany')
}

/** Whether an extension of the client computes a field of a model: it is not what the database has. */
export function isComputed(client: object, model: string, field: string): boolean {
  return field in ((client as ExtendedClient)._extensions?.getAllComputedFields?.(model) ?? {})
}

/** Whether an extension hooks an operation of a model. */
export function isHooked(client: object, model: string, operation: string): boolean {
  return ((client as ExtendedClient)._extensions?.getAllQueryCallbacks?.(model, operation).length ?? 0) > 0
}

/** Whether an extension has put a method of its own in the place of a model's operation. */
export function isReplaced(client: object, model: string, operation: string): boolean {
  return operation in ((client as ExtendedClient)._extensions?.getAllModelExtensions?.(model) ?? {})
}

/** Whether an extension hooks a method of the client itself: a raw statement. */
export function isClientHooked(client: object, method: string): boolean {
  return isHooked(client, NO_MODEL, method)
}

/** Whether an extension has put a method of its own in the place of a client's. */
export function isClientReplaced(client: object, method: string): boolean {
  return method in ((client as ExtendedClient)._extensions?.getAllClientExtensions?.() ?? {})
}
