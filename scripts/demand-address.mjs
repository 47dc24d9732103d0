/**
 * Refuses to publish a package that has no address: its README's links, its page on npm and the report of a bug would
 * lead nowhere. `repository` in package.json is the one place that has it; npm derives `homepage` and `bugs` from it.
 *
 * node scripts/demand-address.mjs [package.json]
 */
import { readFileSync } from 'node:fs'

const file = process.argv[2] ?? new URL('../package.json', import.meta.url)
const { repository } = JSON.parse(readFileSync(file, 'utf8'))

if (!(typeof repository === 'string' ? repository : repository?.url)) {
  console.error('✖ The package has no address, so it was not published.')
  console.error('  `repository` in package.json is empty. Links in the README and bug reports start from it.')
  console.error('→ npm pkg set repository=github:<owner>/<name>')
  process.exitCode = 1
}
