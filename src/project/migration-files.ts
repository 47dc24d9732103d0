import { readdir, stat } from 'node:fs/promises'
import path from 'node:path'
import { codeOf } from '../errors.js'

/** The names of Prisma's migrations in a directory, in order. A directory that is not there holds none. */
export async function listMigrations(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch((error) => {
    if (codeOf(error) === 'ENOENT') return []
    throw error
  })
  const names = await Promise.all(
    entries
      .filter((entry) => entry.isDirectory())
      .map(async ({ name }) => {
        const isMigration = await stat(path.join(directory, name, 'migration.sql')).catch(() => null)
        return isMigration ? [name] : []
      }),
  )
  return names.flat().sort()
}
