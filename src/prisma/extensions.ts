/**
 * What Prisma keeps behind a client that `$extends` made, in 6 and 7: the list of its extensions, the client that was
 * extended, which a transaction's client has too, and the one that was constructed. None of it is public.
 */
interface PrismaInternals {
  _extensions?: { isEmpty?(): boolean }
  _appliedParent?: unknown
  _originalClient?: unknown
}

/**
 * The same client, or the same transaction, as it is without its extensions: a soft delete, a tenant's filter or an
 * audit log is for the team's rows, and the ledger's are none. Where Prisma does not tell, the client as it is.
 */
export function withoutExtensions<Client extends object>(client: Client): Client {
  let plain: object = client
  while ((plain as PrismaInternals)._extensions?.isEmpty?.() === false) {
    const parent = (plain as PrismaInternals)._appliedParent
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
  return (client as PrismaInternals)._originalClient ?? client
}
