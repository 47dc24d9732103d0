import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { AfterPartyError, codeOf } from '../../define/errors.js'
import type { SchemaFile } from './schema-info.js'

/** Where a schema is: one file, or a folder of them. */
export interface SchemaLocation {
  path: string
  isFolder: boolean
}

/** Looks where Prisma looks when nobody told it where the schema is. */
export async function defaultSchemaLocation(root: string): Promise<SchemaLocation | undefined> {
  for (const file of ['prisma/schema.prisma', 'schema.prisma']) {
    const path = join(root, file)
    if ((await kindOf(path)) === 'file') return { path, isFolder: false }
  }
  for (const folder of ['prisma/schema', 'prisma']) {
    const path = join(root, folder)
    if ((await schemaPaths(path)).length > 0) return { path, isFolder: true }
  }
  return undefined
}

/** The schema that somebody named. Throws `schema-not-found`, saying who named it, when there is none. */
export async function namedSchemaLocation(path: string, namedBy: string): Promise<SchemaLocation> {
  const kind = await kindOf(path)
  if (kind === 'file') return { path, isFolder: false }
  if (kind === 'folder' && (await schemaPaths(path)).length > 0) return { path, isFolder: true }
  throw new AfterPartyError('schema-not-found', {
    what: kind === 'folder' ? `The folder ${path} has no .prisma file.` : `Schema not found: ${path}.`,
    why: `${namedBy} sets this path.`,
    next: 'Fix the path, or run `npx after-party init --schema <path>`.',
  })
}

/** The texts of a schema's files, in the order of their names. */
export async function readSchemaFiles({ path, isFolder }: SchemaLocation): Promise<SchemaFile[]> {
  const paths = isFolder ? await schemaPaths(path) : [path]
  return Promise.all(paths.map(async (file) => ({ path: file, text: await readFile(file, 'utf8') })))
}

/** Whether a path is a file or a folder, or undefined when there is nothing. */
export async function kindOf(path: string): Promise<'file' | 'folder' | undefined> {
  const found = await stat(path).catch(unlessNothing)
  if (!found) return undefined
  return found.isDirectory() ? 'folder' : 'file'
}

async function schemaPaths(folder: string, isTop = true): Promise<string[]> {
  // A database's own folder below may be closed to us; what is asked for may not.
  const entries = (await readdir(folder, { withFileTypes: true }).catch(isTop ? unlessNothing : () => [])) ?? []
  const paths = await Promise.all(
    entries.map(async (entry) => {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) return entry.name === 'node_modules' ? [] : schemaPaths(path, false)
      return entry.name.endsWith('.prisma') ? [path] : []
    }),
  )
  return paths.flat().sort()
}

/** Nothing is there; anything else that the system says (no rights, a disk that fails) does not mean that. */
function unlessNothing(error: unknown): undefined {
  if (!['ENOENT', 'ENOTDIR'].includes(codeOf(error) ?? '')) throw error
}
