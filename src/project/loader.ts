import { mkdtempSync, rmdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { asLoadError } from './load-error.js'
import { referencedTsconfig } from './referenced-tsconfig.js'

/** Imports the user's own modules. A port, because how TypeScript is loaded depends on where we run. */
export interface Loader {
  /** The default export of a module, or `undefined`. Throws a `LoadError` of what the module throws. */
  defaultExport(file: string): Promise<unknown>
}

const TYPESCRIPT = /\.[cm]?tsx?$/

/** The loader of the command line: TypeScript and JavaScript, ESM and CommonJS, without a build step. */
export class TsxLoader implements Loader {
  #registered: Promise<void> | undefined

  async defaultExport(file: string): Promise<unknown> {
    if (TYPESCRIPT.test(file) && !hasOwnLoader()) this.#registered ??= registerTsx()
    await this.#registered
    try {
      return unwrapDefault(await load(path.resolve(file)))
    } catch (error) {
      throw await asLoadError(error, file)
    }
  }
}

/**
 * CommonJS by its extension is required: imported, a module of that kind can't require an ES module such as this
 * package once tsx has translated it (Node 20).
 */
async function load(file: string): Promise<{ default?: unknown }> {
  return /\.c[jt]s$/.test(file) ? { default: createRequire(file)(file) } : import(pathToFileURL(file).href)
}

/**
 * Both halves, as `node --import tsx` does: the ESM half alone can't load ESM syntax from a CommonJS package.
 * Registered once and without a namespace, so that config and tasks share one instance of what they import.
 */
async function registerTsx(): Promise<void> {
  // tsx fails where it can't make its cache, in a container whose file system is read-only.
  if (!isWritable(tmpdir())) process.env.TSX_DISABLE_CACHE = '1'
  const tsconfig = await referencedTsconfig(process.cwd())
  if (tsconfig !== undefined) process.env.TSX_TSCONFIG_PATH ??= tsconfig
  const [esm, cjs] = await Promise.all([import('tsx/esm/api'), import('tsx/cjs/api')])
  cjs.register()
  esm.register()
}

const LOADERS = /(?:--(?:import|loader|experimental-loader|require)|-r)[=\s]+\S*(?:swc|ts-node|tsx|tsimp|oxc|esbuild)/

/**
 * Whether Node was given a loader for TypeScript (`NODE_OPTIONS="--import @swc-node/register/esm-register"`): it may
 * do what tsx can't, such as the metadata of decorators, and tsx would be asked before it.
 */
export function hasOwnLoader(given = [process.env.NODE_OPTIONS, ...process.execArgv].join(' ')): boolean {
  return LOADERS.test(given)
}

/** In CommonJS projects `export default` arrives wrapped: as `default` of the module that is the default. */
function unwrapDefault(module: { default?: unknown }): unknown {
  const outer = module.default
  const isWrapped = typeof outer === 'object' && outer !== null && '__esModule' in outer && 'default' in outer
  return isWrapped ? outer.default : outer
}

/** Tried, because root may write where nothing can be written: a file system that is read-only, or not a real one. */
function isWritable(directory: string): boolean {
  try {
    rmdirSync(mkdtempSync(path.join(directory, 'after-party-')))
    return true
  } catch {
    return false
  }
}
