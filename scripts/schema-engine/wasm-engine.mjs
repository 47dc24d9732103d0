import { readFile } from 'node:fs/promises'
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils'
import * as bindings from '@prisma/schema-engine-wasm/schema_engine_bg'
import { UserFacingError } from './errors.mjs'

/** @typedef {import('@prisma/driver-adapter-utils').SqlMigrationAwareDriverAdapterFactory} AdapterFactory */

/**
 * Starts Prisma's schema engine over a driver adapter. It connects at once.
 *
 * @param {import('./command-line.mjs').CommandLine['datamodels']} datamodels
 * @param {AdapterFactory} factory
 */
export async function startWasmEngine(datamodels, factory) {
  await instantiate()
  const adapters = bindMigrationAwareSqlAdapterFactory(factory)
  /** @template T @param {() => Promise<T>} action */
  const attempt = async (action) => {
    try {
      return await action()
    } catch (error) {
      throw originalError(error, adapters.errorRegistry)
    }
  }
  const engine = await attempt(() =>
    bindings.SchemaEngine.new({ datamodels: datamodels.length === 0 ? undefined : datamodels }, () => {}, adapters),
  )
  return {
    /** @param {string} method @param {any} params */
    async call(method, params) {
      if (method === 'getDatabaseVersion') return attempt(() => engine.version())
      const run = /** @type {any} */ (engine)[method]
      if (run === undefined) throw new UserFacingError(undefined, `This schema engine can't do \`${method}\`.`)
      return attempt(() => run.call(engine, params))
    },
  }
}

/**
 * The package's main file imports the `.wasm` as a module, which Node can't without a flag.
 */
async function instantiate() {
  // The engine tells this global why it panics, and dies of its absence otherwise.
  Object.assign(globalThis, { PRISMA_WASM_PANIC_REGISTRY: panicRegistry })
  const file = new URL('schema_engine_bg.wasm', import.meta.resolve('@prisma/schema-engine-wasm/schema_engine_bg'))
  const { instance } = await WebAssembly.instantiate(await readFile(file), {
    './schema_engine_bg.js': /** @type {any} */ (bindings),
  })
  const exports = /** @type {any} */ (instance.exports)
  bindings.__wbg_set_wasm(exports)
  exports.__wbindgen_start()
}

const panicRegistry = {
  message: '',
  set_message(/** @type {string} */ message) {
    this.message = message
  },
}

/**
 * Why the engine panicked, if that is what the error is.
 *
 * @param {unknown} error
 */
export function panicMessage(error) {
  return error instanceof WebAssembly.RuntimeError ? panicRegistry.message || error.message : undefined
}

/**
 * An error an adapter threw without a kind of Prisma's passes through the engine as a number.
 *
 * @param {any} error
 * @param {import('@prisma/driver-adapter-utils').ErrorRegistry} registry
 */
function originalError(error, registry) {
  const id = /External error id#(\d+)/.exec(error?.message ?? '')?.[1]
  return id === undefined ? error : (registry.consumeError(Number(id))?.error ?? error)
}
