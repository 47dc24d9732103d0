import path from 'node:path'
import { execa } from 'execa'
import { fingerprint } from '../build-id.mjs'
import { generated, prismaCli, repository, stacks } from '../paths.mjs'
import { once } from './once.mjs'

/** @typedef {import('./variants.mjs').StackName} StackName */

/** Where `scripts/install-better-sqlite3.mjs` puts it. */
export const betterSqlite3 = path.join(generated, 'better-sqlite3')

/**
 * A project as a team has it, for one provider and one major of Prisma: schema, migration, generated client,
 * and for SQLite a migrated database `base.db`. Made when the first test asks for it, and kept until what it is
 * made of changes.
 *
 * @param {StackName} name
 * @returns {Promise<string>} Its directory.
 */
export async function stackDirectory(name) {
  const directory = path.join(stacks, `${name}-${fingerprint(PARTS)}`)
  await once(`${directory}.made`, () =>
    execa(process.execPath, [path.join(import.meta.dirname, 'make-stack.mjs'), name, directory], {
      env: { NODE_OPTIONS: '' },
    }),
  )
  return directory
}

/** The Prisma CLI of a stack. @param {string} directory */
export function stackCli(directory) {
  return path.basename(directory).includes('-6-')
    ? path.join(repository, 'node_modules', 'prisma-6', 'build', 'index.js')
    : prismaCli
}

/** What a stack is made of: it is made anew when any of these changes. */
const PARTS = [
  ...['make-stack.mjs', 'mysql-generator.mjs', 'variants.mjs', 'mysql.prisma', 'postgresql.prisma'].map(
    (file) => `__tests__/support/databases/${file}`,
  ),
  ...['prisma/schema.prisma', 'templates/models.hbs', 'dist/project/init/ledger-models.js', 'package-lock.json'],
]
