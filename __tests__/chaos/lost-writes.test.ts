import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from '@jest/globals'
import { type LooseBackfill, upTo, useBackfills } from '../support/backfills.js'
import { Child, type Ended } from '../support/child.js'
import { type Database, describeDatabases, type TestClient, type VariantName } from '../support/databases.js'
import { Project } from '../support/project.js'
import { testAgain } from '../support/selection.js'
import { long } from './tally.js'

/** Rows of the model `Everything`, as the tests here use them. */
interface EverythingRow {
  id: number
  /** How often the application wrote it, and in the millions, how often the backfill did. */
  count: number
  /** The same of the application, as a text that only it makes. */
  text: string
  times: number
}

const MILLION = 1_000_000

/** Writes what it saw into the row, and changes what the application changes too. */
const update = ({ count, text, times }: EverythingRow) => ({
  count: count + MILLION,
  text: `${text}!`,
  float: count,
  times: times + 1,
})

/** The application's one statement: it counts its writes, and those after the backfill came by, in `big`. */
function appWrite(variant: VariantName, id: number): string {
  const mysql = variant === 'mariadb'
  const name = (column: string) => (mysql ? `\`${column}\`` : `"${column}"`)
  const text = (...parts: string[]) => (mysql ? `CONCAT(${parts.join(', ')})` : parts.join(' || '))
  const [count, times, seen] = [name('count'), name('times'), `CASE WHEN ${name('times')} > 0 THEN`]
  const number = `(${count} % ${MILLION}) + 1`
  const cast = mysql ? number : `CAST(${number} AS ${variant.startsWith('sqlite') ? 'TEXT' : 'text'})`
  return `UPDATE ${name('every thing')} SET ${name("the user's text")} = ${text("'t'", cast, `${seen} '!' ELSE '' END`)}, ${name('big')} = ${name('big')} + (${seen} 1 ELSE 0 END), ${count} = ${count} + 1 WHERE id = ${id} AND ${times} >= 0`
}

/** Writes single rows over several connections until it is told to stop; how often each row was written. */
function application(
  database: Database,
  variant: VariantName,
  { connections, rows, near }: { connections: number; rows: number; near: () => number },
) {
  let over = false
  const writes = new Map<number, number>()
  const write = async () => {
    // In this process, a driver of SQLite that waits lets nobody else go on.
    const client = database.client(1, {}, variant.startsWith('sqlite') ? { timeout: 1 } : undefined)
    while (!over) {
      // Half of them where the backfill is at work, or few of its rows would be met.
      const id = 1 + Math.floor(Math.random() < 0.5 ? Math.random() * rows : near() + Math.random() * 500)
      const changed = await client.$executeRawUnsafe(appWrite(variant, id)).catch((error) => {
        if (!/lock|busy|timed out|timeout/i.test(String(error))) throw error
        return 0
      })
      if (changed === 1) writes.set(id, (writes.get(id) ?? 0) + 1)
      await sleep(1)
    }
  }
  const working = Promise.all(Array.from({ length: connections }, write))
  return {
    async stop() {
      over = true
      await working
      return writes
    },
  }
}

async function seed(client: TestClient, rows: number): Promise<void> {
  for (let at = 0; at < rows; at += 1_200)
    await client.everything.createMany({
      data: upTo(Math.min(1_200, rows - at)).map((i) => ({ id: at + i, text: 't0', count: 0, big: 0 })),
    })
}

/** No write of the application is gone, and nothing was made of a row that was another by then. */
async function check(client: TestClient, rows: number, writes: ReadonlyMap<number, number>): Promise<void> {
  const found = await client.everything.findMany({ orderBy: { id: 'asc' } })
  expect(found).toHaveLength(rows)
  const wrong = found.filter((row) => {
    const written = writes.get(Number(row.id)) ?? 0
    const before = written - Number(row.big)
    return !(row.times === 1 && row.count === MILLION + written && row.float === before && row.text === `t${written}!`)
  })
  expect(wrong).toEqual([])
}

const FEW = long ? 4_000 : 1_200
/** The short suite takes the first three. */
const VARIANTS: VariantName[] = [
  'sqlite-libsql',
  'postgresql',
  'mariadb',
  'sqlite-better-sqlite3',
  'postgresql-pgbouncer',
  'postgresql-prisma6',
]

const KILLS = long ? 8 : 2

/** A project whose backfill is run by processes of its own. */
class KilledProject {
  readonly #project: Project
  readonly #lease: string
  readonly database: Database
  readonly client: TestClient
  readonly #children: Child[] = []

