import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import type { PrismaClientLike } from '../../src/define/config.js'
import { describeDatabases, type TestClient, type VariantName } from '../support/databases.js'
import { type Context, Stage, task } from '../support/parties.js'

const TASKS = {
  '20260101000000_first': task(({ prisma }: Context) => prisma.post.create({ data: { title: 'ran' } })),
}
const MISSING = '20991231000000_add_more'

describeDatabases((variant) => {
  const stage = useStage(variant)

  test('a missing migration stops the run', async () => {
    const { party } = await stage.withMigrations([MISSING])
    await expect(party.run()).rejects.toMatchObject({
      code: 'migrations-not-applied',
      message: expect.stringContaining(MISSING),
    })
    expect(await stage.titles()).toEqual([])
  })

  test('a folder without migrations, beside a database that has some, stops the run', async () => {
    const { party } = await stage.withMigrations([])
    await expect(party.run()).rejects.toMatchObject({
      code: 'migrations-not-applied',
      message: expect.stringContaining('has no migrations'),
    })
    expect(await stage.titles()).toEqual([])
  })

  test('where Prisma Migrate keeps no books, nothing is checked', async () => {
    const { party, client } = await stage.withMigrations([MISSING])
    await client.$executeRawUnsafe('DROP TABLE _prisma_migrations')
    expect(await party.run()).toMatchObject({ outcome: 'done' })
    expect(await stage.titles()).toEqual(['ran'])
  })
})

describeDatabases(
  (variant) => {
    const stage = useStage(variant)

    /** A party whose tables are all in a schema that only its adapter knows; `public` says nothing is missing. */
    const tenant = async (migrations: boolean) => {
      const { party, client } = await stage.withMigrations([MISSING], { schema: 'tenant-1' })
      await client.$executeRawUnsafe('CREATE SCHEMA "tenant-1"')
      const tables = ['Post', 'after_party_task_records', 'after_party_task_runs']
      for (const table of migrations ? [...tables, '_prisma_migrations'] : tables)
        await client.$executeRawUnsafe(`CREATE TABLE "tenant-1"."${table}" (LIKE public."${table}" INCLUDING ALL)`)
      await client.$executeRawUnsafe(`UPDATE public._prisma_migrations SET migration_name = '${MISSING}'`)
      return { party, client }
    }

    test('a migration that is missing in the schema of the adapter stops the run', async () => {
      const { party, client } = await tenant(true)
      await expect(party.run()).rejects.toMatchObject({ code: 'migrations-not-applied' })
      await client.$executeRawUnsafe(
        'INSERT INTO "tenant-1"._prisma_migrations SELECT * FROM public._prisma_migrations',
      )
      expect(await party.run()).toMatchObject({ outcome: 'done' })
    })

    test('where that schema has no books, nothing is checked', async () => {
      const { party, client } = await tenant(false)
      await client.$executeRawUnsafe('DELETE FROM public._prisma_migrations')
      expect(await party.run()).toMatchObject({ outcome: 'done' })
    })
  },
  ['postgresql', 'postgresql-pgbouncer', 'postgresql-prisma6'],
)

describeDatabases(
  (variant) => {
    const stage = useStage(variant)

    /** A party whose tables are in a database that only its adapter knows; that of the connection misses nothing. */
    const second = async (client: TestClient, migrations: boolean) => {
      const [row] = await client.$queryRawUnsafe<{ name: string }>('SELECT DATABASE() AS name')
      const database = `${row?.name}_b`
      await client.$executeRawUnsafe(`CREATE DATABASE ${database}`)
      const tables = ['Post', 'after_party_task_records', 'after_party_task_runs']
      for (const table of migrations ? [...tables, '_prisma_migrations'] : tables)
        await client.$executeRawUnsafe(`CREATE TABLE ${database}.${table} LIKE ${table}`)
      await client.$executeRawUnsafe(`UPDATE _prisma_migrations SET migration_name = '${MISSING}'`)
      return database
    }

    test.each([true, false])('migrations are those of the database of the adapter: it has books: %s', async (books) => {
      const adapterOptions: { database?: string } = {}
      const { party, client } = await stage.withMigrations([MISSING], adapterOptions)
      const database = await second(client, books)
      adapterOptions.database = database
      try {
        if (books) {
          await expect(party.run()).rejects.toMatchObject({ code: 'migrations-not-applied' })
          await client.$executeRawUnsafe(`INSERT INTO ${database}._prisma_migrations SELECT * FROM _prisma_migrations`)
        } else await client.$executeRawUnsafe('DELETE FROM _prisma_migrations')
        expect(await party.run()).toMatchObject({ outcome: 'done' })
      } finally {
        await client.$executeRawUnsafe(`DROP DATABASE ${database}`)
      }
    })
  },
  ['mariadb'],
)

describeDatabases(
  (variant) => {
    const stage = useStage(variant)

    test('migrations are those of the schema of the models, not those that a search path finds first', async () => {
      const { party, client } = await stage.withMigrations([MISSING], {}, '-c search_path=other,public')
      await client.$executeRawUnsafe('CREATE SCHEMA other')
      await client.$executeRawUnsafe('CREATE TABLE other._prisma_migrations AS SELECT * FROM public._prisma_migrations')
      await client.$executeRawUnsafe(`UPDATE other._prisma_migrations SET migration_name = '${MISSING}'`)
      await expect(party.run()).rejects.toMatchObject({ code: 'migrations-not-applied' })
    })
  },
  ['postgresql', 'postgresql-prisma6'],
)

/** A database for each test, and a migrations directory. */
function useStage(variant: VariantName) {
  let stage: Stage
  let directory: string
  beforeEach(async () => {
    stage = await Stage.open(variant)
    directory = await mkdtemp(path.join(tmpdir(), 'migrations-'))
  })
  afterEach(async () => {
    await stage[Symbol.asyncDispose]()
    await rm(directory, { recursive: true })
  })
  return {
    titles: () => stage.titles(),
    async withMigrations(names: readonly string[], adapterOptions?: object, options = '') {
      for (const name of names) {
        await mkdir(path.join(directory, name))
        await writeFile(path.join(directory, name, 'migration.sql'), '')
      }
      const url = `${stage.database.url}${options && `?options=${encodeURIComponent(options)}`}`
      const client = () => stage.database.clientAt(url, 5, {}, adapterOptions) as unknown as PrismaClientLike
      const party = stage.party(TASKS, { client, migrations: directory })
      return { party, client: stage.client as TestClient }
    },
  }
}
