import { spawn } from 'node:child_process'
import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { PrismaLibSql } from '@prisma/adapter-libsql'
import { schemaEngineEnv } from '../schema-engine-env.mjs'

const REPOSITORY = path.join(import.meta.dirname, '..', '..')
const EXAMPLE = path.join(REPOSITORY, 'examples', 'blog')

/** What each of the two command line programs is, without npx and without a shell. */
const PROGRAMS = {
  prisma: path.join(REPOSITORY, 'node_modules', 'prisma', 'build', 'index.js'),
  'after-party': path.join('node_modules', 'after-party', 'dist', 'cli', 'bin.js'),
}

/** Variables of the person's own shell or CI that would change what the demo shows. */
const NOT_OURS = /^(AFTER_PARTY_.*|DATABASE_URL|NODE_ENV|NODE_OPTIONS|GITHUB_SHA|CI_COMMIT_SHA)$/

/** What somebody who works in examples/blog itself may have there. */
const NOT_RELEASED = /^(node_modules|generated)\/|\.db/

/** A copy of examples/blog in a folder of its own, with the built package in its node_modules, and a database. */
export class Blog {
  /** @param {string} directory */
  constructor(directory) {
    this.directory = directory
    /** Added to the environment of every command. @type {Record<string, string>} */
    this.env = {}
  }

  /**
   * Makes the folder: everything of the example but its migrations and tasks, and the package as npm installs it.
   * Other packages resolve from the repository's node_modules.
   */
  async make() {
    await rm(this.directory, { recursive: true, force: true })
    await this.release((file) => !/^prisma\/(migrations|after-party)\//.test(file))
    const installed = this.path('node_modules', 'after-party')
    const { files } = JSON.parse(await readFile(path.join(REPOSITORY, 'package.json'), 'utf8'))
    for (const name of ['package.json', ...files])
      await cp(path.join(REPOSITORY, name), path.join(installed, name), { recursive: true })
  }

  /**
   * Copies files of the example: what a deploy brings to a server.
   * @param {(file: string) => boolean} wanted by path in the example, with forward slashes
   */
  async release(wanted) {
    const entries = await readdir(EXAMPLE, { recursive: true, withFileTypes: true })
    for (const entry of entries) {
      const file = path.relative(EXAMPLE, path.join(entry.parentPath, entry.name))
      const shown = file.split(path.sep).join('/')
      if (!entry.isFile() || NOT_RELEASED.test(shown) || !wanted(shown)) continue
      await cp(path.join(EXAMPLE, file), this.path(file))
    }
  }

  /** @param {string[]} parts */
  path(...parts) {
    return path.join(this.directory, ...parts)
  }

  /**
   * Replaces a text in a file. Throws when it is not there.
   * @param {string} file
   * @param {string} before
   * @param {string} after
   */
  async edit(file, before, after) {
    const text = await readFile(this.path(file), 'utf8')
    if (!text.includes(before)) throw new Error(`${file} does not contain ${before}`)
    await writeFile(
      this.path(file),
      text.replace(before, () => after),
    )
  }

  /**
   * Runs a command in the blog, as in `after-party status`. Its exit code; with `quiet`, its output is only shown
   * when it fails.
   * @param {string} command
   * @returns {Promise<number>}
   */
  run(command, { quiet = false } = {}) {
    const [program = '', ...args] = command.split(' ')
    const script = PROGRAMS[/** @type {keyof typeof PROGRAMS} */ (program)]
    const kept = Object.entries(process.env).filter(([name]) => !NOT_OURS.test(name))
    // Windows can't spawn the engine that stands in for Prisma's binary: there Prisma downloads its own.
    const engine = process.platform === 'win32' ? {} : schemaEngineEnv()
    return new Promise((resolve, reject) => {
      // stderr goes where stdout goes, so that both stay in order.
      const child = spawn(process.execPath, [script, ...args], {
        cwd: this.directory,
        env: { ...Object.fromEntries(kept), ...engine, ...this.env },
        stdio: quiet ? ['ignore', 'pipe', 'pipe'] : ['ignore', 1, 1],
      })
      let said = ''
      for (const stream of [child.stdout, child.stderr]) stream?.on('data', (data) => (said += data))
      child.on('error', reject)
      child.on('close', (code) => {
        if (quiet && code !== 0) process.stdout.write(said)
        resolve(code ?? 70)
      })
    })
  }

  /**
   * Asks the database, without a generated client: its tables change from release to release.
   * @param {string} sql
   * @param {unknown[]} args
   * @returns {Promise<unknown[][]>} the rows
   */
  async query(sql, args = []) {
    const adapter = await new PrismaLibSql({ url: pathToFileURL(this.path('blog.db')).href, timeout: 5000 }).connect()
    try {
      const argTypes = args.map(() => ({
        scalarType: /** @type {const} */ ('string'),
        arity: /** @type {const} */ ('scalar'),
      }))
      return (await adapter.queryRaw({ sql, args, argTypes })).rows
    } finally {
      await adapter.dispose()
    }
  }
}
