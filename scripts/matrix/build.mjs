import { readdir } from 'node:fs/promises'
import { CommandFailed } from './command.mjs'

/** What builds emitted before `init`, by project. @type {WeakMap<import('./project.mjs').Project, string>} */
const emitted = new WeakMap()

/**
 * Two steps of a row: builds the project before `init` and after `new`, and demands that both emit the same.
 *
 * @param {string[]} command
 * @param {(project: import('./project.mjs').Project) => Promise<string>} output what it emitted, to be compared
 * @returns {NonNullable<import('./row.mjs').Row['steps']>}
 */
export function buildsTheSame(command, output) {
  return {
    'before init': async (project) => {
      await project.exec(['prisma', 'generate'])
      await project.exec(command)
      emitted.set(project, await output(project))
    },
    'before deploy': async (project) => {
      await project.exec(command)
      const [before, after] = [emitted.get(project), await output(project)]
      if (before !== after)
        throw new CommandFailed('The build emits something else after `init`', `before:\n${before}\n\nafter:\n${after}`)
    },
  }
}

/** The files below a folder. @param {import('./project.mjs').Project} project @param {string} folder */
export async function filesBelow(project, folder) {
  return (await readdir(project.path(folder), { recursive: true })).sort()
}
