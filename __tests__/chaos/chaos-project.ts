import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect } from '@jest/globals'
import { transform } from '@swc/core'
import type { TaskRecord, TaskRun } from '../../src/ledger/contract.js'
import { Child, type Ended } from '../support/child.js'
import type { TestClient, TestDelegate } from '../support/databases/test-client.js'
import type { VariantName } from '../support/databases.js'
import { Project } from '../support/project.js'

/** The tasks of files/tasks.ts. */
export type Kind =
  | 'plain'
  | 'transactional'
  | 'stepped'
  | 'steppedInTransaction'
  | 'backfill'
  | 'updating'
  | 'loose'
  | 'concurrent'
  | 'leaving'

const BACKFILLS = new Set<Kind>(['backfill', 'updating', 'loose', 'concurrent', 'leaving'])
/** Whose work may be done again after a crash. */
const AT_LEAST_ONCE = new Set<Kind>(['plain', 'loose'])
/** Three batches. */
const ROWS = 12
const LOOK_MS = 20
/** Of the rows that `leaving` walks, one in each batch can't be changed. */
const isBad = (kind: Kind, row: number) => kind === 'leaving' && row % 4 === 1

interface ChaosClient extends TestClient {
  afterPartyTaskRecord: TestDelegate<TaskRecord & { state: string | null }>
}

/** What the chaos suite counts; the last three must be 0. */
export interface Findings {
  lost: string[]
  doubles: string[]
  stuck: string[]
}

/** A project on a variant whose processes kill or stop themselves where a test says, and whose work can be counted. */
export class ChaosProject {
  readonly project: Project
  readonly #client: ChaosClient
  readonly #kinds = new Map<string, Kind>()
  readonly #children: Child[] = []

  private constructor(project: Project, client: ChaosClient) {
    this.project = project
    this.#client = client
  }

  static async create(variant: VariantName): Promise<ChaosProject> {
    const project = await Project.create({ variant })
    await cp(path.join(import.meta.dirname, 'files'), project.path('chaos'), { recursive: true })
    await project.write('after-party.config.ts', config(variant))
    await compile(project)
    const client = project.database?.client(2)
    if (!client) throw new Error('a project on a variant has a database')
    // Without it, a commit that meets a reader fails and keeps its lock: Prisma 6 does not roll it back.
    if (variant === 'sqlite-prisma6') await client.$queryRawUnsafe('PRAGMA journal_mode = WAL')
    return new ChaosProject(project, client as ChaosClient)
  }

