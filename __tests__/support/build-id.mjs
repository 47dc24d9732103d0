import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

const repository = path.join(import.meta.dirname, '..', '..')
/** What the package, and a project made with it, are made of. */
const PARTS = [
  'dist',
  'templates',
  'docs',
  'llms.txt',
  'package.json',
  'package-lock.json',
  'CHANGELOG.md',
  'README.md',
  'SECURITY.md',
  'scripts/schema-engine',
  '__tests__/support/global-setup.mjs',
]

/** Names the build that is tested, by its content: what was made of it once can be used again. */
export function buildId() {
  process.env.AFTER_PARTY_TEST_BUILD ??= fingerprint(PARTS)
  return process.env.AFTER_PARTY_TEST_BUILD
}

/**
 * A hash of files, and of all that is in folders. What is not there counts as empty.
 *
 * @param {readonly string[]} parts Paths in the repository.
 */
export function fingerprint(parts) {
  const sum = createHash('sha256')
  for (const file of parts.flatMap(filesOf)) {
    sum.update(path.relative(repository, file))
    sum.update(readFileSync(file))
  }
  return sum.digest('hex').slice(0, 12)
}

/** @param {string} part @returns {string[]} */
function filesOf(part) {
  const place = path.join(repository, part)
  try {
    const entries = readdirSync(place, { recursive: true, withFileTypes: true })
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => path.join(entry.parentPath, entry.name))
      .sort()
  } catch (/** @type {any} */ error) {
    if (error.code === 'ENOTDIR') return [place]
    if (error.code === 'ENOENT') return []
    throw error
  }
}
