import type { Database, TestClient } from '../databases.js'

/** A client whose statements are kept, as they are sent. */
export function watched(database: Database, statements: string[]): TestClient {
  const client = database.client(5, { log: [{ emit: 'event', level: 'query' }] })
  client.$on('query', ({ query }) => void statements.push(query))
  return client
}
