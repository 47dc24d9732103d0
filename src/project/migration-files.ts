import { readdir, readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { codeOf } from '../define/errors.js'
import { usingFiles } from './file-error.js'
import { shownPath } from './shown-path.js'

/** Prisma's migrations as they are on disk. */
export interface MigrationFolder {
  /** For messages: where it is, from the current directory. */
  place: string
  /** The migrations' names, in order; null where there is no such directory. */
  names: string[] | null
}

/** Reads the migrations of a directory. Throws `file-unusable` where the system lets it not be read. */
export function readMigrations(directory: string): Promise<MigrationFolder> {
  return usingFiles(async () => ({ place: shown(directory), names: await namesIn(directory) }))
}

/** The migrations of a directory with their SQL, in order; none where there is no such directory. */
export function readMigrationFiles(directory: string): Promise<{ name: string; sql: string }[]> {
  return usingFiles(async () =>
    Promise.all(
      ((await namesIn(directory)) ?? []).map(async (name) => ({
        name,
        sql: await readFile(path.join(directory, name, 'migration.sql'), 'utf8'),
      })),
    ),
  )
}

async function namesIn(directory: string): Promise<string[] | null> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(unlessNothing)
  if (entries === null) return null
  const names = await Promise.all(
    entries
      .filter((entry) => entry.isDirectory())
      .map(async ({ name }) => {
        const isMigration = await stat(path.join(directory, name, 'migration.sql')).catch(unlessNothing)
        return isMigration ? [name] : []
      }),
  )
  return names.flat().sort()
}

/** What can't be read may be there, and must not count as a migration less. */
function unlessNothing(error: unknown): null {
  if (['ENOENT', 'ENOTDIR'].includes(codeOf(error) ?? '')) return null
  throw error
}

function shown(directory: string): string {
  const relative = path.relative(process.cwd(), directory)
  const isBelow = relative !== '' && !relative.startsWith('..') && !path.isAbsolute(relative)
  return isBelow ? shownPath(directory) : path.resolve(directory).split(path.sep).join('/')
}
