import path from 'node:path'
import type { AfterParty } from '../party.js'
import type { LoadedConfig } from '../project/config-file.js'

/** The options that every command which opens the project has. */
export interface ProjectArgs {
  config?: string | undefined
  env?: string | undefined
}

/**
 * Loads the config of the project that we stand in. From a folder below, everything is as if the command had been
 * called beside the config: that is where `.env` is, and what a relative SQLite URL means.
 */
export async function openProject({ config }: ProjectArgs): Promise<LoadedConfig> {
  const [{ findConfigFile, loadConfig }, { TsxLoader }, { refuseInstalledVersion }] = await Promise.all([
    import('../project/config-file.js'),
    import('../project/loader.js'),
    import('../project/prisma-version.js'),
  ])
  const above = config === undefined ? findConfigFile(process.cwd()) : undefined
  if (above !== undefined) process.chdir(path.dirname(above))
  refuseInstalledVersion(process.cwd())
  keepStdoutForData()
  return loadConfig(new TsxLoader(), process.cwd(), config)
}

/** Opens the project's After Party, hands it over, and closes it whatever happens. */
export async function usingParty<T>(
  args: ProjectArgs,
  work: (party: AfterParty, config: LoadedConfig, crashed: AbortSignal) => Promise<T>,
): Promise<T> {
  // First, because what is imported after tsx is registered passes through its hooks.
  const { createAfterParty } = await import('../party.js')
  const { handlingUncaught } = await import('./uncaught.js')
  const config = await openProject(args)
  const party = createAfterParty({ ...config, ...(args.env !== undefined && { environment: args.env }) })
  return handlingUncaught(async (crashed) => {
    try {
      return await work(party, config, crashed)
    } finally {
      await party.close()
    }
  })
}

/** What the team's own code prints goes to stderr: stdout is one table, or one JSON object. */
function keepStdoutForData(): void {
  Object.assign(console, { log: console.error, info: console.error, debug: console.error })
}
