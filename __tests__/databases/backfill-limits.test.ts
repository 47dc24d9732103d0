import { randomBytes } from 'node:crypto'
import { expect, test } from '@jest/globals'
import { addPosts, type LooseBackfill, runOnce, upTo, useBackfills } from '../support/backfills.js'
import { describeDatabases, type TestClient } from '../support/databases.js'

const update = () => ({ slug: 'x' })

describeDatabases(
  (variant) => {
    const backfills = useBackfills(variant)

    /** A client that counts nothing, as a server that ends the query. */
    const countless = () =>
      backfills.database.client().$extends({
        query: {
          post: {
            async count() {
              throw new Error('canceling statement due to statement timeout')
            },
          },
        },
      }) as TestClient

    const changed = async () => (await backfills.client.post.findMany({ where: { slug: 'x' } })).length

    test('rows that can not be counted are walked without a total', async () => {
      await addPosts(backfills.client, upTo(7))
      const party = backfills.party({ model: 'post', batchSize: 3, update }, countless())
      const [rehearsed] = await party.rehearse()
      expect(rehearsed).toMatchObject({ outcome: 'rehearsed', rows: 7 })
      expect(rehearsed?.total).toBeUndefined()
      expect(rehearsed?.estimateMs).toBeUndefined()
      const result = await runOnce(party)
      expect(result).toMatchObject({ outcome: 'done', processed: 7 })
      expect(result.logs).toContain(
        'Could not count the rows, so there is no total: canceling statement due to statement timeout',
      )
      expect((await party.status()).tasks[0]).toMatchObject({ state: 'done', processed: 7, total: null })
      expect(await changed()).toBe(7)
    })

    test('rows that can not be counted are walked in one part', async () => {
      await addPosts(backfills.client, upTo(9))
      const backfill: LooseBackfill = { model: 'post', batchSize: 2, concurrency: 3, update }
      const result = await backfills.run(backfill, {}, countless())
      expect(result).toMatchObject({ outcome: 'done', processed: 9 })
      expect(await changed()).toBe(9)
    })

    test('a page that is too large to be read is halved', async () => {
      await addPosts(backfills.client, upTo(20))
      const client = backfills.database.client().$extends({
        query: {
          post: {
            async findMany({ args, query }: { args: object; query(args: object): Promise<object[]> }) {
              const rows = await query(args)
              if (rows.filter((row) => 'title' in row).length > 6) throw new RangeError('Invalid string length')
              return rows
            },
          },
        },
      }) as TestClient
      const result = await backfills.run({ model: 'post', batchSize: 16, onError: 'skip', update }, {}, client)
      expect(result).toMatchObject({ outcome: 'done', processed: 20 })
      expect(result.logs[0]).toMatch(/^A batch was too large \(.*Invalid string length\)\. Retrying with 8 rows\.$/)
      expect(result.logs.filter((line) => line.startsWith('skipped'))).toEqual([])
      expect(await changed()).toBe(20)
    })
  },
  ['sqlite-libsql', 'postgresql', 'mariadb'],
)

describeDatabases(
  (variant) => {
    const backfills = useBackfills(variant)

    test('a count that runs into the time-out of statements ends, and the walk does not', async () => {
      const { client, database } = backfills
      await addPosts(client, upTo(9))
      const role = `ap_test_${randomBytes(6).toString('hex')}`
      await client.$executeRawUnsafe(`CREATE ROLE ${role}`)
      await client.$executeRawUnsafe(`GRANT ALL ON ALL TABLES IN SCHEMA public TO ${role}`)
      await client.$executeRawUnsafe('ALTER TABLE "Post" ENABLE ROW LEVEL SECURITY')
      // A large table, as far as Prisma's own count is concerned.
      await client.$executeRawUnsafe(
        `CREATE POLICY slow ON "Post" USING (current_query() NOT LIKE '%COUNT(*)%' OR length(pg_sleep(60)::text) = 0)`,
      )
      try {
        const options = encodeURIComponent(`-c role=${role} -c statement_timeout=2000`)
        const slow = database.clientAt(`${database.directUrl}?options=${options}`)
        const result = await backfills.run({ model: 'post', batchSize: 4, concurrency: 2, update }, {}, slow)
        expect(result).toMatchObject({ outcome: 'done', processed: 9 })
        expect(result.logs[0]).toMatch(/^Could not count the rows, so there is no total: .*statement timeout/)
      } finally {
        await client.$executeRawUnsafe('DROP POLICY slow ON "Post"')
        await client.$executeRawUnsafe('ALTER TABLE "Post" DISABLE ROW LEVEL SECURITY')
        await client.$executeRawUnsafe(`DROP OWNED BY ${role}`)
        await client.$executeRawUnsafe(`DROP ROLE ${role}`)
      }
    })
  },
  ['postgresql'],
)