  private constructor(project: Project, database: Database, variant: VariantName) {
    this.#project = project
    // On SQLite, a heartbeat waits for whoever writes.
    this.#lease = variant.startsWith('sqlite') ? '5s' : '2s'
    this.database = database
    this.client = database.client(2)
  }

  static async create(variant: VariantName): Promise<KilledProject> {
    const project = await Project.create({ variant })
    if (!project.database) throw new Error('a project on a variant has a database')
    await project.write('prisma/after-party/20260101000000_compare.ts', TASK)
    return new KilledProject(project, project.database, variant)
  }

  /** Starts a process that kills itself at a row, or soon after it; without one, it runs to its end. */
  start(killAt?: number): Child {
    const env: Record<string, string> = killAt === undefined ? {} : { KILL_AT: String(killAt) }
    const child = new Child(this.#project, ['run', '--lease', this.#lease], env)
    this.#children.push(child)
    return child
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#children.map((child) => child[Symbol.asyncDispose]()))
    await this.#project.remove()
  }
}

/**
 * As `update` above, and slow: after the row at which it is to die there is work for longer than it has left to live. It
 * dies while that batch is computed, written or committed, or the one after it.
 */
const TASK = `import { defineBackfill } from 'after-party'

export default defineBackfill({
  model: 'everything',
  select: { id: true, count: true, text: true, times: true },
  batchSize: 50,
  transaction: { timeout: '5s', maxWait: '1s' },
  update: ({ id, count, text, times }) => {
    if (id === Number(process.env.KILL_AT)) setTimeout(() => process.kill(process.pid, 'SIGKILL'), 60 * Math.random())
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1)
    return { count: (count ?? 0) + ${MILLION}, text: \`\${text}!\`, float: count, times: times + 1 }
  },
})
`

describeDatabases(
  (variant) => {
    const backfills = useBackfills(variant)
    const sqlite = variant.startsWith('sqlite')

    const definition: LooseBackfill = {
      model: 'everything',
      select: { id: true, count: true, text: true, times: true },
    }

    const many = long && !sqlite ? 50_000 : FEW
    const cases: [string, number, Partial<LooseBackfill>][] = [
      ['in one statement a batch', many, {}],
      [
        'in several statements a batch',
        FEW,
        { transaction: { isolationLevel: sqlite ? 'Serializable' : 'ReadCommitted' } },
      ],
      ['in parts', FEW, { concurrency: 4 }],
      ['with rows that are locked first', FEW, { lock: true }],
    ]
    test.each(sqlite ? cases.slice(0, 1) : long ? cases : cases.slice(0, 2))(
      '8 connections change what a backfill reads and writes: nothing is lost, %s, %i rows',
      async (_, rows, more) => {
        await seed(backfills.client, rows)
        let at = 0
        const app = application(backfills.database, variant, { connections: 8, rows, near: () => at })
        const result = await backfills.run({
          ...definition,
          batchSize: 100,
          ...more,
          update: (row: EverythingRow) => {
            at = row.id
            return update(row)
          },
        })
        const writes = await app.stop()
        expect(result).toMatchObject({ outcome: 'done', processed: rows })
        expect(writes.size).toBeGreaterThan(0)
        await check(backfills.client, rows, writes)
        if (!sqlite && !more.lock) expect(result.changedMeanwhile).toBeGreaterThan(0)
        const [attempt] = await backfills.party({ ...definition, update }).history({ name: 'backfill' })
        expect(attempt?.changedMeanwhile).toBe(result.changedMeanwhile ?? 0)
      },
    )

    testAgain(`the same while the process that runs it is killed ${KILLS} times`, async () => {
      await using project = await KilledProject.create(variant)
      const { client } = project
      const rows = FEW
      await seed(client, rows)
      let at = 0
      const app = application(project.database, variant, { connections: sqlite ? 1 : 4, rows, near: () => at })
      let writes: ReadonlyMap<number, number>
      let last: Ended
      try {
        for (let kill = 1; kill <= KILLS; kill += 1) {
          const { signal, stderr } = await project.start(at + Math.floor((0.8 * rows) / KILLS)).ended
          if (signal !== 'SIGKILL') throw new Error(`it ended before it was killed:\n${stderr}`)
          at = await client.everything.count({ where: { times: 1 } })
        }
        last = await project.start().ended
      } finally {
        writes = await app.stop()
      }
      expect([last.code, last.stderr]).toEqual([0, expect.stringContaining('✔')])
      expect(writes.size).toBeGreaterThan(0)
      await check(client, rows, writes)
    })
  },
  long ? VARIANTS : VARIANTS.slice(0, 3),
)
