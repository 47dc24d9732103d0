import { randomBytes } from 'node:crypto'
import { beforeEach, expect, test } from '@jest/globals'
import type { RunEvent } from '../../src/define/events.js'
import { addPosts, type LooseBackfill, runOnce, upTo, useBackfills } from '../support/backfills.js'
import { describeDatabases, type TestClient } from '../support/databases.js'

const UNCHANGED = 'unchanged: a trigger, a rule or a policy of the database prevents the update'

/** Triggers that keep posts with an even id as they are, and say nothing. */
const KEEP_EVEN = {
  postgresql: [
    `CREATE OR REPLACE FUNCTION keep_even() RETURNS trigger LANGUAGE plpgsql AS $$
     BEGIN IF OLD.id % 2 = 0 THEN RETURN NULL; END IF; RETURN NEW; END $$`,
    'CREATE TRIGGER "keep" BEFORE UPDATE ON "Post" FOR EACH ROW EXECUTE FUNCTION keep_even()',
  ],
  sqlite: [`CREATE TRIGGER "keep" BEFORE UPDATE ON "Post" WHEN OLD.id % 2 = 0 BEGIN SELECT RAISE(IGNORE); END`],
}

/** The ways in which a batch is written. */
const WAYS: Record<string, LooseBackfill> = {
  'as it is': { model: 'post', update: () => ({ slug: 'x' }) },
  'without a transaction': { model: 'post', transaction: false, update: () => ({ slug: 'x' }) },
  'in a transaction with a level': {
    model: 'post',
    transaction: { isolationLevel: 'Serializable' },
    update: () => ({ slug: 'x' }),
  },
  'in two statements': { model: 'post', update: ({ id }) => (id > 4 ? { slug: 'x' } : { slug: 'x', views: 1 }) },
  'row by row': { model: 'post', update: () => ({ slug: 'x', views: { increment: 1 } }) },
}

async function execute(client: TestClient, statements: readonly string[]): Promise<void> {
  for (const statement of statements) await client.$executeRawUnsafe(statement)
}

async function changed(client: TestClient): Promise<number[]> {
  const posts = await client.post.findMany({ orderBy: { id: 'asc' } })
  return posts.flatMap(({ id, slug }) => (slug === 'x' ? id : []))
}

describeDatabases(
  (variant) => {
    const backfills = useBackfills(variant)
    const provider = variant.startsWith('sqlite') ? 'sqlite' : 'postgresql'
    const drop = provider === 'sqlite' ? 'DROP TRIGGER IF EXISTS "keep"' : 'DROP TRIGGER IF EXISTS "keep" ON "Post"'

    beforeEach(() => backfills.client.$executeRawUnsafe(drop))

    test.each(Object.entries(WAYS))('rows that a trigger keeps as they were fail the backfill: %s', async (_, way) => {
      await addPosts(backfills.client, upTo(7))
      await execute(backfills.client, KEEP_EVEN[provider])
      const party = backfills.party(way)
      const result = await runOnce(party)
      expect(result).toMatchObject({ outcome: 'failed', processed: 0 })
      expect(result.error).toMatch(way.transaction === false ? /^row/ : `: the database left them ${UNCHANGED}`)
      expect(result.error).toMatch(/^rows? [246]\b/)
      await backfills.client.$executeRawUnsafe(drop)
      expect(await runOnce(party)).toMatchObject({ outcome: 'done', processed: 7 })
      expect(await changed(backfills.client)).toEqual(upTo(7))
    })

    test.each(Object.entries(WAYS))('rows that a trigger keeps as they were are skipped: %s', async (_, way) => {
      await addPosts(backfills.client, upTo(7))
      await execute(backfills.client, KEEP_EVEN[provider])
      const result = await backfills.run({ ...way, batchSize: 4, onError: 'skip' })
      expect(result).toMatchObject({ outcome: 'done', processed: 7 })
      expect(result.logs.filter((line) => line.startsWith('skipped'))).toEqual(
        [2, 4, 6].map((id) => `skipped ${id}: the database left it ${UNCHANGED}`),
      )
      expect(await changed(backfills.client)).toEqual([1, 3, 5, 7])
    })

    test('a rehearsal names rows that a trigger keeps, or tells that they would be skipped', async () => {
      await addPosts(backfills.client, upTo(5))
      await execute(backfills.client, KEEP_EVEN[provider])
      const backfill: LooseBackfill = { model: 'post', update: () => ({ slug: 'x' }) }
      const [failed] = await backfills.party(backfill).rehearse()
      expect(failed).toMatchObject({ outcome: 'failed' })
      expect(failed?.error).toBe(`rows 2; 4: the database left them ${UNCHANGED}`)
      const told: string[] = []
      const onEvent = (event: RunEvent) => event.type === 'log' && told.push(event.message)
      const [skipped] = await backfills.party({ ...backfill, onError: 'skip' }).rehearse({ onEvent })
      expect(skipped).toMatchObject({ outcome: 'rehearsed', rows: 5 })
      expect(told).toEqual([2, 4].map((id) => `Would skip row ${id}: the database left it ${UNCHANGED}`))
    })

    test('more rows kept than may be skipped fail the backfill', async () => {
      await addPosts(backfills.client, upTo(9))
      await execute(backfills.client, KEEP_EVEN[provider])
      const update = () => ({ slug: 'x' })
      const result = await backfills.run({ model: 'post', onError: 'skip', maxSkipped: 2, update })
      expect(result).toMatchObject({ outcome: 'failed', processed: 0 })
      expect(result.error).toMatch(/^more than 2 rows could not be changed. The last one: [68]: the database left it/)
      expect(await changed(backfills.client)).toEqual([])
    })

    test('a trigger that writes another value has written, and one of the same values is no fault', async () => {
      await addPosts(backfills.client, upTo(4))
      await backfills.client.post.updateMany({ where: { id: { lte: 2 } }, data: { slug: 'x' } })
      const ignoreSame =
        provider === 'sqlite'
          ? [`CREATE TRIGGER "keep" BEFORE UPDATE ON "Post" WHEN OLD.slug IS NEW.slug BEGIN SELECT RAISE(IGNORE); END`]
          : [
              'CREATE TRIGGER "keep" BEFORE UPDATE ON "Post" FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()',
            ]
      await execute(backfills.client, ignoreSame)
      const result = await backfills.run({ model: 'post', update: () => ({ slug: 'x' }) })
      expect(result).toMatchObject({ outcome: 'done', processed: 4 })
      expect(await changed(backfills.client)).toEqual(upTo(4))
    })
  },
  [
    'sqlite-libsql',
    'sqlite-better-sqlite3',
    'sqlite-prisma6',
    'postgresql',
    'postgresql-pgbouncer',
    'postgresql-prisma6',
  ],
)

