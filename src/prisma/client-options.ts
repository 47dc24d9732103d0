interface PrismaInternals {
  _engineConfig?: { transactionOptions?: { isolationLevel?: unknown } }
}

/**
 * The isolation level that a client was made with: `new PrismaClient({ transactionOptions: { isolationLevel } })`.
 * Undefined: none. Not public in Prisma, but there in 6 and 7, extended or not; MySQL can't be asked for it.
 */
export function clientIsolationLevel(client: object): string | undefined {
  const level = (client as PrismaInternals)._engineConfig?.transactionOptions?.isolationLevel
  return typeof level === 'string' ? level : undefined
}
