import { cp, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { execa } from 'execa'
import { schemaEngineEnv } from '../../scripts/schema-engine-env.mjs'
import { runId } from './databases/names.mjs'
import type { VariantName } from './databases/variants.mjs'
import type { Database } from './databases.js'
import { baseProject, prismaCli, projects, repository, unpacked } from './paths.mjs'

/** What a command that was run said, and how it ended. */
export interface Ran {
  code: number | undefined
  stdout: string
  stderr: string
}

/** One of several invocations in a process. */
export interface Call {
  args: readonly string[]
  /** Added to the environment for this one. */
  env?: Record<string, string>
  /** A folder of the project to call it in. */
  folder?: string
}

/** What an example has besides its files. */
export interface ExampleSetup {
  /** Packages in its node_modules, by name: a folder of the example or of the repository that they link to. */
  links?: Record<string, string>
  /** Packages of the repository that it needs as files of its own: Prisma 6 generates its client beside them. */
  copies?: Record<string, string>
  /** The folder of the Prisma CLI, in the repository. */
  prisma?: string
}

/** What somebody who works in an example itself may have there. */
const NOT_COPIED = /(^|\/)(node_modules|generated|dist|\.next)(\/|$)|\.db$/

let made = 0

function newDirectory(): string {
  made += 1
  return path.join(projects, runId(), `${process.pid}-${made}`)
}

/** A team's project, with a database of its own: the built package, the real Prisma CLI, SQLite. */
export class Project {
  readonly directory: string
  /** Added to the environment of every command. */
  env: Record<string, string> = {}

  /** Its database, when it was made for a variant. */
  database: Database | undefined
  #prismaCli = prismaCli
  #folder = '.'

  private constructor(directory: string) {
    this.directory = directory
  }

  /**
   * A project with everything done: the models are in the schema, the migration is applied, the client is
   * generated. Without a variant it is a copy of the base project, which `init` made, on SQLite.
   */
  static async create({ variant }: { variant?: VariantName } = {}): Promise<Project> {
    const project = new Project(newDirectory())
    if (variant === undefined) await cp(baseProject, project.directory, { recursive: true })
    else {
      const { makeVariantProject } = await import('./databases/variant-project.js')
      const { database, env, prismaCli } = await makeVariantProject(project.directory, variant)
      project.database = database
      project.env = env
      project.#prismaCli = prismaCli
    }
    return project
  }

  /** A project as it is before `init`: the package is installed, and there are these files, by path. */
  static async bare(files: Record<string, string>): Promise<Project> {
    const project = new Project(newDirectory())
    await cp(unpacked, project.path('node_modules/after-party'), { recursive: true })
    for (const [file, text] of Object.entries(files)) await project.write(file, text)
    return project
  }

  /** A copy of an example of the repository, as it is after `npm install`. */
  static async example(name: string, { links = {}, copies = {}, prisma }: ExampleSetup = {}): Promise<Project> {
    const project = new Project(newDirectory())
    const source = path.join(repository, 'examples', name)
    await cp(source, project.directory, {
      recursive: true,
      filter: (file) => !NOT_COPIED.test(path.relative(source, file).split(path.sep).join('/')),
    })
    const installed = (each: string) => project.path(`node_modules/${each}`)
    await cp(unpacked, installed('after-party'), { recursive: true })
    for (const [each, from] of Object.entries(copies))
      await cp(path.join(repository, from), installed(each), { recursive: true })
    for (const [each, to] of Object.entries(links)) {
      await mkdir(path.dirname(installed(each)), { recursive: true })
      const place = to.startsWith('node_modules/') ? path.join(repository, to) : project.path(to)
      await symlink(place, installed(each), 'junction')
    }
    if (prisma !== undefined) project.#prismaCli = path.join(repository, prisma, 'build', 'index.js')
    return project
  }

  /** Takes the tasks away and the database back to where it began. */
  async reset(): Promise<void> {
    for (const folder of ['prisma/after-party', 'dev.db']) {
      await rm(this.path(folder), { recursive: true, force: true })
      await cp(path.join(baseProject, folder), this.path(folder), { recursive: true })
    }
  }

  /** The text of every file of the project, by path; packages, databases and the generated client left out. */
  async files(): Promise<Record<string, string>> {
    const entries = await readdir(this.directory, { recursive: true, withFileTypes: true })
    const paths = entries
      .filter((entry) => entry.isFile())
      .map((entry) => path.relative(this.directory, path.join(entry.parentPath, entry.name)).split(path.sep).join('/'))
      .filter((file) => !/^(node_modules|generated)\/|\.db$/.test(file))
      .sort()
    return Object.fromEntries(await Promise.all(paths.map(async (file) => [file, await this.read(file)])))
  }

  /** Writes a file, by its path in the project. */
  async write(file: string, text: string): Promise<void> {
    await mkdir(path.dirname(this.path(file)), { recursive: true })
    await writeFile(this.path(file), text)
  }

  /** Writes a task by its file's name without the extension. `body` is the body of `run`. */
  async task(file: string, body: string, options = ''): Promise<void> {
    await this.write(
      `prisma/after-party/${file}.ts`,
      `import { defineTask } from 'after-party'

export default defineTask({
  ${options}
  async run({ prisma, log, signal, progress, deployId }) {
    ${body}
  },
})
`,
    )
  }

  delete(file: string): Promise<void> {
    return rm(this.path(file), { recursive: true })
  }

  read(file: string): Promise<string> {
    return readFile(this.path(file), 'utf8')
  }

  path(file: string): string {
    return path.join(this.directory, file)
  }

  /** The same project, entered through one of its folders. */
  inFolder(folder: string): Project {
    const below = new Project(this.directory)
    below.env = this.env
    below.#prismaCli = this.#prismaCli
    below.#folder = folder
    return below
  }

  /** The built binary, as a process. */
  afterParty(...args: string[]): Promise<Ran> {
    return this.node(this.path('node_modules/after-party/dist/cli/bin.js'), ...args)
  }

  /**
   * Several invocations of the built command line, one after the other in one process: for what is about their answers,
   * not about processes. A file that an invocation loaded is not loaded again by the next.
   */
  async inOneProcess(calls: readonly (readonly string[] | Call)[]): Promise<Ran[]> {
    const main = this.path('node_modules/after-party/dist/cli/main.js')
    const given = calls.map((call) => ('args' in call ? call : { args: call }))
    const several = path.join(repository, '__tests__', 'support', 'several-calls.mjs')
    // The loader of the command line, once for all of them.
    const { code, stdout, stderr } = await this.node('--import', 'tsx', several, main, JSON.stringify(given))
    if (code !== 0) throw new Error(`the process of several invocations ended with ${code}:\n${stderr}`)
    return JSON.parse(stdout) as Ran[]
  }

  /** The real Prisma CLI. */
  prisma(...args: string[]): Promise<Ran> {
    return this.node(this.#prismaCli, ...args)
  }

  async node(...args: string[]): Promise<Ran> {
    const { exitCode, stdout, stderr } = await execa(process.execPath, args, {
      cwd: this.path(this.#folder),
      env: { ...cleanEnv(), ...this.env },
      extendEnv: false,
      reject: false,
    })
    return { code: exitCode, stdout, stderr }
  }

  async remove(): Promise<void> {
    await this.database?.drop()
    await rm(this.directory, { recursive: true, force: true })
  }
}

/** The environment without what a CI or Jest has put there: deploy ids, NODE_ENV and NODE_OPTIONS change what runs. */
function cleanEnv(): Record<string, string> {
  const { PATH = '', HOME = '', TMPDIR, TEMP, SystemRoot } = process.env
  const kept = Object.entries({ PATH, HOME, TMPDIR, TEMP, SystemRoot }).filter(([, value]) => value !== undefined)
  return { ...Object.fromEntries(kept), ...schemaEngineEnv(), NO_COLOR: '1' } as Record<string, string>
}
