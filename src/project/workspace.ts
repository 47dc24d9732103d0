import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'

/** How far below a workspace's root its packages are: `packages/db`, `libs/shared/db`. */
const DEEPEST = 3
const SKIPPED = /^(node_modules|dist|build|out|coverage|\..*)$/

/**
 * The packages of the monorepo that a directory belongs to, in the order of their paths, without the one that the
 * directory is in. Empty where it is no monorepo.
 *
 * @example otherPackages('/shop/apps/api') // ['/shop', '/shop/apps/web', '/shop/packages/db']
 */
export function otherPackages(directory: string): string[] {
  const own = above(directory, (folder) => existsSync(join(folder, 'package.json')))
  const root = own && workspaceRootOf(own)
  return root === undefined ? [] : packagesIn(root, DEEPEST).filter((folder) => folder !== own)
}

/** The folder that makes a monorepo of the packages below it, if a directory is in one. */
export function workspaceRootOf(directory: string): string | undefined {
  return above(directory, isWorkspace)
}

function isWorkspace(folder: string): boolean {
  if (existsSync(join(folder, 'pnpm-workspace.yaml'))) return true
  try {
    return Boolean(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).workspaces)
  } catch {
    return false
  }
}

function above(directory: string, wanted: (folder: string) => boolean): string | undefined {
  for (let folder = resolve(directory); ; folder = dirname(folder)) {
    if (wanted(folder)) return folder
    if (dirname(folder) === folder) return undefined
  }
}

function packagesIn(folder: string, depth: number): string[] {
  const own = existsSync(join(folder, 'package.json')) ? [folder] : []
  if (depth === 0) return own
  try {
    const below = readdirSync(folder, { withFileTypes: true }).filter(
      (entry) => entry.isDirectory() && !SKIPPED.test(entry.name),
    )
    return [...own, ...below.map(({ name }) => join(folder, name)).flatMap((path) => packagesIn(path, depth - 1))]
  } catch {
    // Not for us to look into.
    return own
  }
}
