import { createRequire } from 'node:module'

/** What the package says about itself: its package.json. */
export interface OwnPackage {
  version: string
  /** Where the project lives; the one place that says so. Not there until that is decided. */
  repository?: string | { url?: string }
}

/** Our own package.json: what yargs finds by itself, through the link in `node_modules/.bin`, is the team's. */
export function ownPackage(): OwnPackage {
  return createRequire(import.meta.url)('../../package.json') as OwnPackage
}

/**
 * The page where a bug is reported; undefined while the package has no address.
 *
 * @example issuesPage({ repository: 'github:owner/name' }) // 'https://github.com/owner/name/issues'
 */
export function issuesPage(own: Pick<OwnPackage, 'repository'>): string | undefined {
  const home = homePage(own)
  return home && `${home}/issues`
}

/**
 * Where a page of the documentation is read; while the package has no address, the copy that it brings along.
 *
 * @example docsPage({}, 'commands.md') // 'node_modules/after-party/docs/commands.md'
 */
export function docsPage(own: Pick<OwnPackage, 'repository'>, page: string): string {
  const home = homePage(own)
  return home ? `${home}/blob/main/docs/${page}` : `node_modules/after-party/docs/${page}`
}

function homePage({ repository }: Pick<OwnPackage, 'repository'>): string | undefined {
  const url = (typeof repository === 'string' ? repository : repository?.url)?.trim()
  if (!url) return undefined
  const [, shorthand] = /^(?:github:)?([\w.-]+\/[\w.-]+)$/.exec(url) ?? []
  return shorthand ? `https://github.com/${shorthand}` : url.replace(/^git\+/, '').replace(/\.git$/, '')
}
