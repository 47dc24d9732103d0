import { readFile } from 'node:fs/promises'
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils'
import * as bindings from '@prisma/schema-engine-wasm/schema_engine_bg'

/** @typedef {import('@prisma/driver-adapter-utils').SqlMigrationAwareDriverAdapterFactory} AdapterFactory */

/**
 * Starts Prisma's schema engine over a driver adapter. It connects at once.
 *
 * @param {string[]} datamodels
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
    bindings.SchemaEngine.new(
      {
        datamodels:
          datamodels.length === 0 ? undefined : datamodels.map((text, index) => [`schema-${index}.prisma`, text]),
      },
      () => {},
      adapters,
    ),
  )
  return {
    /** @param {string} method @param {any} params */
    call: (method, params) => attempt(() => /** @type {any} */ (engine)[method](params)),
  }
}

/**
 * The package's main file imports the `.wasm` as a module, which Node can't without a flag.
 */
async function instantiate() {
  // The engine tells this global why it panics, and dies of its absence otherwise.
  globalThis.PRISMA_WASM_PANIC_REGISTRY = {
    message: '',
    set_message(/** @type {string} */ message) {
      this.message = message
    },
  }
  const file = new URL('schema_engine_bg.wasm', import.meta.resolve('@prisma/schema-engine-wasm/schema_engine_bg'))
  const { instance } = await WebAssembly.instantiate(await readFile(file), {
    './schema_engine_bg.js': /** @type {any} */ (bindings),
  })
  bindings.__wbg_set_wasm(instance.exports)
  /** @type {any} */
  instance.exports.__wbindgen_start()
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
