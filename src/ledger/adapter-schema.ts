interface PrismaInternals {
  _engineConfig?: { adapter?: { options?: { schema?: unknown } } }
}

/**
 * The database schema that a client's adapter was given, in which it looks for tables: `new PrismaPg(pool, { schema })`.
 * Undefined: none was, or the client has no adapter. Not public in Prisma, but there in 6 and 7, extended or not.
 */
export function adapterSchemaOf(client: object): string | undefined {
  const schema = (client as PrismaInternals)._engineConfig?.adapter?.options?.schema
  return typeof schema === 'string' ? schema : undefined
}
