import { prismaCli, prismaEnv } from '../project/make-project.mjs'
import { runNode } from '../support/child.mjs'

const AFTER_PARTY = ['node_modules/after-party/dist/cli/bin.js', 'run']
const UMZUG = ['--import', 'tsx', 'contestants/umzug.ts']
const BARE = ['--import', 'tsx', 'contestants/bare.ts']
const LEDGER = ['--import', 'tsx', 'contestants/ledger.ts']

/**
 * The commands that are compared, in the project of a database. Each answers with how long its process took, in ms.
 *
 * @param {import('../databases/databases.mjs').Database} database
 */
export function commandsOf({ project: cwd = '', url }) {
  const run = async (/** @type {readonly string[]} */ args, /** @type {Record<string, string>} */ env) =>
    (await runNode(args, { cwd, env: { DATABASE_URL: url, ...env } })).ms
  return {
    afterParty: (/** @type {string} */ tasks) => run(AFTER_PARTY, { BENCH_TASKS: tasks }),
    umzug: (/** @type {string} */ migrations) => run(UMZUG, { BENCH_TASKS: migrations }),
    bare: () => run(BARE, {}),
    prismaMigrateDeploy: () => run([prismaCli, 'migrate', 'deploy'], prismaEnv(url)),
    clearLedger: () => run([...LEDGER, 'clear'], {}),
    noteDone: (/** @type {string} */ directory) => run([...LEDGER, 'done', directory], {}),
  }
}
