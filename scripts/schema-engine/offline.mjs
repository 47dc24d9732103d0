/**
 * Adapters for a diff between schemas, which needs no database: the binary does it offline, the
 * WASM engine connects all the same and asks PostgreSQL for its version. These answer that and
 * nothing else.
 *
 * @param {'sqlite' | 'postgresql'} provider
 * @returns {import('./wasm-engine.mjs').AdapterFactory}
 */
export function offlineAdapters(provider) {
  const info = {
    provider: /** @type {'sqlite' | 'postgres'} */ (provider === 'sqlite' ? provider : 'postgres'),
    adapterName: 'offline',
  }
  const refuse = async () => {
    throw new Error('Comparing two schemas should need no database.')
  }
  /** @type {import('@prisma/driver-adapter-utils').SqlDriverAdapter} */
  const adapter = {
    ...info,
    queryRaw: ({ sql }) => (sql.includes('server_version_num') ? Promise.resolve(postgresVersion) : refuse()),
    executeRaw: refuse,
    executeScript: async () => {},
    startTransaction: refuse,
    dispose: async () => {},
    getConnectionInfo: () => ({ schemaName: 'public', supportsRelationJoins: true }),
  }
  return { ...info, connect: async () => adapter, connectToShadowDb: refuse }
}

/** Does the schema exist, the version, the version's number; the types are Boolean, Text, Int32. */
const postgresVersion = {
  columnNames: ['exists', 'version', 'numeric_version'],
  columnTypes: [5, 7, 0].map((type) => /** @type {import('@prisma/driver-adapter-utils').ColumnType} */ (type)),
  rows: [[true, 'PostgreSQL 15.0', 150000]],
}
