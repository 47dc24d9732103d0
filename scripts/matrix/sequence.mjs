import path from 'node:path'
import { CommandFailed } from './command.mjs'
import { forget, textsIn } from './database.mjs'
import { folderOf } from './row.mjs'
import { expectedText, fillIn } from './task.mjs'
import { typeCheck } from './types.mjs'
import { checkWarnings } from './warnings.mjs'

/**
 * What a new user does, from `init` to the second deploy. Throws a `CommandFailed` at the first step that is not as it
 * should be.
 *
 * @param {import('./project.mjs').Project} project with its dependencies installed
 */
export async function goThrough(project) {
  const { row } = project
  const own = (/** @type {import('./row.mjs').Moment} */ moment) => row.steps?.[moment]?.(project)

  await own('before init')
  const { stderr } = await project.exec(['after-party', 'init', ...(row.initArgs ?? [])])
  checkWarnings(stderr, row.warnings ?? [])
  await own('after init')

  await migrate(project)
  await project.exec(['prisma', 'generate'])
  const { stdout } = await project.exec(['after-party', 'new', 'hello'])
  const task = await fillIn(project, stdout)
  if (!row.plain) await typeCheck(project, task)
  await own('before deploy')

  // Development is over: the deploy starts with an empty database.
  await forget(project)
  await project.exec(['prisma', 'migrate', 'deploy'])
  await project.deploy(['run'])
  await demandTexts(project, [expectedText(row)])

  await project.exec(['prisma', 'migrate', 'deploy'])
  const second = await project.deploy(['run'])
  if (!/nothing to do/i.test(second.stderr))
    throw new CommandFailed('The second run had something to do', second.output)
  await demandTexts(project, [expectedText(row)])
  await project.deploy(['status', '--check'])
  await own('at the end')
}

/**
 * Makes the migration. Prisma 6 can't do it with a driver adapter and an empty SQLite database (`migrate dev` fails),
 * so there it is made as teams make their first one: as the difference from nothing.
 *
 * @param {import('./project.mjs').Project} project
 */
async function migrate(project) {
  if (project.row.prisma !== 6) {
    await project.exec(['prisma', 'migrate', 'dev', '--name', 'add_after_party'])
    return
  }
  const schema = ['--to-schema-datamodel', 'prisma/schema.prisma']
  const { stdout } = await project.exec(['prisma', 'migrate', 'diff', '--from-empty', ...schema, '--script'])
  const folder = path.posix.join(folderOf(project.row), 'prisma/migrations')
  await project.write({
    [`${folder}/20260101000000_add_after_party/migration.sql`]: stdout,
    [`${folder}/migration_lock.toml`]: 'provider = "sqlite"\n',
  })
}

/** @param {import('./project.mjs').Project} project @param {string[]} wanted */
async function demandTexts(project, wanted) {
  const found = await textsIn(project)
  if (found.join() !== wanted.join())
    throw new CommandFailed(
      `The table has ${JSON.stringify(found)}, not ${JSON.stringify(wanted)} (${folderOf(project.row)})`,
      '',
    )
}
