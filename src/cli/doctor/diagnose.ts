import { createAfterParty } from '../../party.js'
import type { LoadedConfig } from '../../project/config-file.js'
import { shownPath } from '../../project/shown-path.js'
import type { Fault } from '../../project/task-files.js'
import { openProject, type ProjectArgs } from '../using-party.js'
import { checkClients, checkClock, checkLocking, checkMigrations, checkPooler, checkTimes } from './database-checks.js'
import { type Finding, type Found, look } from './finding.js'
import { checkSchema, checkTypes, checkVersions, projectIn } from './project-checks.js'

/** Looks at everything that a run needs, from what is installed to the database. Changes nothing. */
export async function diagnose(args: ProjectArgs): Promise<Finding[]> {
  let config: LoadedConfig | undefined
  const loaded = await look('config', async () => {
    config = await openProject(args)
    return { state: 'ok', what: `${shownPath(config.file)} loads` }
  })
  // Looked up last, told first: loading the config decides which folder is the project's.
  const project = await projectIn(process.cwd()).catch(() => undefined)
  const disk = project
    ? [...(await look('versions', () => checkVersions(project))), ...(await look('schema', () => checkSchema(project)))]
    : await look('schema', async () => {
        await projectIn(process.cwd())
        return []
      })
  const opened = config
  if (!opened) return [...disk, ...loaded, unknown('database', 'it needs a config that loads')]
  const types = project ? await look('types', () => checkTypes(project, opened)) : []
  const running = await inDatabase(opened, args)
  const times = await look('times', () => checkTimes(opened, process.env))
  return [...disk, ...loaded, ...types, ...running, ...times]
}

async function inDatabase(config: LoadedConfig, { env }: ProjectArgs): Promise<Finding[]> {
  const party = createAfterParty({ ...config, ...(env !== undefined && { environment: env }) })
  try {
    let faults: Fault[] | undefined
    const reached = await look('database', async () => {
      const status = await party.status()
      faults = status.faults
      const states = Object.entries(status.summary).filter(([, n]) => n > 0)
      return { state: 'ok', what: `the ledger answers${states.map(([state, n]) => `, ${n} ${state}`).join('')}` }
    })
    if (!faults) return [...reached, unknown('migrations', 'it needs the database')]
    const wrong = faults.map(
      ({ file, message }): Found => ({ state: 'problem', what: `${file}: ${message}.`, next: 'Fix the file.' }),
    )
    const tasks = await look('tasks', () =>
      wrong.length > 0 ? wrong : { state: 'ok', what: 'every task file is valid' },
    )
    return [...reached, ...tasks, ...(await withClients(config))]
  } finally {
    await party.close()
  }
}

/** What takes clients of one's own to find out. */
async function withClients(config: LoadedConfig): Promise<Finding[]> {
  const client = await config.client()
  const ledgerClient = await (config.ledgerClient ?? config.client)()
  try {
    return [
      ...(await look('clients', () => checkClients(client, ledgerClient))),
      ...(await look('migrations', () => checkMigrations(ledgerClient, config.migrations))),
      ...(await look('clock', () => checkClock(ledgerClient))),
      ...(await look('locking', () => checkLocking(client))),
      ...(await look('pooler', () => checkPooler(process.env))),
    ]
  } finally {
    await Promise.allSettled([client.$disconnect(), ledgerClient.$disconnect()])
  }
}

function unknown(check: Finding['check'], why: string): Finding {
  return { check, state: 'unknown', what: `Not checked: ${why}.` }
}
