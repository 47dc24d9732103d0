import { existsSync } from 'node:fs'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { run } from './command.mjs'
import { MANAGERS } from './managers.mjs'
import { folderOf } from './row.mjs'

/** The project of a row: its files, and its commands as its users type them. */
export class Project {
  /**
   * @param {import('./row.mjs').Row} row
   * @param {string} directory
   * @param {{ programs: string[], url?: string }} machine the folders of its programs, and its database on a server
   */
  constructor(row, directory, machine) {
    this.row = row
    this.directory = directory
    this.machine = machine
    /** What the row ran with, once it is installed. */
    this.versions = ''
  }

  /** The same project in another place. @param {string} directory */
  at(directory) {
    return new Project(this.row, directory, this.machine)
  }

  /** @param {string[]} parts from the root of the repository of this project */
  path(...parts) {
    return path.join(this.directory, ...parts)
  }

  /** @param {string} file */
  read(file) {
    return readFile(this.path(file), 'utf8')
  }

  /** @param {string} file */
  has(file) {
    return existsSync(this.path(file))
  }

  /** @param {string} file */
  remove(file) {
    return rm(this.path(file), { recursive: true, force: true })
  }

  /** @param {Record<string, string | null>} files */
  async write(files) {
    for (const [file, text] of Object.entries(files)) {
      if (text === null) await this.remove(file)
      else {
        await mkdir(path.dirname(this.path(file)), { recursive: true })
        await writeFile(this.path(file), text)
      }
    }
  }

  /**
   * Runs a program of the machine.
   *
   * @param {string[]} command
   * @param {{ folder?: string, env?: Record<string, string>, wanted?: number }} options
   */
  run(command, { folder = '.', env = {}, wanted = 0 } = {}) {
    const url = this.machine.url
    const given = {
      ...MANAGERS[this.row.manager ?? 'npm'].env,
      ...(url && { DATABASE_URL: url }),
      ...this.row.env,
      ...env,
    }
    return run(command, { cwd: this.path(folder), env: given, wanted, path: this.machine.programs })
  }

  /**
   * Runs a program of the project's dependencies, as its package manager does.
   *
   * @param {string[]} command
   * @param {{ folder?: string, env?: Record<string, string>, wanted?: number }} options
   */
  exec(command, options = {}) {
    const { exec } = MANAGERS[this.row.manager ?? 'npm']
    return this.run([...exec, ...command], { folder: folderOf(this.row), ...options })
  }

  /**
   * `after-party run` and the like, as the row deploys.
   *
   * @param {string[]} args
   * @param {number} wanted
   */
  deploy(args, wanted = 0) {
    const { runtime, runArgs = [], runEnv = {} } = this.row
    const options = { folder: this.row.from ?? folderOf(this.row), env: runEnv, wanted }
    return runtime
      ? this.run([...runtime, ...args, ...runArgs], options)
      : this.exec(['after-party', ...args, ...runArgs], options)
  }

  /** The deploy as somebody types it, for the table. */
  get deployCommand() {
    const { runtime, runArgs = [], runEnv = {}, manager = 'npm' } = this.row
    const env = Object.entries(runEnv).map(([name, value]) => `${name}=${value.includes(' ') ? `"${value}"` : value}`)
    const words = runtime ?? [...MANAGERS[manager].exec.filter((word) => !word.startsWith('-')), 'after-party']
    return [...env, ...words, 'run', ...runArgs].join(' ')
  }
}
