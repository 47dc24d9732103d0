import { expect, test } from '@jest/globals'
import type { PrismaClientLike } from '../../src/define/config.js'
import type { AfterParty } from '../../src/party.js'
import { watched } from '../support/databases/watched.js'
import { describeDatabases, type TestClient } from '../support/databases.js'
import { Stage, task } from '../support/parties.js'

interface Args {
  take?: number
  orderBy?: unknown
}
type Query = (args: Args) => Promise<object[]>

/** The team's client, as it is given to the ledger too where the config has one factory. */
const EXTENSIONS: [string, (args: Args, query: Query) => Promise<object[]>][] = [
  ['gives three rows at most', (args, query) => query({ ...args, take: Math.min(args.take ?? 3, 3) })],
  [
    'gives three rows at most, the last first',
    (args, query) => query({ ...args, orderBy: { version: 'desc' }, take: Math.min(args.take ?? 3, 3) }),
  ],
]

describeDatabases(
  (variant) => {
    test.each(EXTENSIONS)('a client that %s hides no record of the ledger', async (_, findMany) => {
      await using stage = await Stage.open(variant)
      const extended = () =>
        (stage.database.client() as TestClient).$extends({
          query: {
            $allModels: { findMany: ({ args, query }: { args: Args; query: Query }) => findMany(args, query) },
          },
        }) as unknown as PrismaClientLike
      const ran: string[] = []
      const versions = Array.from({ length: 8 }, (_, i) => `2026010100000${i}`)
      const fails = { now: true }
      const tasks = Object.fromEntries(
        versions.map((version) => [
          `${version}_task_${version.at(-1)}`,
          task(() => {
            if (version === versions.at(-1) && fails.now) throw new Error('not yet')
            ran.push(version)
          }),
        ]),
      )
      const party = () => stage.party(tasks, { client: extended })
      expect(await party().run()).toMatchObject({ outcome: 'failed' })
      fails.now = false
      expect((await party().status()).tasks.map(({ state }) => state)).toEqual([
        ...versions.slice(1).map(() => 'done'),
        'failed',
      ])
      const { results } = await party().run()
      expect(results).toEqual([expect.objectContaining({ version: versions.at(-1), outcome: 'done' })])
      expect(ran).toEqual(versions)
      expect((await party().plan()).filter(({ runs }) => runs)).toEqual([])
      const history = await party().history({ limit: 7 })
      expect(history.map(({ version }) => version)).toEqual([versions.at(-1), ...versions.slice(2).reverse()])
    })
  },
  ['sqlite-libsql', 'postgresql', 'mariadb', 'postgresql-prisma6'],
)

/** What may be long, in one record or one attempt. */
const LONG = ['checkpoint', 'error', 'log', 'skippedRows']

describeDatabases(
  (variant) => {
    test.each<[string, string[], (party: AfterParty) => Promise<unknown>]>([
      ['plan', [], (party) => party.plan()],
      ['plan of one task', [], (party) => party.plan({ names: ['good'] })],
      ['run', [], (party) => party.run()],
      ['mark', [], (party) => party.mark({ as: 'skipped', names: ['new'] })],
      ['status', ['error'], (party) => party.status()],
      ['history without logs', ['error', 'skippedRows'], (party) => party.history({ logs: false })],
      ['history', ['error', 'log', 'skippedRows'], (party) => party.history()],
    ])('%s reads no long text but %j', async (_, shown, ask) => {
      await using stage = await Stage.open(variant)
      const good = { '20260101000000_good': task(() => {}) }
      expect(await stage.party(good).run()).toMatchObject({ outcome: 'done' })
      const bad = task(() => {
        throw new Error('no')
      })
      const failing = { '20260101000001_bad': bad }
      expect(await stage.party(failing).run()).toMatchObject({ outcome: 'failed' })
      const statements: string[] = []
      const client = () => watched(stage.database, statements) as unknown as PrismaClientLike
      const tasks = { ...good, '20260101000002_new': task(() => {}) }
      await ask(stage.party(tasks, { client }))
      const selected = statements.filter((sql) => /^SELECT/.test(sql)).join('\n')
      expect(selected).toContain('after_party')
      expect(LONG.filter((column) => new RegExp(`\\b${column}\\b`, 'i').test(selected))).toEqual(shown)
    })
  },
  ['sqlite-libsql'],
)