describeDatabases(
  (variant) => {
    const backfills = useBackfills(variant)
    const limit = variant === 'mariadb' ? 'SELECT @@SESSION.max_statement_time AS "limit"' : `SHOW statement_timeout`

    test('the database itself ends a count that takes too long, and nothing else of the connection', async () => {
      await addPosts(backfills.client, upTo(3))
      const seen: string[] = []
      const plain = backfills.database.client(1, { log: [{ emit: 'event', level: 'query' }] })
      plain.$on('query', ({ query }) => seen.push(query))
      const limitNow = async (client: TestClient) => Object.values((await client.$queryRawUnsafe(limit))[0] ?? {})[0]
      const before = await limitNow(plain)
      expect(await backfills.run({ model: 'post', update }, {}, plain)).toMatchObject({
        outcome: 'done',
        processed: 3,
      })
      const set = seen.findIndex((text) =>
        text.includes(variant === 'mariadb' ? 'SET SESSION max_statement_time = 20' : "ELSE '20000'"),
      )
      const count = seen.findIndex((text) => /COUNT\(/i.test(text))
      expect(set).toBeGreaterThanOrEqual(0)
      expect(count).toBeGreaterThan(set)
      expect(await limitNow(plain)).toEqual(before)
    })
  },
  ['postgresql', 'mariadb'],
)

const MB = 1024 * 1024

describeDatabases(
  (variant) => {
    const backfills = useBackfills(variant)

    const addLong = async (ids: readonly number[]) => {
      await backfills.client.native.deleteMany({})
      await backfills.client.native.createMany({ data: ids.map((id) => ({ id })) })
    }
    const lengths = () =>
      backfills.client
        .$queryRawUnsafe('SELECT id, LENGTH(`long`) AS bytes FROM Native ORDER BY id')
        .then((rows) => rows.map(({ id, bytes }) => [Number(id), bytes === null ? null : Number(bytes)]))

    test('a batch that is larger than the server takes is halved', async () => {
      await addLong(upTo(6))
      const text = 'x'.repeat(3 * MB)
      const result = await backfills.run({ model: 'native', select: { id: true }, update: () => ({ long: text }) })
      expect(result).toMatchObject({ outcome: 'done', processed: 6 })
      // The server says so, and ends the connection: which of the two the driver sees first is chance.
      expect(result.logs[0]).toMatch(
        /^A batch was (too large \(.*max_allowed_packet.*\)\. Retrying with 3|rolled back \(.*ECONNRESET.*\)\. Retrying with 250) rows\.$/,
      )
      expect(await lengths()).toEqual(upTo(6).map((id) => [id, 3 * MB]))
    })

    test('a row that is larger than the server takes is named, or skipped', async () => {
      await addLong(upTo(3))
      const backfill: LooseBackfill = {
        model: 'native',
        select: { id: true },
        update: ({ id }: { id: number }) => ({ long: 'x'.repeat(id === 2 ? 17 * MB : 1) }),
      }
      const stopped = await backfills.run(backfill)
      expect(stopped).toMatchObject({ outcome: 'failed', processed: 1 })
      expect(stopped.error).toMatch(/^row 2: .*max_allowed_packet/s)
      const skipped = await backfills.run({ ...backfill, onError: 'skip' })
      expect(skipped).toMatchObject({ outcome: 'done', processed: 2 })
      expect(skipped.logs.find((line) => line.startsWith('skipped'))).toMatch(/^skipped 2: .*max_allowed_packet/)
      expect(await lengths()).toEqual([
        [1, 1],
        [2, null],
        [3, 1],
      ])
    })
  },
  ['mariadb'],
)
