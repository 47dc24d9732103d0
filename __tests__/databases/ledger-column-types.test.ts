import { expect, test } from '@jest/globals'
import { defineBackfill } from '../../src/define/backfill.js'
import type { PrismaClientLike } from '../../src/define/config.js'
import { type AfterParty, createAfterParty } from '../../src/party.js'
import { addPosts, upTo } from '../support/backfills.js'
import { createDatabase, type Database, describeDatabases, type TestClient } from '../support/databases.js'
import { type Context, Gate, task } from '../support/parties.js'

const VERSION = '20260101000000'
const DATES = { records: ['startedAt', 'finishedAt', 'leaseUntil'], runs: ['startedAt', 'finishedAt'] }

/** A client as it is generated from a schema in which the ledger's dates have a native type. */
function withNativeDates(client: TestClient, type: string): PrismaClientLike {
  const { _engineConfig: config } = client as unknown as { _engineConfig: { inlineSchema: string } }
  const inlineSchema = config.inlineSchema.replaceAll(
    /^(\s+(?:started|finished|lease)\w+\s+DateTime\??)/gm,
    `$1 ${type}`,
  )
  return new Proxy(client, {
    get: (target, key) =>
      key === '_engineConfig' ? { ...config, inlineSchema } : (Reflect.get(target, key) as unknown),
  }) as unknown as PrismaClientLike
}

async function alterDates(client: TestClient, type: string): Promise<void> {
  for (const [table, columns] of Object.entries(DATES))
    for (const column of columns)
      await client.$executeRawUnsafe(
        `ALTER TABLE after_party_task_${table} ALTER COLUMN "${column}" TYPE ${type} USING "${column}" AT TIME ZONE 'UTC'`,
      )
}

const inZone = (database: Database, zone: string) =>
  database.clientAt(`${database.url}?options=${encodeURIComponent(`-c timezone=${zone}`)}`)

const ran = (party: AfterParty, lease = '60s') => party.run({ lease: lease as '60s' })

/** What the ledger's columns are decides whether a lease means what it says. */
describeDatabases(() => {
  test('dates with a time zone work where sessions are in UTC', async () => {
    await using database = await createDatabase('postgresql')
    const outside = database.client()
    await alterDates(outside, 'timestamptz(3)')
    await addPosts(outside, upTo(4))
    const client = () => withNativeDates(inZone(database, 'UTC'), '@db.Timestamptz(3)')
    const gate = new Gate()
    const update = async (row: { id: number; views: number }) => {
      // The lease is now that of a checkpoint.
      if (row.id === 3) await gate.passed
      return { views: row.views + 1 }
    }
    const tasks = { [`${VERSION}_backfill`]: defineBackfill({ model: 'post', batchSize: 2, update } as never) }
    await using one = createAfterParty({ client, tasks, environment: 'test' })
    await using other = createAfterParty({ client, tasks, environment: 'test' })
    const told = new Gate()
    const onEvent = (event: { type: string; processed?: number }) => {
      if (event.type === 'progress' && event.processed === 2) told.open()
    }
    const running = one.run({ lease: '60s', onEvent })
    await told.passed
    expect(await other.run({ lockTimeout: 0 })).toMatchObject({ outcome: 'locked' })
    gate.open()
    expect(await running).toMatchObject({ outcome: 'done', results: [{ processed: 4 }] })
    const [run] = await one.history()
    expect(Math.abs((run?.finishedAt?.getTime() ?? 0) - Date.now())).toBeLessThan(60_000)
  })

  test.each([
    ['both clients', 'Europe/Berlin', 'Europe/Berlin'],
    ['the tasks’ client', 'UTC', 'America/New_York'],
    ['the ledger’s, in summer alone,', 'Europe/London', 'UTC'],
  ])('dates with a time zone are refused where the sessions of %s are in another', async (_, ledgerZone, tasksZone) => {
    await using database = await createDatabase('postgresql')
    await alterDates(database.client(), 'timestamptz(3)')
    let tries = 0
    await using party = createAfterParty({
      client: () => withNativeDates(inZone(database, tasksZone), '@db.Timestamptz(3)'),
      ledgerClient: () => withNativeDates(inZone(database, ledgerZone), '@db.Timestamptz(3)'),
      tasks: {
        [`${VERSION}_first`]: task(() => {
          tries += 1
        }),
      },
      environment: 'test',
    })
    await expect(ran(party)).rejects.toMatchObject({
      code: 'schema-conflict',
      what: expect.stringContaining(ledgerZone === 'UTC' ? tasksZone : ledgerZone),
      why: expect.stringContaining('AfterPartyTaskRecord.leaseUntil, AfterPartyTaskRun.startedAt'),
    })
    expect(tries).toBe(0)
    expect(await database.client().$queryRawUnsafe('SELECT 1 FROM after_party_task_records')).toEqual([])
  })

  test('dates without one mean the same in every time zone', async () => {
    await using database = await createDatabase('postgresql')
    const gate = new Gate()
    const work = ({ log }: Context) => {
      log('at work')
      return gate.passed
    }
    const tasks = { [`${VERSION}_first`]: task(work) }
    const party = (zone: string) =>
      createAfterParty({
        client: () => inZone(database, zone) as unknown as PrismaClientLike,
        tasks,
        environment: 'test',
      })
    await using east = party('Asia/Tokyo')
    await using west = party('America/New_York')
    const atWork = new Gate()
    const running = east.run({ lease: '60s', onEvent: ({ type }) => type === 'log' && atWork.open() })
    await atWork.passed
    expect(await west.run({ lockTimeout: 0 })).toMatchObject({ outcome: 'locked' })
    gate.open()
    expect(await running).toMatchObject({ outcome: 'done' })
  })
}, ['postgresql'])

