import { PrismaLibSql } from '@prisma/adapter-libsql'

/** The rows of a statement on an SQLite file, by a connection of its own: a look, or rows to begin with. */
export async function querySqlite(file: string, sql: string): Promise<unknown[][]> {
  const adapter = await new PrismaLibSql({ url: `file:${file}`, timeout: 5000 }).connect()
  try {
    return (await adapter.queryRaw({ sql, args: [], argTypes: [] })).rows
  } finally {
    await adapter.dispose()
  }
}
