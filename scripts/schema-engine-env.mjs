import { fileURLToPath } from 'node:url'

/**
 * The environment that lets the Prisma CLI run without its downloaded binary, and without looking
 * for updates: `spawn('npx', ['prisma', ...], { env: { ...process.env, ...schemaEngineEnv() } })`.
 *
 * Not on Windows: the CLI spawns the engine without a shell, and there neither a `.mjs` nor, since
 * Node 20.12, a `.cmd` around one can be spawned that way.
 *
 * @returns {Record<'PRISMA_SCHEMA_ENGINE_BINARY' | 'PRISMA_HIDE_UPDATE_MESSAGE' | 'CHECKPOINT_DISABLE', string>}
 */
export function schemaEngineEnv() {
  return {
    PRISMA_SCHEMA_ENGINE_BINARY: fileURLToPath(new URL('schema-engine.mjs', import.meta.url)),
    PRISMA_HIDE_UPDATE_MESSAGE: '1',
    CHECKPOINT_DISABLE: '1',
  }
}
