import pg from 'pg'

/**
 * A connection to a PostgreSQL server, for as long as the work lasts.
 *
 * @template T
 * @param {string} url
 * @param {(client: pg.Client) => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function usingPostgres(url, work) {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 3000 })
  // A connection that ends while it is idle, because a test ended it, is no error of ours.
  client.on('error', () => {})
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

/** @param {string} url */
export function listPostgres(url) {
  return usingPostgres(url, async (client) => {
    const { rows } = await client.query("SELECT datname FROM pg_database WHERE datname LIKE 'ap\\_test\\_%'")
    return rows.map(({ datname }) => /** @type {string} */ (datname))
  })
}

/** @param {string} url @param {string} name @param {string} [template] */
export function createPostgres(url, name, template = 'template1') {
  return usingPostgres(url, (client) => client.query(`CREATE DATABASE "${name}" TEMPLATE "${template}"`))
}

/** @param {string} url @param {string} name */
export function dropPostgres(url, name) {
  return usingPostgres(url, (client) => client.query(`DROP DATABASE IF EXISTS "${name}" WITH (FORCE)`))
}
