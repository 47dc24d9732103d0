import { createMariaDb, dropMariaDb, usingMariaDb } from '../../__tests__/support/databases/mariadb.mjs'
import { titleSql } from './titles.mjs'

const SERVER = process.env.BENCH_MARIADB_URL ?? 'mysql://root@127.0.0.1:3306'

/** @returns {Promise<import('./databases.mjs').Database>} */
export async function openMariaDb() {
  const name = `ap_bench_${process.pid}`
  const address = new URL(SERVER)
  address.pathname = `/${name}`
  const url = address.href
  await createMariaDb(SERVER, name)
  const title = titleSql((text) => `REPLACE('${text}', '%', i)`)
  const query = (/** @type {string} */ sql, /** @type {unknown[]} */ parameters = []) =>
    usingMariaDb(url, (connection) => connection.query(sql, parameters))
  return {
    name: 'MariaDB',
    provider: 'mysql',
    url,
    adapter: '@prisma/adapter-mariadb',
    connect:
      // biome-ignore lint/suspicious/noTemplateCurlyInString: it is code
      "import { PrismaMariaDb } from '@prisma/adapter-mariadb'\nconst adapter = (url: string, pool: number) => new PrismaMariaDb(`${url}?connectionLimit=${pool}`)",
    async seed(rows) {
      await query('DROP TABLE IF EXISTS PostSeed')
      await query('CREATE TABLE PostSeed LIKE Post')
      await usingMariaDb(url, async (connection) => {
        await connection.query(`SET SESSION max_recursive_iterations = ${rows + 1}`)
        await connection.query(
          `INSERT INTO PostSeed (id, title) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${rows}) SELECT i, ${title} FROM n`,
        )
      })
    },
    async reset() {
      await query('TRUNCATE Post')
      await query('INSERT INTO Post SELECT * FROM PostSeed ORDER BY id')
      await query('ANALYZE TABLE Post')
    },
    forget: () => query('DELETE FROM after_party_task_runs').then(() => query('DELETE FROM after_party_task_records')),
    slugs: (upTo) => query('SELECT id, slug FROM Post WHERE id <= ? ORDER BY id', [upTo]),
    version: async () => (await query('SELECT VERSION() AS version'))[0].version.split('-')[0],
    drop: () => dropMariaDb(SERVER, name),
  }
}
