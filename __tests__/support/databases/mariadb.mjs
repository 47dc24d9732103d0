import mariadb from 'mariadb'

/**
 * A connection to a MariaDB or MySQL server, for as long as the work lasts.
 *
 * @template T
 * @param {string} url
 * @param {(connection: mariadb.Connection) => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function usingMariaDb(url, work) {
  const { hostname, port, username, password, pathname } = new URL(url)
  const connection = await mariadb.createConnection({
    host: hostname,
    port: Number(port || 3306),
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
    ...(pathname.length > 1 && { database: pathname.slice(1) }),
    connectTimeout: 3000,
  })
  try {
    return await work(connection)
  } finally {
    await connection.end()
  }
}

/** @param {string} url */
export function listMariaDb(url) {
  return usingMariaDb(url, async (connection) => {
    const rows = await connection.query("SHOW DATABASES LIKE 'ap\\_test\\_%'")
    return rows.map((/** @type {Record<string, string>} */ row) => /** @type {string} */ (Object.values(row)[0]))
  })
}

/** @param {string} url @param {string} name */
export function createMariaDb(url, name) {
  return usingMariaDb(url, (connection) => connection.query(`CREATE DATABASE \`${name}\` COLLATE utf8mb4_unicode_ci`))
}

/**
 * A copy of a database: its tables, with the foreign keys that `CREATE TABLE … LIKE` would lose, and their rows.
 *
 * @param {string} url
 * @param {string} name
 * @param {string} template
 */
export async function copyMariaDb(url, name, template) {
  await createMariaDb(url, name)
  await usingMariaDb(url, async (connection) => {
    await connection.query('SET foreign_key_checks = 0')
    const tables = await connection.query(`SHOW TABLES FROM \`${template}\``)
    for (const row of tables) {
      const table = Object.values(row)[0]
      const [created] = await connection.query(`SHOW CREATE TABLE \`${template}\`.\`${table}\``)
      await connection.query(`USE \`${name}\``)
      await connection.query(created['Create Table'])
      await connection.query(`INSERT INTO \`${table}\` SELECT * FROM \`${template}\`.\`${table}\``)
    }
  })
}

/** @param {string} url @param {string} name */
export function dropMariaDb(url, name) {
  return usingMariaDb(url, (connection) => connection.query(`DROP DATABASE IF EXISTS \`${name}\``))
}