  /**
   * Writes the next task, and the rows that it walks. Returns its version. One in the background is also alone in a
   * tasks directory: see `only`.
   */
  async task(kind: Kind, { background = false }: { background?: boolean } = {}): Promise<string> {
    const version = versionOf(this.#kinds.size)
    this.#kinds.set(version, kind)
    const nth = this.#kinds.size
    if (BACKFILLS.has(kind))
      await this.#client.post.createMany({
        data: Array.from({ length: ROWS }, (_, row) => ({ title: version, slug: isBad(kind, row) ? 'bad' : null })),
      })
    const directories = ['prisma/after-party', ...(background ? [directoryOf(version)] : [])]
    for (const directory of directories)
      await this.project.write(`${directory}/${version}_${kind}_${nth}.js`, taskFile(version, kind, background))
    return version
  }

  /** The environment of a process that has only this task in the background, as a release that knows no other. */
  only(version: string): Record<string, string> {
    return { CHAOS_TASKS: directoryOf(version) }
  }

  /** Starts the binary. */
  start(args: readonly string[], env: Record<string, string> = {}): Child {
    const child = new Child(this.project, args, env)
    this.#children.push(child)
    return child
  }

  /** Runs the binary to its end. */
  run(args: readonly string[], env: Record<string, string> = {}): Promise<Ended> {
    return this.start(args, env).ended
  }

  /** Runs everything that is pending, and expects that it succeeds. */
  async finish(args: readonly string[] = [], env: Record<string, string> = {}): Promise<void> {
    const { code, stderr } = await this.run(['run', ...args], env)
    expect([code, stderr]).toEqual([0, expect.stringContaining('✔')])
  }

  /** Waits until a task's record is as a condition says, which no event tells; or until a process has ended. */
  async until(version: string, condition: (record: TaskRecord) => unknown, orEnded?: Child): Promise<void> {
    let over = false
    orEnded?.ended.then(() => {
      over = true
    })
    while (!over) {
      const record = await this.record(version)
      if (record && condition(record)) return
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
    }
  }

  /** The states of all tasks, as `status` shows them. */
  async states(): Promise<Record<string, string>> {
    const { stdout } = await this.run(['status', '--json'])
    const { tasks } = JSON.parse(stdout) as { tasks: { version: string; state: string }[] }
    return Object.fromEntries(tasks.map(({ version, state }) => [version, state]))
  }

  /** Resumes whatever somebody paused or cancelled, and expects that it succeeds. */
  async resumeAll(): Promise<void> {
    const held = Object.entries(await this.states()).filter(([, state]) => state === 'paused' || state === 'cancelled')
    if (held.length === 0) return
    const { code, stderr } = await this.run(['resume', ...held.map(([version]) => version)])
    expect([code, stderr]).toEqual([0, expect.stringContaining('✔')])
  }

  /** Runs everything that is not done, in the background too; expects that it succeeds, and that every row is counted. */
  async finishAll(args: readonly string[] = []): Promise<void> {
    for (const lane of ['foreground', 'background']) await this.finish(['--lane', lane, ...args])
    expect(await this.history()).not.toContain('running')
    expect(await this.miscounted()).toEqual([])
  }

  /** The states of all attempts, as `history` shows them. */
  async history(): Promise<string[]> {
    return (await this.#runs()).map(({ status }) => status)
  }

  /** The rows of all attempts at each backfill, as `history` has them, where they are not those of its table. */
  async miscounted(): Promise<string[]> {
    const rows = new Map<string, number>()
    for (const { version, processed } of await this.#runs()) rows.set(version, (rows.get(version) ?? 0) + processed)
    const backfills = [...this.#kinds].filter(([, kind]) => BACKFILLS.has(kind))
    return backfills.flatMap(([version, kind]) =>
      rows.get(version) === ROWS ? [] : `${version} ${kind}: ${rows.get(version)} rows instead of ${ROWS}`,
    )
  }

  record(version: string): Promise<(TaskRecord & { state: string | null }) | null> {
    return this.#client.afterPartyTaskRecord.findUnique({ where: { version } })
  }

  /** The versions of the tasks, in the order in which they ended. */
  async order(): Promise<string[]> {
    const records = await this.#client.afterPartyTaskRecord.findMany({ orderBy: [{ finishedAt: 'asc' }] })
    return records.map(({ version }) => version).filter((version) => !version.includes('/'))
  }

  /** How often a task's work was done: for each row of a backfill, else in all. */
  async timesDone(version: string): Promise<number[]> {
    const posts = await this.#client.post.findMany({ where: { title: version, slug: null } })
    const kind = this.#kinds.get(version)
    return kind && BACKFILLS.has(kind) ? posts.map(({ views }) => views) : [posts.length]
  }

  /** How many posts have this title. */
  posts(title: string): Promise<number> {
    return this.#client.post.count({ where: { title } })
  }

  /** Everything that should have been done, and was not; or was, and should not have been. */
  async findings(): Promise<Findings> {
    const records = await this.#client.afterPartyTaskRecord.findMany()
    const done = new Set(records.filter(({ status }) => status === 'done').map(({ version }) => version))
    const findings: Findings = {
      lost: [],
      doubles: [],
      stuck: records.filter(({ status }) => status === 'running').map(({ version }) => version),
    }
    const runs = [...this.#kinds.values()].includes('leaving') ? await this.#runs() : []
    for (const [version, kind] of this.#kinds) {
      const times = await this.timesDone(version)
      if (!done.has(version) || times.some((count) => count < 1)) findings.lost.push(`${version} ${kind}: ${times}`)
      if (!AT_LEAST_ONCE.has(kind) && times.some((count) => count > 1))
        findings.doubles.push(`${version} ${kind}: ${times}`)
      const unnamed = kind === 'leaving' ? await this.#unnamed(version, runs) : []
      if (unnamed.length > 0) findings.lost.push(`${version} ${kind}: ${unnamed} in no history`)
    }
    return findings
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#children.map((child) => child[Symbol.asyncDispose]()))
    await this.project.remove()
  }

  async #runs(): Promise<TaskRun[]> {
    const { stdout } = await this.run(['history', '--json', '--limit', '1000'])
    return (JSON.parse(stdout) as { runs: TaskRun[] }).runs
  }

  /** The rows that a backfill had to skip, and that the history does not name in the attempt that ended it. */
  async #unnamed(version: string, runs: readonly TaskRun[]): Promise<number[]> {
    const bad = await this.#client.post.findMany({ where: { title: version, slug: 'bad' } })
    const skipped = runs.find((run) => run.version === version && run.status === 'done')?.skippedRows ?? []
    const named = skipped.filter(({ error }) => error === 'it is bad').map(({ key }) => key)
    return bad.map(({ id }) => id).filter((id) => !named.includes(`${id}`))
  }
}

/** Makes JavaScript of a project: hundreds of processes load it, and TypeScript takes each half as long again. */
async function compile(project: Project): Promise<void> {
  const entries = await readdir(project.directory, { recursive: true, withFileTypes: true })
  const files = entries
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => path.join(entry.parentPath, entry.name))
    // The Prisma CLI's own config is read by it alone.
    .filter((file) => !file.includes('node_modules') && !file.endsWith('prisma.config.ts'))
  await Promise.all(
    files.map(async (file) => {
      const { code } = await transform(await readFile(file, 'utf8'), {
        jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
      })
      await writeFile(file.replace(/ts$/, 'js'), code)
      await rm(file)
    }),
  )
}

/** The version of the nth task: a timestamp, one second after the one before. */
function versionOf(nth: number): string {
  return new Date(Date.UTC(2026, 0, 1) + nth * 1_000).toISOString().replace(/\D/g, '').slice(0, 14)
}

function directoryOf(version: string): string {
  return `prisma/only-${version}`
}

function taskFile(version: string, kind: Kind, background: boolean): string {
  const task = `${kind}('${version}')`
  const define = BACKFILLS.has(kind) ? 'defineBackfill' : 'defineTask'
  return `import { ${define} } from 'after-party'
import { ${kind} } from '../../chaos/tasks.js'

export default ${define}(${background ? `{ ...${task}, background: true }` : task})
`
}

function config(variant: VariantName): string {
  return `import { defineConfig } from 'after-party'
import { chaotic } from './chaos/extension.js'
import { connect } from './clients/${variant}.js'

export const client = () => chaotic(connect(process.env['DATABASE_URL'] ?? '', Number(process.env['CHAOS_POOL'] ?? 4)))

const tasks = process.env['CHAOS_TASKS'] ?? 'prisma/after-party'

export default defineConfig({ client, tasks, migrations: 'prisma/migrations' })
`
}
