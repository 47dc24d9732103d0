/**
 * The database a client speaks to, by the name it has in `schema.prisma`; undefined when the client won't say.
 * `_activeProvider` is not public, but the only place that tells, in Prisma 6 and 7, extended or not.
 */
export function providerOf(client: object): string | undefined {
  const provider = '_activeProvider' in client ? client._activeProvider : undefined
  if (typeof provider !== 'string') return undefined
  return provider === 'postgres' ? 'postgresql' : provider
}
