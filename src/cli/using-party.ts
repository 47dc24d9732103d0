import { existsSync } from 'node:fs'
import path from 'node:path'
import type { AfterParty } from '../party.js'
import type { LoadedConfig } from '../project/config-file.js'

/** The options that every command which opens the project has. */
export interface ProjectArgs {
  config?: string | undefined
  env?: string | undefined
}

/**
 * Loads the config of the project that we stand in, or the one that `--config` names. Wherever the command was called,
 * everything is as if that had been in the project's own folder: that is where `.env` and `tsconfig.json` are, and what
 * a relative SQLite URL means.
 */
export async function openProject({ config }: ProjectArgs): Promise<LoadedConfig> {
  const [{ packageRootOf }, { findConfigFile, loadConfig }, { TsxLoader }, { refuseInstalledVersion }] =
    await Promise.all([
      import('../project/compiled-config.js'),
      import('../project/config-file.js'),
      import('../project/loader.js'),
      import('../project/prisma-version.js'),
    ])
  const named = config === undefined ? undefined : path.resolve(config)
  const above = named === undefined ? findConfigFile(process.cwd()) : undefined
  const folder = named === undefined ? above && path.dirname(above) : existsSync(named) && packageRootOf(named)
  if (folder) process.chdir(folder)
  refuseInstalledVersion(process.cwd())
  keepStdoutForData()
  return loadConfig(new TsxLoader(), process.cwd(), folder ? named : config)
}

/** A project whose config is loaded. */
export interface OpenProject {
  config: LoadedConfig
  /** Aborts at an error that nothing caught. */
  crashed: AbortSignal
  /** Opens its After Party, hands it over, and closes it whatever happens. */
  open<T>(work: (party: AfterParty) => Promise<T>): Promise<T>
}

/** Loads the project's config and hands it over, with the way to open its After Party: once, or again and again. */
export async function usingProject<T>(args: ProjectArgs, work: (project: OpenProject) => Promise<T>): Promise<T> {
  // First, because what is imported after tsx is registered passes through its hooks.
  const { createAfterParty } = await import('../party.js')
  const { handlingUncaught } = await import('./uncaught.js')
  const config = await openProject(args)
  const open = async <R>(use: (party: AfterParty) => Promise<R>): Promise<R> => {
    const party = createAfterParty({ ...config, ...(args.env !== undefined && { environment: args.env }) })
    try {
      return await use(party)
    } finally {
      await party.close()
    }
  }
  return handlingUncaught((crashed) => work({ config, crashed, open }))
}

/** Opens the project's After Party, hands it over, and closes it whatever happens. */
export async function usingParty<T>(
  args: ProjectArgs,
  work: (party: AfterParty, config: LoadedConfig, crashed: AbortSignal) => Promise<T>,
): Promise<T> {
  return usingProject(args, ({ config, crashed, open }) => open((party) => work(party, config, crashed)))
}

/** What the team's own code prints goes to stderr: stdout is one table, or one JSON object. */
function keepStdoutForData(): void {
  Object.assign(console, { log: console.error, info: console.error, debug: console.error })
}
