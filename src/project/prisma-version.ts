import { AfterPartyError } from '../errors.js'
import { installedPackage } from './prisma-cli.js'

/** Throws `prisma-unsupported` when the version is none that After Party works with. */
export function refuseVersion(version: string): void {
  const [major = 0, minor] = version.split('.').map(Number)
  const tooOld = major < 6 || (major === 6 && minor !== undefined && minor < 19)
  if (major < 8 && !tooOld) return
  throw new AfterPartyError('prisma-unsupported', {
    what: `This project has Prisma ${version}.`,
    why:
      major >= 8
        ? 'Prisma 8 is another product, without PrismaClient and `prisma migrate deploy`; After Party is for Prisma 6.19 to 7.'
        : 'After Party is for Prisma 6.19 to 7.',
    next: 'Run `npm install prisma@7 @prisma/client@7`.',
  })
}

/** The same for the Prisma that is installed in a project. One that can't be found is not judged. */
export function refuseInstalledVersion(root: string): void {
  for (const name of ['@prisma/client', 'prisma']) {
    const version = installedPackage(root, name)?.version
    if (version !== undefined) refuseVersion(version)
  }
}
