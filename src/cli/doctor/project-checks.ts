import path from 'node:path'
import { VERSION } from '../../define/version.js'
import type { LoadedConfig } from '../../project/config-file.js'
import { planInit } from '../../project/init/plan-init.js'
import { planTypeChecks } from '../../project/init/type-checks.js'
import { INSTALL } from '../../project/package-manager.js'
import type { PrismaProject } from '../../project/prisma-project.js'
import { installedPackage } from '../../project/schema/prisma-cli.js'
import { shownPath } from '../../project/shown-path.js'
import type { Found } from './finding.js'

/** Prisma's packages are made for each other: one version for all that are installed. */
export function checkVersions({ root, dependencies, packageManager }: PrismaProject): Found {
  const names = ['prisma', '@prisma/client', ...[...dependencies].filter((name) => name.startsWith('@prisma/adapter-'))]
  const installed = names.flatMap((name) => {
    const version = installedPackage(root, name)?.version
    return version === undefined ? [] : [{ name, version }]
  })
  const client = installed.find(({ name }) => name === '@prisma/client')
  if (!client)
    return {
      state: 'problem',
      what: '@prisma/client is not installed.',
      next: `Run \`${INSTALL[packageManager]} @prisma/client\`.`,
    }
  const others = installed.filter(({ version }) => version !== client.version)
  if (others.length === 0)
    return { state: 'ok', what: `after-party ${VERSION}, Prisma ${client.version}, Node ${process.versions.node}` }
  return {
    state: 'warning',
    what: `Prisma's packages have different versions: ${installed.map(({ name, version }) => `${name} ${version}`).join(', ')}.`,
    next: `Run \`${INSTALL[packageManager]} ${others.map(({ name }) => `${name}@${client.version}`).join(' ')}\`.`,
  }
}

/** Whether the schema has the ledger of this release. */
export async function checkSchema({ root, schema }: PrismaProject): Promise<Found> {
  const { files } = await planInit({ cwd: root, schema: shownPath(schema.path, root), env: process.env })
  const shown = shownPath(schema.path, root)
  if (!files.some(({ name }) => name.endsWith('.prisma'))) return { state: 'ok', what: `${shown} has the ledger` }
  return {
    state: 'problem',
    what: `${shown} lacks the ledger, or parts of it.`,
    next: 'Run `npx after-party init`, then create a migration.',
  }
}

/** Whether an editor checks the tasks, and whether a build emits them. */
export async function checkTypes({ root, scripts, typescript }: PrismaProject, config: LoadedConfig): Promise<Found> {
  if (!typescript || !config.file.endsWith('ts'))
    return { state: 'ok', what: 'JavaScript: there are no types to check' }
  const { excluded, own } = await planTypeChecks(scripts, { root, config: config.file, tasks: config.tasks })
  const [build] = excluded
  if (build)
    return {
      state: 'warning',
      what: `Your build compiles the config and the tasks too: ${shownPath(build.path, root)} includes them.`,
      why: 'Without `rootDir`, one more file at the root moves every file of the output.',
      next: `Add ${[config.file, config.tasks].map((file) => `"${shownPath(file, path.dirname(build.path))}"`).join(' and ')} to its "exclude".`,
    }
  if (own?.what === 'types')
    return {
      state: 'warning',
      what: `No tsconfig checks the types of ${shownPath(config.tasks, root)}.`,
      next: `Create ${shownPath(own.path, root)}:\n${own.text.trimEnd()}`,
    }
  return { state: 'ok', what: 'your tsconfig checks the tasks, and your build leaves them out' }
}
