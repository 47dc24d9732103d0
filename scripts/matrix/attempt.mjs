import { mkdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { CommandFailed } from './command.mjs'
import { createDatabase, dropDatabase, postgresMissing } from './database.mjs'
import { filesOf, PRISMA } from './files.mjs'
import { Project } from './project.mjs'
import { goThrough } from './sequence.mjs'

/**
 * Makes a row's project and goes through all of it. What is wrong is the result, not an exception.
 *
 * @param {import('./row.mjs').Row} row
 * @param {import('./workshop.mjs').Workshop} workshop
 * @returns {Promise<import('./row.mjs').Result>}
 */
export async function attempt(row, workshop) {
  const start = performance.now()
  const directory = path.join(workshop.directory, 'projects', row.name.replaceAll(/\W+/g, '-'))
  const project = new Project(row, directory, { programs: [] })
  const result = (/** @type {import('./row.mjs').Result['outcome']} */ outcome, reason = '', output = '') => {
    const seconds = (performance.now() - start) / 1000
    return { row, outcome, reason, output, command: project.deployCommand, versions: project.versions, seconds }
  }
  const missing = row.skip?.() ?? (row.database === 'postgresql' ? await postgresMissing() : undefined)
  if (missing) return result('skipped', missing)
  try {
    project.machine.programs = await workshop.programs(row)
    if (row.database === 'postgresql') project.machine.url = await createDatabase()
    await rm(directory, { recursive: true, force: true })
    await mkdir(directory, { recursive: true })
    await project.write(filesOf(row))
    await workshop.install(project)
    project.versions = await versionsOf(project)
    await goThrough(project)
    return result('passed')
  } catch (error) {
    if (error instanceof CommandFailed) return result('failed', error.message, error.output)
    throw error
  } finally {
    if (project.machine.url) await dropDatabase(project.machine.url)
  }
}

/** What the row ran with. @param {Project} project */
async function versionsOf(project) {
  const { manager = 'npm', prisma = 7 } = project.row
  const program = manager.startsWith('yarn') ? 'yarn' : manager
  const [node, its] = await Promise.all([project.run(['node', '--version']), project.run([program, '--version'])])
  return [`Prisma ${PRISMA[prisma]}`, `Node ${node.stdout.trim().slice(1)}`, `${program} ${its.stdout.trim()}`].join(
    ', ',
  )
}
