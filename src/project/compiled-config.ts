import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'

/**
 * A path that a config names, as it is further up in the same package: a config that was compiled lies in an output
 * folder, and what the compiler leaves alone, such as migrations, is not beside it. Undefined where it is beside the
 * config, or nowhere, or where the config is TypeScript, which nobody compiled.
 *
 * @example aboveOutput('/app/dist/after-party.config.js', 'prisma/migrations') // '/app/prisma/migrations'
 */
export function aboveOutput(configFile: string, relative: string): string | undefined {
  const beside = path.dirname(configFile)
  if (path.isAbsolute(relative) || !/\.[cm]?js$/.test(configFile)) return undefined
  for (let folder = beside; ; folder = path.dirname(folder)) {
    const found = path.resolve(folder, relative)
    if (existsSync(found)) return folder === beside ? undefined : found
    if (isPackageRoot(folder) || path.dirname(folder) === folder) return undefined
  }
}

/** The folder of the package that a file belongs to, if any. */
export function packageRootOf(file: string): string | undefined {
  for (let folder = path.dirname(file); ; folder = path.dirname(folder)) {
    if (isPackageRoot(folder)) return folder
    if (path.dirname(folder) === folder) return undefined
  }
}

/** Output folders have a package.json, too, where it only says which kind of modules is in them. */
function isPackageRoot(folder: string): boolean {
  const file = path.join(folder, 'package.json')
  if (!existsSync(file)) return false
  try {
    return Object.keys(JSON.parse(readFileSync(file, 'utf8'))).some((key) => key !== 'type')
  } catch {
    return true
  }
}
