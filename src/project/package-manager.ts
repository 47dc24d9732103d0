/** How each package manager runs a package's command. */
export const RUN = { npm: 'npx', pnpm: 'pnpm', yarn: 'yarn', bun: 'bunx' } as const

/** How each package manager adds packages to a project. */
export const INSTALL = { npm: 'npm install', pnpm: 'pnpm add', yarn: 'yarn add', bun: 'bun add' } as const

/** The command line tool that a project's packages came with. */
export type PackageManager = keyof typeof RUN

export function isPackageManager(word: string | undefined): word is PackageManager {
  return word !== undefined && Object.hasOwn(RUN, word)
}
