import { createPostgres, dropPostgres, usingPostgres } from '../../__tests__/support/databases/postgres.mjs'
import { titleSql } from './titles.mjs'

const SERVER = process.env.BENCH_POSTGRES_URL ?? 'postgresql://postgres@127.0.0.1:5432/postgres'

/** @returns {Promise<import('./databases.mjs').Database>} */
export async function openPostgres() {
  const name = `ap_bench_${process.pid}`
  const address = new URL(SERVER)
  address.pathname = `/${name}`
  const url = address.href
  await createPostgres(SERVER, name)
  const title = titleSql((text) => `replace('${text}', '%', i::text)`)
  const query = (/** @type {string} */ sql, /** @type {unknown[]} */ parameters = []) =>
    usingPostgres(url, (client) => client.query(sql, parameters))
  return {
    name: 'PostgreSQL',
    provider: 'postgresql',
    url,
    adapter: '@prisma/adapter-pg',
    connect:
      "import { PrismaPg } from '@prisma/adapter-pg'\nconst adapter = (url: string, pool: number) => new PrismaPg({ connectionString: url, max: pool })",
    async seed(rows) {
      await query('DROP TABLE IF EXISTS "PostSeed"')
      await query(`CREATE TABLE "PostSeed" AS SELECT i AS id, ${title} AS title FROM generate_series(1, ${rows}) AS i`)
    },
    async reset() {
      await query('TRUNCATE "Post" RESTART IDENTITY')
      await query('INSERT INTO "Post" (id, title) SELECT id, title FROM "PostSeed" ORDER BY id')
      await query('VACUUM ANALYZE "Post"')
      await query('CHECKPOINT')
    },
    forget: () => query('DELETE FROM after_party_task_runs').then(() => query('DELETE FROM after_party_task_records')),
    slugs: async (upTo) => (await query('SELECT id, slug FROM "Post" WHERE id <= $1 ORDER BY id', [upTo])).rows,
    version: async () => (await query('SHOW server_version')).rows[0].server_version.split(' ')[0],
    drop: () => dropPostgres(SERVER, name),
  }
}