describeDatabases(
  (variant) => {
    const backfills = useBackfills(variant)

    /** The posts as a view of a table, as whoever renames a table leaves them; runs with it, and takes it away. */
    const throughView = async (triggers: readonly string[], work: () => Promise<void>) => {
      const { client } = backfills
      await execute(client, ['ALTER TABLE "Post" RENAME TO "posts"', 'CREATE VIEW "Post" AS SELECT * FROM "posts"'])
      try {
        await execute(client, triggers)
        await work()
      } finally {
        await execute(client, ['DROP VIEW "Post"', 'ALTER TABLE "posts" RENAME TO "Post"'])
      }
    }

    const INSTEAD = variant.startsWith('sqlite')
      ? [
          `CREATE TRIGGER "instead" INSTEAD OF UPDATE ON "Post" WHEN OLD.id % 2 = 1
           BEGIN UPDATE "posts" SET slug = NEW.slug WHERE id = OLD.id; END`,
        ]
      : [
          `CREATE OR REPLACE FUNCTION instead() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
           IF OLD.id % 2 = 0 THEN RETURN NULL; END IF;
           UPDATE "posts" SET slug = NEW.slug WHERE id = OLD.id; RETURN NEW; END $$`,
          'CREATE TRIGGER "instead" INSTEAD OF UPDATE ON "Post" FOR EACH ROW EXECUTE FUNCTION instead()',
        ]

    test('through a view, what its trigger writes counts, and rows that it leaves alone do not', async () => {
      await addPosts(backfills.client, upTo(5))
      await throughView(INSTEAD, async () => {
        const update = ({ id }: { id: number }) => (id === 4 ? null : { slug: 'x' })
        const result = await backfills.run({ model: 'post', onError: 'skip', update })
        expect(result).toMatchObject({ outcome: 'done', processed: 5 })
        expect(result.logs.filter((line) => line.startsWith('skipped'))).toHaveLength(1)
        expect(result.logs).toContain(`skipped 2: the database left it ${UNCHANGED}`)
      })
      expect(await changed(backfills.client)).toEqual([1, 3, 5])
    })
  },
  ['sqlite-libsql', 'sqlite-better-sqlite3', 'postgresql'],
)

