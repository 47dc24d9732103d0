import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chmod, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { run } from './command.mjs'
import { MANAGERS } from './managers.mjs'

const REPOSITORY = path.join(import.meta.dirname, '..', '..')

/** The directory where everything is made: the tarball, programs from npm, installed dependencies, one project a row. */
export class Workshop {
  /** @param {string} directory Outside of any project: what a project finds must be its own. */
  constructor(directory) {
    this.directory = directory
    this.tarball = ''
  }

  /** Packs the built package, as it would be published. */
  async pack() {
    const folder = path.join(this.directory, 'package')
    await rm(folder, { recursive: true, force: true })
    await mkdir(folder, { recursive: true })
    const command = ['npm', 'pack', '--json', '--ignore-scripts', '--pack-destination', folder]
    const { stdout } = await run(command, { cwd: REPOSITORY })
    const [{ filename }] = JSON.parse(stdout)
    this.tarball = path.join(folder, filename)
  }

  /**
   * The folders that a project's programs come from: Node.js and package manager, both from npm.
   *
   * @param {import('./row.mjs').Row} row
   * @returns {Promise<string[]>}
   */
  async programs({ node, manager = 'npm', programs = [] }) {
    const { npm, bin } = MANAGERS[manager]
    const its = npm && bin ? [{ npm, bin, name: manager.startsWith('yarn') ? 'yarn' : manager }] : []
    const folders = node ? [await this.#nodeBin(node)] : []
    for (const { npm, bin, name } of [...its, ...programs]) folders.push(await this.#link(npm, bin, name))
    return folders
  }

  /**
   * A program from npm, as `<folder>/<name>`.
   *
   * @param {string} spec
   * @param {string} bin from node_modules
   * @param {string} name
   */
  async #link(spec, bin, name) {
    const folder = await this.tool(spec)
    const programs = path.join(folder, 'programs')
    const target = path.join(folder, 'node_modules', bin)
    if (existsSync(programs)) return programs
    await mkdir(programs)
    await chmod(target, 0o755)
    await symlink(target, path.join(programs, name))
    return programs
  }

  /** @param {string} version */
  async #nodeBin(version) {
    const name = `node-${process.platform}-${process.arch}`
    return path.join(await this.tool(`${name}@${version}`), 'node_modules', name, 'bin')
  }

  /**
   * A folder with a package from npm in its `node_modules`.
   *
   * @param {string} spec
   */
  async tool(spec) {
    const folder = path.join(this.directory, 'tools', spec.replaceAll(/\W/g, '-'))
    if (existsSync(path.join(folder, 'package-lock.json'))) return folder
    await mkdir(folder, { recursive: true })
    await writeFile(path.join(folder, 'package.json'), '{ "private": true }')
    await run([...MANAGERS.npm.install, spec], { cwd: folder })
    return folder
  }

  /**
   * Installs a project's dependencies and adds After Party, as its users do. Projects with the same dependencies and
   * manager share one installation: each gets a copy.
   *
   * @param {import('./project.mjs').Project} project with its files written
   */
  async install(project) {
    const { row, directory } = project
    const { notCopied, files = {} } = MANAGERS[row.manager ?? 'npm']
    if (notCopied) return this.#installIn(project)
    const manifests = await manifestsIn(directory)
    const base = path.join(this.directory, 'installed', await this.#keyOf(row, manifests))
    const marker = `${base}.made`
    if (!existsSync(marker)) {
      await rm(base, { recursive: true, force: true })
      await mkdir(base, { recursive: true })
      const made = project.at(base)
      await made.write({ ...manifests, ...files })
      await this.#installIn(made)
      await writeFile(marker, '')
    }
    // Links of pnpm and of workspaces are relative, and stay as they are.
    await run(['cp', '-R', '-P', '-p', `${base}/.`, directory], { cwd: this.directory })
    if (isAlone(manifests)) await keepOwnFields(project, manifests)
  }

  /** @param {import('./row.mjs').Row} row @param {Record<string, string>} manifests */
  async #keyOf({ manager, folder, installIn }, manifests) {
    const wanted = isAlone(manifests) ? dependenciesIn(manifests['package.json'] ?? '') : manifests
    const hash = createHash('sha256').update(await readFile(this.tarball))
    return hash
      .update(JSON.stringify([manager, folder, installIn, wanted]))
      .digest('hex')
      .slice(0, 16)
  }

  /** @param {import('./project.mjs').Project} project */
  async #installIn(project) {
    const { install, add } = MANAGERS[project.row.manager ?? 'npm']
    await project.run(install)
    for (const folder of project.row.installIn ?? [project.row.folder ?? '.'])
      await project.run(add(this.tarball), { folder })
  }

  /** Takes everything away. */
  remove() {
    return rm(this.directory, { recursive: true, force: true })
  }
}

/** The files that decide what is installed. @param {string} directory @returns {Promise<Record<string, string>>} */
async function manifestsIn(directory) {
  const files = await readdir(directory, { recursive: true })
  const manifests = files.filter((file) => /(^|[\\/])(package\.json|pnpm-workspace\.yaml|\.npmrc)$/.test(file)).sort()
  return Object.fromEntries(
    await Promise.all(manifests.map(async (file) => [file, await readFile(path.join(directory, file), 'utf8')])),
  )
}

/** @param {Record<string, string>} manifests */
function isAlone(manifests) {
  return Object.keys(manifests).join() === 'package.json'
}

/** @param {string} manifest */
function dependenciesIn(manifest) {
  const { dependencies, devDependencies } = JSON.parse(manifest)
  return { dependencies, devDependencies }
}

/** The shared installation has the dependencies, with After Party among them, and the project all the rest. */
async function keepOwnFields(
  /** @type {import('./project.mjs').Project} */ project,
  /** @type {Record<string, string>} */ { 'package.json': own = '{}' },
) {
  const installed = dependenciesIn(await project.read('package.json'))
  await project.write({ 'package.json': `${JSON.stringify({ ...JSON.parse(own), ...installed }, null, 2)}\n` })
}