describeDatabases(
  (variant) => {
    test.each(variant === 'mariadb' ? ['@db.DateTime(0)', '@db.Timestamp(3)'] : ['@db.Timestamp(0)', '@db.Date'])(
      'dates of the type %s are refused, before anything is asked',
      async (type) => {
        await using database = await createDatabase(variant)
        await using party = createAfterParty({
          client: () => withNativeDates(database.client(), type),
          tasks: {},
          environment: 'test',
        })
        await expect(ran(party)).rejects.toMatchObject({
          code: 'schema-conflict',
          why: expect.stringContaining(`AfterPartyTaskRecord.leaseUntil is DateTime? ${type}`),
        })
      },
    )
  },
  ['postgresql', 'mariadb'],
)

describeDatabases(
  (variant) => {
    const party = (database: Database, ledger: object, tasks: object) => {
      const client = (options: object) => () => database.client(1, {}, options) as unknown as PrismaClientLike
      return createAfterParty({
        client: client(tasks),
        ledgerClient: client(ledger),
        tasks: { [`${VERSION}_first`]: task(() => {}, { transaction: true }) },
        environment: 'test',
      })
    }

    test('dates that are numbers work, where all are', async () => {
      await using database = await createDatabase(variant)
      const numbers = { timestampFormat: 'unixepoch-ms' }
      await using both = party(database, numbers, numbers)
      expect(await ran(both)).toMatchObject({ outcome: 'done' })
      const [run] = await both.history()
      expect(Math.abs((run?.finishedAt?.getTime() ?? 0) - Date.now())).toBeLessThan(60_000)
    })

    test('dates that one client writes as text and the other as numbers are refused', async () => {
      await using database = await createDatabase(variant)
      await using both = party(database, {}, { timestampFormat: 'unixepoch-ms' })
      await expect(ran(both)).rejects.toMatchObject({
        code: 'client-invalid',
        why: expect.stringContaining('as texts, the other as numbers'),
      })
    })
  },
  ['sqlite-libsql', 'sqlite-better-sqlite3'],
)
