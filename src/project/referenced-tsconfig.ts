import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * The tsconfig whose options count for a folder whose `tsconfig.json` only refers to others (`files: []` and
 * `references`): of these, the first with aliases, else the first. Undefined for any other.
 *
 * @example await referencedTsconfig('/app') // '/app/tsconfig.app.json'
 */
export async function referencedTsconfig(folder: string): Promise<string | undefined> {
  const file = join(folder, 'tsconfig.json')
  const text = await readFile(file, 'utf8').catch(() => '')
  if (!text.includes('"references"')) return undefined
  // Only such a project needs a parser of its own for this.
  const { parseTsconfig } = await import('get-tsconfig')
  const read = (path: string) => {
    try {
      return parseTsconfig(path)
    } catch {
      // Whoever compiles it says what is wrong with it.
      return undefined
    }
  }
  const { files, include, references = [] } = read(file) ?? {}
  if (files?.length !== 0 || include) return undefined
  const paths = references
    .map(({ path }) => join(folder, path.endsWith('.json') ? path : join(path, 'tsconfig.json')))
    .filter((path) => existsSync(path))
  return paths.find((path) => read(path)?.compilerOptions?.paths) ?? paths[0]
}
