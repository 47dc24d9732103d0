/** The database that this customer chose. */
export const provider = process.env.DATABASE_PROVIDER === 'postgresql' ? 'postgresql' : 'sqlite'