describeDatabases(
  (variant) => {
    const backfills = useBackfills(variant)

    /** A client whose role sees every post, and may update those with an odd id. */
    const withPolicy = async (work: (client: TestClient) => Promise<void>) => {
      const { client, database } = backfills
      const role = `ap_test_${randomBytes(6).toString('hex')}`
      await execute(client, [
        `CREATE ROLE ${role}`,
        `GRANT ALL ON ALL TABLES IN SCHEMA public TO ${role}`,
        'ALTER TABLE "Post" ENABLE ROW LEVEL SECURITY',
        'CREATE POLICY sees ON "Post" FOR SELECT USING (true)',
        'CREATE POLICY updates ON "Post" FOR UPDATE USING (id % 2 = 1)',
      ])
      try {
        await work(database.clientAt(`${database.directUrl}?options=-c%20role%3D${role}`))
      } finally {
        await execute(client, [
          'DROP POLICY sees ON "Post"',
          'DROP POLICY updates ON "Post"',
          'ALTER TABLE "Post" DISABLE ROW LEVEL SECURITY',
          `DROP OWNED BY ${role}`,
          `DROP ROLE ${role}`,
        ])
      }
    }

    test.each(Object.entries(WAYS))(
      'rows that a policy shows and does not let change are named: %s',
      async (_, way) => {
        await addPosts(backfills.client, upTo(7))
        await withPolicy(async (client) => {
          const result = await backfills.run(way, {}, client)
          expect(result).toMatchObject({ outcome: 'failed', processed: 0 })
          expect(result.error).toMatch(/^rows? [246]\b.*: the database left/)
        })
      },
    )

    test('rows that a policy does not let change are skipped, side by side too', async () => {
      await addPosts(backfills.client, upTo(20))
      await withPolicy(async (client) => {
        const update = () => ({ slug: 'x' })
        const way = { model: 'post', batchSize: 3, concurrency: 2, onError: 'skip' as const, update }
        const result = await backfills.run(way, {}, client)
        expect(result).toMatchObject({ outcome: 'done', processed: 20 })
        const [attempt] = await backfills.party(way).history({ name: 'backfill' })
        const even = upTo(20).filter((id) => id % 2 === 0)
        const skippedRows = even.map((id) => ({ key: `${id}`, error: `the database left it ${UNCHANGED}` }))
        expect(attempt?.skippedRows).toHaveLength(10)
        expect(attempt?.skippedRows).toEqual(expect.arrayContaining(skippedRows))
      })
      expect(await changed(backfills.client)).toEqual(upTo(20).filter((id) => id % 2 === 1))
    })

    test.each([
      ['ALSO', 'CREATE RULE "rule" AS ON UPDATE TO "Post" DO ALSO SELECT 1', upTo(4)],
      ['INSTEAD, of some', 'CREATE RULE "rule" AS ON UPDATE TO "Post" WHERE old.id = 2 DO INSTEAD NOTHING', [1, 3, 4]],
      ['INSTEAD, of all', 'CREATE RULE "rule" AS ON UPDATE TO "Post" DO INSTEAD NOTHING', []],
    ])('a table with rules takes no such statement, and is written all the same: DO %s', async (_, rule, expected) => {
      await addPosts(backfills.client, upTo(4))
      await backfills.client.$executeRawUnsafe(rule)
      try {
        const result = await backfills.run({ model: 'post', onError: 'skip', update: () => ({ slug: 'x' }) })
        expect(result).toMatchObject({ outcome: 'done', processed: 4 })
        expect(result.logs.filter((line) => line.startsWith('skipped'))).toHaveLength(4 - expected.length)
        expect(await changed(backfills.client)).toEqual(expected)
      } finally {
        await backfills.client.$executeRawUnsafe('DROP RULE "rule" ON "Post"')
      }
    })
  },
  ['postgresql'],
)

describeDatabases(
  (variant) => {
    const backfills = useBackfills(variant)

    test('a connection that counts only changed rows has written the others too', async () => {
      await addPosts(backfills.client, upTo(5))
      await backfills.client.post.updateMany({ where: { id: { lte: 3 } }, data: { slug: 'x' } })
      const client = backfills.database.clientAt(`${backfills.database.url}?foundRows=false`)
      for (const way of Object.values(WAYS)) {
        const result = await backfills.run({ ...way, batchSize: 2 }, {}, client)
        expect(result).toMatchObject({ outcome: 'done', processed: 5 })
        expect(await changed(backfills.client)).toEqual(upTo(5))
        await execute(backfills.client, ['DELETE FROM after_party_task_records', 'UPDATE Post SET views = 0'])
      }
    })
  },
  ['mariadb'],
)
