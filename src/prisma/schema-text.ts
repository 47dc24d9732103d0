interface PrismaInternals {
  _engineConfig?: { inlineSchema?: unknown; adapter?: unknown }
}

/** The schema that a client was generated from. Not public in Prisma, but there in 6 and 7, extended or not. */
export function schemaTextOf(client: object): string {
  const text = (client as PrismaInternals)._engineConfig?.inlineSchema
  return typeof text === 'string' ? text : ''
}

/** Whether a client speaks to its database through a driver adapter: always in Prisma 7, by choice in 6. */
export function hasAdapter(client: object): boolean {
  return Boolean((client as PrismaInternals)._engineConfig?.adapter)
}
