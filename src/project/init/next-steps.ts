import { INSTALL, RUN } from '../package-manager.js'
import type { PrismaProject } from '../prisma-project.js'
import type { Provider } from '../schema/column-types.js'
import { isInstalled } from '../schema/prisma-cli.js'
import { shownPath } from '../shown-path.js'
import type { ClientSetup } from './client-setup.js'
import { needsOwnLedger } from './config-text.js'

/** What has to be installed before the next commands can work. */
export function installCommand(project: PrismaProject, setup: ClientSetup | undefined): string | undefined {
  const { root, prismaMajor, dependencies, packageManager } = project
  const usesAdapter = setup?.adapterMissing && (!setup.existing || needsOwnLedger(setup.existing))
  const packages = [
    ...(dependencies.has('after-party') || isInstalled(root, 'after-party') ? [] : ['after-party']),
    ...(setup?.adapter && usesAdapter ? [`${setup.adapter.package}@${prismaMajor}`] : []),
  ]
  return packages.length > 0 ? `${INSTALL[packageManager]} ${packages.join(' ')}` : undefined
}

/** The commands that come after init, in order. */
export function nextCommands(
  { root, prismaMajor, packageManager, schema, schemaNamed }: PrismaProject,
  provider: Provider,
  { upgrade, config }: { upgrade: boolean; config: string | undefined },
): string[] {
  const run = RUN[packageManager]
  const option = config === undefined ? '' : ` --config ${config}`
  const prisma = (words: string) =>
    `${run} prisma ${words}${schemaNamed ? ` --schema ${shownPath(schema.path, root)}` : ''}`
  const migration = upgrade ? 'upgrade_after_party' : 'add_after_party'
  const change = provider === 'mongodb' ? prisma('db push') : prisma(`migrate dev --name ${migration}`)
  const deploy = provider === 'mongodb' ? prisma('db push') : prisma('migrate deploy')
  return [
    // Prisma 6 generates by itself after either of them.
    prismaMajor >= 7 ? `${change} && ${prisma('generate')}` : change,
    ...(upgrade ? [] : [`${run} after-party new my_first_task${option}`]),
    `${deploy} && ${run} after-party run${option}`,
  ]
}
