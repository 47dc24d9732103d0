import path from 'node:path'
import { CommandFailed } from './command.mjs'
import { folderOf } from './row.mjs'

/**
 * Type-checks the project with its own compiler, and demands that the task is checked with it.
 *
 * @param {import('./project.mjs').Project} project
 * @param {string} task from the project's directory
 */
export async function typeCheck(project, task) {
  const folder = folderOf(project.row)
  const ofTasks = path.posix.join(folder, 'prisma/after-party/tsconfig.json')
  const found = project.has(ofTasks) ? ['tsconfig.json', 'prisma/after-party/tsconfig.json'] : ['tsconfig.json']
  const listed = []
  for (const tsconfig of project.row.types ? [project.row.types] : found) {
    const { stdout } = await project.exec(['tsc', '--noEmit', '--listFiles', '-p', tsconfig])
    listed.push(...stdout.split('\n'))
  }
  if (!listed.some((line) => line.replaceAll('\\', '/').endsWith(`/${task}`)))
    throw new CommandFailed(`No tsconfig of ${found.join(' and ')} checks ${task}`, '')
}
