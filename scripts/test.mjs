/**
 * Runs the tests: all of them, or what the arguments name, as Jest takes them. The chaos suite comes last and by
 * itself: so many processes at a time leave no room for others, and would make them late.
 */
import { spawnSync } from 'node:child_process'
import path from 'node:path'

const CHAOS = '__tests__/chaos'
const jest = path.join(import.meta.dirname, '..', 'node_modules', 'jest', 'bin', 'jest.js')
const flags = ['--disable-warning=ExperimentalWarning', '--experimental-vm-modules']

const given = process.argv.slice(2)
const whole = [
  ['--testPathIgnorePatterns', CHAOS],
  ['--runInBand', CHAOS],
]
const runs = given.length > 0 ? [given] : whole
// Whoever names a part wants to see it everywhere.
const env = { ...process.env, ...(given.length > 0 && { AFTER_PARTY_TEST_VARIANTS: 'all' }) }
// Both always run: one red test should not hide another.
const codes = runs.map(
  (args) => spawnSync(process.execPath, [...flags, jest, ...args], { env, stdio: 'inherit' }).status ?? 1,
)
process.exitCode = Math.max(...codes)
