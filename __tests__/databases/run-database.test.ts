import { expect, test } from '@jest/globals'
import type { PrismaClientLike } from '../../src/define/config.js'
import { shownPath } from '../../src/project/shown-path.js'
import { describeDatabases, type TestClient } from '../support/databases.js'
import { type Context, Stage, task } from '../support/parties.js'

/** Which database a run works in, as the database itself says it. */

const TASKS = { '20260101000000_first': task(({ prisma }: Context) => prisma.post.create({ data: { title: 'ran' } })) }
const as = (client: TestClient) => client as unknown as PrismaClientLike

describeDatabases(
  (variant) => {
    test('a run tells its database, and runs nothing in another than the expected one', async () => {
      await using stage = await Stage.open(variant)
      const { provider, url } = stage.database
      const { pathname, hostname } = new URL(url)
      const name = provider === 'sqlite' ? shownPath(pathname) : pathname.slice(1)
      const host = { sqlite: {}, postgresql: { host: hostname }, mysql: { host: expect.any(String) } }[provider]
      const party = stage.party(TASKS)
      for (const refused of [
        party.run({ expectDatabase: 'another' }),
        party.rehearse({ expectDatabase: 'another' }),
        party.plan({ expectDatabase: 'another' }),
      ])
        await expect(refused).rejects.toMatchObject({ code: 'wrong-database', what: expect.stringContaining(name) })
      expect(await stage.titles()).toEqual([])
      const running = stage.run(party, { expectDatabase: provider === 'sqlite' ? 'test' : name })
      expect(await running.ended).toMatchObject({ outcome: 'done', results: [{ outcome: 'done' }] })
      expect((await running.ended).database).toEqual({ provider, name, ...host })
      expect((await running.saw('planned')).database).toEqual({ provider, name, ...host })
    })
  },
  ['sqlite-libsql', 'postgresql', 'postgresql-pgbouncer', 'mariadb', 'sqlite-prisma6', 'postgresql-prisma6'],
  { serverToo: true },
)

describeDatabases(
  (variant) => {
    test('nothing of a URL but its host is told', async () => {
      await using stage = await Stage.open(variant)
      const url = new URL(stage.database.url)
      url.password = 'hunter2'
      url.searchParams.set('application_name', 'hidden')
      const running = stage.run(stage.party(TASKS, { client: () => as(stage.database.clientAt(url.href)) }))
      await running.ended
      expect(JSON.stringify([running.events, await running.ended])).not.toMatch(/hunter2|hidden|:\/\//)
    })

    test('where tasks have another database than the ledger, nothing runs', async () => {
      await using stage = await Stage.open(variant)
      await using other = await Stage.open(variant)
      const { url } = stage.database
      const party = stage.party(TASKS, {
        client: () => as(other.database.client()),
        ledgerClient: () => as(stage.database.client()),
      })
      const run = party.run({ expectDatabase: new URL(url).pathname.slice(1) })
      await expect(run).rejects.toMatchObject({ code: 'wrong-database' })
    })
  },
  ['postgresql'],
)

describeDatabases(
  (variant) => {
    test('the database is the one that the adapter is told of, not that of the connection', async () => {
      await using stage = await Stage.open(variant)
      const [row] = await stage.client.$queryRawUnsafe<{ name: string }>('SELECT DATABASE() AS name')
      const database = `${row?.name}_b`
      await stage.client.$executeRawUnsafe(`CREATE DATABASE ${database}`)
      try {
        for (const table of ['Post', 'after_party_task_records', 'after_party_task_runs'])
          await stage.client.$executeRawUnsafe(`CREATE TABLE ${database}.${table} LIKE ${table}`)
        const party = stage.party(TASKS, { client: () => as(stage.database.client(5, {}, { database })) })
        expect(await party.run({ expectDatabase: database })).toMatchObject({ outcome: 'done' })
        await expect(party.run({ expectDatabase: row?.name })).rejects.toMatchObject({ code: 'wrong-database' })
      } finally {
        await stage.client.$executeRawUnsafe(`DROP DATABASE ${database}`)
      }
    })
  },
  ['mariadb'],
)
