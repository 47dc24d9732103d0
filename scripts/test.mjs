/**
 * Runs the tests: all of them, or what the arguments name, as Jest takes them. The chaos suite comes last and by
 * itself: so many processes at a time leave no room for others, and would make them late.
 */
import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { everyVariant } from '../__tests__/support/databases/servers.mjs'

const CHAOS = '__tests__/chaos'

/**
 * Left out of a newcomer's run, for others touch the same promises: the demo is the other command of the README, and
 * the examples are projects like it; what several processes, stalls and outages do to a claim is in databases/engine and
 * databases/connection-loss; what is asked of tasks is in databases/requests, and workers and queues are in
 * databases/workers and databases/queues; deploys with gates are in cli/deploy-gates, and what a killed one leaves in
 * unit/deploy; the steps of a killed task are in databases/steps; the testing face, new databases and the upgrade of a
 * ledger have tests of their own without a process.
 */
const THOROUGH = [
  'cli/blame',
  'cli/demo',
  'cli/examples',
  'cli/testing-face',
  'cli/new-database',
  'cli/upgrades',
  'cli/worker-memory',
  'chaos/deploys',
  'chaos/many-processes',
  'chaos/queues',
  'chaos/requests',
  'chaos/workers',
  'chaos/outages',
  'chaos/stalls',
  'chaos/steps',
  'databases/backfill-other-place',
  'databases/backfill-plans',
  'databases/backfill-session-zones',
  'databases/connection-faults',
  'databases/deploys-with-gates',
  'databases/ledger-beside-extensions',
  'databases/ledger-upgrade',
  'databases/prisma-error-lines',
  'databases/schema-validation',
  'docs/json',
  'docs/outputs',
  'docs/recipes-run',
  'docs/start',
]
const jest = path.join(import.meta.dirname, '..', 'node_modules', 'jest', 'bin', 'jest.js')
const flags = ['--disable-warning=ExperimentalWarning', '--experimental-vm-modules']

const given = process.argv.slice(2)
const left = everyVariant ? [] : THOROUGH
const whole = [
  ['--testPathIgnorePatterns', CHAOS, ...left],
  ['--runInBand', CHAOS, ...(left.length > 0 ? ['--testPathIgnorePatterns', ...left] : [])],
]
const runs = given.length > 0 ? [given] : whole
// Whoever names a part wants to see it everywhere.
const env = { ...process.env, ...(given.length > 0 && { AFTER_PARTY_TEST_VARIANTS: 'all' }) }
// Both always run: one red test should not hide another.
const codes = runs.map(
  (args) => spawnSync(process.execPath, [...flags, jest, ...args], { env, stdio: 'inherit' }).status ?? 1,
)
process.exitCode = Math.max(...codes)
