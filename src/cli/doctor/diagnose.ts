import type { PrismaClientLike } from '../../define/config.js'
import { createAfterParty } from '../../party.js'
import type { LoadedConfig } from '../../project/config-file.js'
import { makeClient } from '../../project/make-client.js'
import { findPrismaProject, type PrismaProject } from '../../project/prisma-project.js'
import { shownPath } from '../../project/shown-path.js'
import type { Fault } from '../../project/task-files.js'
import { openProject, type ProjectArgs } from '../using-party.js'
import { checkClients, checkClock, checkLocking, checkMigrations, checkPooler, checkTimes } from './database-checks.js'
import { type Finding, type Found, look } from './finding.js'
import { checkSchema, checkTypes, checkVersions } from './project-checks.js'

/** Looks at everything that a run needs, from what is installed to the database. Changes nothing. */
export async function diagnose(args: ProjectArgs): Promise<Finding[]> {
  let config: LoadedConfig | undefined
  const loaded = await look('config', async () => {
    config = await openProject(args)
    return { state: 'ok', what: `${shownPath(config.file)} loads` }
  })
  // Looked up last, told first: loading the config decides which folder is the project's.
  let project: PrismaProject | undefined
  const found = await look('schema', async () => {
    project = await findPrismaProject({ cwd: process.cwd(), env: process.env })
    return []
  })
  const known = project
  const disk = known
    ? [...(await look('versions', () => checkVersions(known))), ...(await look('schema', () => checkSchema(known)))]
    : found
  const opened = config
  if (!opened) return [...disk, ...loaded, unknown('database', 'it needs a config that loads')]
  const types = known ? await look('types', () => checkTypes(known, opened)) : []
  const running = await inDatabase(opened, args)
  const around = [
    ...(await look('pooler', () => checkPooler(process.env))),
    ...(await look('times', () => checkTimes(opened, process.env))),
  ]
  return [...disk, ...loaded, ...types, ...running, ...around]
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
  const made: PrismaClientLike[] = []
  const open = async (name: 'client' | 'ledgerClient', factory: LoadedConfig['client']) => {
    const client = await makeClient(name, factory)
    made.push(client)
    return client
  }
  try {
    const clients = await look('clients', async () => {
      const client = await open('client', config.client)
      return checkClients(client, await open('ledgerClient', config.ledgerClient ?? config.client))
    })
    const [client, ledgerClient] = made
    if (!client || !ledgerClient) return [...clients, unknown('migrations', 'it needs both clients')]
    return [
      ...clients,
      ...(await look('migrations', () => checkMigrations(ledgerClient, config.migrations))),
      ...(await look('clock', () => checkClock(ledgerClient))),
      ...(await look('locking', () => checkLocking(client))),
    ]
  } finally {
    await Promise.allSettled(made.map((client) => client.$disconnect()))
  }
}

function unknown(check: Finding['check'], why: string): Finding {
  return { check, state: 'unknown', what: `Not checked: ${why}.` }
}
