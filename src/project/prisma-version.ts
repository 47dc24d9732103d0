import { join } from 'node:path'
import { AfterPartyError } from '../define/errors.js'
import { installedPackage } from './schema/prisma-cli.js'

const PACKAGES = ['@prisma/client', 'prisma'] as const
const install = (version: string) => `Run \`npm install prisma@${version} @prisma/client@${version}\`.`

/**
 * The major version of the project's Prisma: the installed one, else the declared one. Throws `prisma-unsupported`
 * when After Party does not work with it, and `project-not-found` when there is none.
 */
export function supportedMajor(root: string, dependencies: ReadonlyMap<string, string>): number {
  const versions = PACKAGES.flatMap((name) => {
    const declared = /\d+/.exec(dependencies.get(name) ?? '')?.[0]
    return installedPackage(root, name)?.version ?? declared ?? []
  })
  for (const version of versions) refuseVersion(version)
  const [first] = versions
  if (first !== undefined) return Number(first.split('.')[0])
  throw new AfterPartyError('project-not-found', {
    what: 'Prisma is not installed in this project.',
    why: `prisma and @prisma/client are neither installed nor listed in ${join(root, 'package.json')}.`,
    next: install('7'),
  })
}

/** Throws `prisma-unsupported` for what is installed in a project. One that can't be found is not judged. */
export function refuseInstalledVersion(root: string): void {
  for (const name of PACKAGES) {
    const version = installedPackage(root, name)?.version
    if (version !== undefined) refuseVersion(version)
  }
}

function refuseVersion(version: string): void {
  const [major = 0, minor] = version.split('.').map(Number)
  const tooOld = major < 6 || (major === 6 && minor !== undefined && minor < 19)
  if (major < 8 && !tooOld) return
  throw new AfterPartyError('prisma-unsupported', {
    what: `Prisma ${version} is not supported.`,
    why:
      major >= 8
        ? 'Prisma 8 has no PrismaClient and no `prisma migrate deploy`. After Party works with Prisma 6.19 to 7.'
        : 'After Party works with Prisma 6.19 to 7.',
    // Of one major version, the step is small.
    next: install(major === 6 ? '6.19' : '7'),
  })
}
