import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import { generated, repository } from '../support/paths.mjs'
import { titleSql } from './titles.mjs'

/** The driver is the adapter's own dependency. */
const adapter = createRequire(path.join(repository, 'node_modules/@prisma/adapter-libsql/package.json'))
const { createClient } = adapter('@libsql/client')

/** @returns {Promise<import('./databases.mjs').Database>} */
export async function openSqlite() {
  await mkdir(generated, { recursive: true })
  const directory = await mkdtemp(path.join(generated, 'sqlite-'))
  const url = `file:${path.join(directory, 'bench.db')}`
  const title = titleSql((text) => `replace('${text}', '%', i)`)
  const query = async (/** @type {string} */ sql, /** @type {unknown[]} */ args = []) => {
    const client = createClient({ url, timeout: 5000 })
    try {
      return (await client.execute({ sql, args })).rows
    } finally {
      client.close()
    }
  }
  return {
    name: 'SQLite',
    provider: 'sqlite',
    url,
    adapter: '@prisma/adapter-libsql',
    connect:
      "import { PrismaLibSql } from '@prisma/adapter-libsql'\nconst adapter = (url: string, _pool: number) => new PrismaLibSql({ url, timeout: 5000 })",
    async seed(rows) {
      await query('DROP TABLE IF EXISTS PostSeed')
      await query(
        `CREATE TABLE PostSeed AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${rows}) SELECT i AS id, ${title} AS title FROM n`,
      )
    },
    async reset() {
      await query('DELETE FROM Post')
      await query('INSERT INTO Post (id, title) SELECT id, title FROM PostSeed ORDER BY id')
      await query('VACUUM')
    },
    slugs: (upTo) => query('SELECT id, slug FROM Post WHERE id <= ? ORDER BY id', [upTo]),
    version: async () => String((await query('SELECT sqlite_version() AS version'))[0].version),
    drop: () => rm(directory, { recursive: true, force: true }),
  }
}
