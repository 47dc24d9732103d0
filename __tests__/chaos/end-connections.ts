import { usingMariaDb } from '../support/databases/mariadb.mjs'
import { usingPostgres } from '../support/databases/postgres.mjs'
import type { ChaosProject } from './chaos-project.js'

/** What a restart of the server does to its clients. */
export async function endConnections({ project }: ChaosProject): Promise<void> {
  const { provider, directUrl } = project.database ?? {}
  if (directUrl === undefined) throw new Error('a project on a variant has a database')
  if (provider === 'postgresql')
    await usingPostgres(directUrl, (client) =>
      client.query(
        'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
      ),
    )
  else
    await usingMariaDb(directUrl, async (connection) => {
      const rows: { id: number }[] = await connection.query(
        'SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()',
      )
      for (const { id } of rows) await connection.query(`KILL ${id}`).catch(() => {})
    })
}
