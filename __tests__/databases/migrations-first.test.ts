import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import type { PrismaClientLike } from '../../src/config.js'
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
    async withMigrations(names: readonly string[], adapterOptions?: object) {
      for (const name of names) {
        await mkdir(path.join(directory, name))
        await writeFile(path.join(directory, name, 'migration.sql'), '')
      }
      const client = () => stage.database.client(5, {}, adapterOptions) as unknown as PrismaClientLike
      const party = stage.party(TASKS, { client, migrations: directory })
      return { party, client: stage.client as TestClient }
    },
  }
}
