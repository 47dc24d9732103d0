import { expect, test } from '@jest/globals'
import { walkedModel } from '../../src/backfills/rows/walked-model.js'
import { lockedPlace } from '../../src/backfills/write/table-place.js'
import type { PrismaClientLike } from '../../src/define/config.js'
import { createAfterParty, defineBackfill } from '../../src/index.js'
import { addPosts, type LooseBackfill, runOnce, upTo, useBackfills, VERSION } from '../support/backfills.js'
import { createDatabase, type Database, describeDatabases, type TestClient } from '../support/databases.js'

const TABLES = ['Post', 'after_party_task_records', 'after_party_task_runs']
const SLUG: LooseBackfill = { model: 'post', batchSize: 2, update: () => ({ slug: 'x' }) }

/** A run whose ledger and tasks have clients of one kind, as the config's `client` makes them. */
function runWith(client: () => TestClient, backfill = SLUG) {
  const party = createAfterParty({
    client: () => client() as unknown as PrismaClientLike,
    tasks: { [`${VERSION}_backfill`]: defineBackfill(backfill as never) },
  })
  return runOnce(party)
}

/** How many posts have the slug, in each place. */
async function slugs(client: TestClient, places: readonly string[]): Promise<Record<string, number>> {
  const found: Record<string, number> = {}
  for (const place of places) {
    const [row] = await client.$queryRawUnsafe(`SELECT count(*) AS n FROM ${place} WHERE slug = 'x'`)
    found[place] = Number(row?.n)
  }
  return found
}

interface Factory {
  connect(): Promise<{ getConnectionInfo(): object }>
}

const engineOf = (client: TestClient) =>
  (client as unknown as { _engineConfig: { adapter: Factory; tracingHelper: object } })._engineConfig

/** A client whose adapter is the team's own, around one of Prisma's: it says by itself where tables are. */
function tenantClient(database: Database, schemaName: string, at = database.url): TestClient {
  const { adapter: inner } = engineOf(database.clientAt(at))
  const adapter = new Proxy(inner, {
    get(factory, key) {
      if (key === 'adapterName') return 'a-team-of-tenants'
      if (key !== 'connect') return Reflect.get(factory, key) as unknown
      return async () => {
        const connected = await inner.connect()
        return Object.assign(connected, { getConnectionInfo: () => ({ schemaName, supportsRelationJoins: false }) })
      }
    },
  })
  return database.clientAt(at, 5, { adapter })
}

/** A schema whose model `Post` is in `tenant`, and all others in `public`. */
function twoSchemas(text: string): string {
  const schemaOf = (name: string) => (name === 'Post' ? 'tenant' : 'public')
  return text
    .replace(/(provider\s*=\s*"postgresql")/, '$1\n  schemas = ["public", "tenant"]')
    .replace(
      /^((?:model|enum) (\w+) \{[^}]*)\}/gm,
      (_, block: string, name: string) => `${block}\n  @@schema("${schemaOf(name)}")\n}`,
    )
}

/** A client whose engine does not tell what it sends: Prisma 6's own is one. */
function silent(client: TestClient): TestClient {
  Object.preventExtensions(engineOf(client).tracingHelper)
  return client
}

describeDatabases(() => {
  /** The same tables in a second database of the server. */
  const withSecond = async (use: (database: Database, second: string, client: TestClient) => Promise<void>) => {
    await using database = await createDatabase('mariadb')
    const client = database.client()
    const second = `${new URL(database.url).pathname.slice(1)}_b`
    await client.$executeRawUnsafe(`CREATE DATABASE ${second}`)
    try {
      await addPosts(client, upTo(5))
      for (const table of TABLES) await client.$executeRawUnsafe(`CREATE TABLE ${second}.${table} LIKE ${table}`)
      await client.$executeRawUnsafe(`INSERT INTO ${second}.Post SELECT * FROM Post`)
      await use(database, second, client)
    } finally {
      await client.$executeRawUnsafe(`DROP DATABASE ${second}`)
    }
  }

  const CLIENTS: [string, (database: Database, second: string) => TestClient][] = [
    ['that the adapter is told of', (database, second) => database.client(5, {}, { database: second })],
    [
      'that the adapter of a connection to another is told of',
      (database, second) =>
        database.clientAt(new URL('/information_schema', database.url).href, 5, {}, { database: second }),
    ],
    ['that an adapter of the team says', (database, second) => tenantClient(database, second)],
  ]

  test.each(CLIENTS)('the database %s is the one that is written, in one statement a batch', async (_, clientOf) => {
    await withSecond(async (database, second, client) => {
      expect(await runWith(() => clientOf(database, second))).toMatchObject({ outcome: 'done', processed: 5, logs: [] })
      expect(await slugs(client, ['Post', `${second}.Post`])).toEqual({ Post: 0, [`${second}.Post`]: 5 })
    })
  })

  test('where nobody tells the database, Prisma itself updates the rows', async () => {
    await withSecond(async (database, second, client) => {
      const result = await runWith(() => silent(database.client(5, {}, { database: second })))
      expect(result).toMatchObject({ outcome: 'done', processed: 5, logs: [expect.stringContaining('one by one')] })
      expect(await slugs(client, ['Post', `${second}.Post`])).toEqual({ Post: 0, [`${second}.Post`]: 5 })
    })
  })
}, ['mariadb'])

describeDatabases(
  (variant) => {
    const PLACES = ['public."Post"', 'tenant."Post"', 'other."Post"']

    /** The same tables in three schemas, where the connection's search path begins at `other`. */
    const withSchemas = async (use: (database: Database, at: string, client: TestClient) => Promise<void>) => {
      await using database = await createDatabase(variant)
      const client = database.client()
      await addPosts(client, upTo(5))
      for (const schema of ['tenant', 'other']) {
        await client.$executeRawUnsafe(`CREATE SCHEMA ${schema}`)
        for (const table of TABLES)
          await client.$executeRawUnsafe(`CREATE TABLE ${schema}."${table}" (LIKE public."${table}" INCLUDING ALL)`)
        await client.$executeRawUnsafe(`INSERT INTO ${schema}."Post" SELECT * FROM public."Post"`)
      }
      const at = `${database.url}?options=${encodeURIComponent('-c search_path=other,public')}`
      await use(database, at, client)
    }

    const CLIENTS: [string, string, (database: Database, at: string) => TestClient][] = [
      ['the adapter names', 'tenant', (database, at) => database.clientAt(at, 5, {}, { schema: 'tenant' })],
      ['an adapter of the team names', 'tenant', (database, at) => tenantClient(database, 'tenant', at)],
      ['an adapter looks in that is told of none', 'public', (database, at) => database.clientAt(at)],
      ['nobody tells', 'tenant', (database, at) => silent(database.clientAt(at, 5, {}, { schema: 'tenant' }))],
    ]

    test.each(CLIENTS)(
      'the schema that %s is the one that is written, in one statement a batch',
      async (_, schema, clientOf) => {
        await withSchemas(async (database, at, client) => {
          expect(await runWith(() => clientOf(database, at))).toMatchObject({ outcome: 'done', processed: 5, logs: [] })
          const expected = Object.fromEntries(PLACES.map((place) => [place, place.startsWith(schema) ? 5 : 0]))
          expect(await slugs(client, PLACES)).toEqual(expected)
        })
      },
    )

    test('a model that names another schema than the ledger has is written there, with its checkpoint', async () => {
      await withSchemas(async (database, at, client) => {
        const statements: string[] = []
        // What is overridden stays so for all clients that are made later.
        let original = ''
        const override = (schemaOf: (text: string) => string) => ({
          __internal: {
            configOverride(config: { inlineSchema: string }) {
              original ||= config.inlineSchema
              return { ...config, inlineSchema: schemaOf(original) }
            },
          },
        })
        const clientOf = () => {
          const made = database.clientAt(at, 5, { ...override(twoSchemas), log: [{ emit: 'event', level: 'query' }] })
          made.$on('query', ({ query }) => void statements.push(query))
          return made
        }
        const result = await runWith(clientOf).finally(() =>
          database.clientAt(
            at,
            5,
            override((text) => text),
          ),
        )
        expect(result).toMatchObject({ outcome: 'done', processed: 5, logs: [] })
        expect(await slugs(client, PLACES)).toEqual({ 'public."Post"': 0, 'tenant."Post"': 5, 'other."Post"': 0 })
        const together = statements.filter((sql) => /UPDATE "tenant"\."Post".*UPDATE "public"\."after_party/s.test(sql))
        expect(together).toHaveLength(3)
      })
    })

    test('a table of the session alone is not written in place of the one that all see', async () => {
      await withSchemas(async (database, _, client) => {
        const clientOf = () => database.client(1)
        const one = clientOf()
        await one.$executeRawUnsafe('CREATE TEMP TABLE "Post" AS SELECT * FROM public."Post"')
        expect(await runWith(() => one, { ...SLUG, transaction: false })).toMatchObject({ outcome: 'done', logs: [] })
        expect(await slugs(client, ['public."Post"'])).toEqual({ 'public."Post"': 5 })
      })
    })

    test('a transaction tells by its locks which table was read', async () => {
      await withSchemas(async (database, at) => {
        const client = database.clientAt(at, 5, {}, { schema: 'tenant' })
        const model = walkedModel(client, 'post')
        const times = { timeout: 30_000, maxWait: 10_000 }
        const read = (on: unknown) => (on as TestClient).post.count({ take: 1 })
        expect(await lockedPlace(client as never, model, times, read)).toEqual({ schema: 'tenant' })
        // Two of one name: it says nothing.
        const readBoth = async (on: unknown) => {
          await read(on)
          await (on as TestClient).$queryRawUnsafe('SELECT 1 FROM public."Post"')
        }
        expect(await lockedPlace(client as never, model, times, readBoth)).toEqual({ unknown: expect.anything() })
      })
    })
  },
  ['postgresql', 'postgresql-prisma6'],
)

describeDatabases(
  (variant) => {
    const backfills = useBackfills(variant)

    const add = (sql: string) => backfills.client.$executeRawUnsafe(sql)
    /** A client whose session has tables of its own. */
    const withTables = async (...statements: string[]) => {
      const client = backfills.database.client()
      for (const statement of statements) await client.$executeRawUnsafe(statement)
      return client
    }
    const once = () => ({ times: 1 })

    test('a table of the session alone is not written in place of the one that all see', async () => {
      await addPosts(backfills.client, upTo(5))
      const client = await withTables('CREATE TEMP TABLE "Post" AS SELECT * FROM main."Post"')
      expect(await backfills.run(SLUG, {}, client)).toMatchObject({ outcome: 'done', logs: [] })
      expect(await backfills.client.post.count({ where: { slug: 'x' } })).toBe(5)
    })

    test('rows of it do not pass for rows that the database refused to change', async () => {
      await addPosts(backfills.client, upTo(5))
      const client = await withTables(
        'CREATE TEMP TABLE "Post" AS SELECT * FROM main."Post"',
        `UPDATE temp."Post" SET slug = 'x'`,
      )
      await add('CREATE TRIGGER keep BEFORE UPDATE ON "Post" WHEN OLD.id = 4 BEGIN SELECT RAISE(IGNORE); END')
      const result = await backfills.run(SLUG, {}, client).finally(() => add('DROP TRIGGER keep'))
      expect(result).toMatchObject({ outcome: 'failed', processed: 2, error: expect.stringContaining('row 4: ') })
    })

    test.each([
      ['values that Prisma does not write', 'keyText', `x'62'`],
      ['a key that two rows have', 'keyText', `'a'), ('a'`],
    ] as const)('%s are no obstacle in it', async (_, model, values) => {
      await backfills.client.keyText.createMany({ data: [{ id: 'a' }, { id: 'b' }] })
      const client = await withTables(
        'CREATE TEMP TABLE "KeyText" (id TEXT, times INTEGER)',
        `INSERT INTO temp."KeyText" (id) VALUES (${values})`,
      )
      expect(await backfills.run({ model, update: once }, {}, client)).toMatchObject({ outcome: 'done', processed: 2 })
    })

    test.each([
      ['values that Prisma does not write', `x'62'`, "can't be found by its code"],
      ['a key that two rows have', `'a'), ('A'`, 'equal by the column'],
    ])('%s are found in the one that all see', async (_, values, error) => {
      await add('DROP TABLE "Loose"')
      await add('CREATE TABLE "Loose" (code TEXT NOT NULL COLLATE NOCASE, times INTEGER NOT NULL DEFAULT 0)')
      await add('CREATE UNIQUE INDEX exact ON "Loose" (code COLLATE BINARY)')
      await add(`INSERT INTO "Loose" (code) VALUES (${values})`)
      const client = await withTables('CREATE TEMP TABLE "Loose" (code TEXT, times INTEGER)')
      const result = await backfills.run({ model: 'loose', cursor: 'code', update: once }, {}, client)
      expect(result).toMatchObject({ outcome: 'failed', processed: 0, error: expect.stringContaining(error) })
    })

    test('a key is not taken for a row number because it is one there', async () => {
      await add(`INSERT INTO "KeyBig" (id) VALUES (1), (2), ('three')`)
      const client = await withTables('CREATE TEMP TABLE "KeyBig" (id INTEGER PRIMARY KEY, times INTEGER)')
      const result = await backfills.run({ model: 'keyBig', update: once }, {}, client)
      expect(result).toMatchObject({ outcome: 'failed', error: expect.stringContaining("can't be found by its id") })
    })
  },
  ['sqlite-better-sqlite3'],
)

describeDatabases(
  (variant) => {
    const backfills = useBackfills(variant)

    interface Hooked {
      args: { where: { id: unknown } }
      model: string
      operation: string
      query(args: object): Promise<unknown>
    }

    /** Extensions that would see nothing of a raw statement, or have it for themselves; each notes what passes it. */
    const EXTENSIONS: [string, (seen: unknown[], base: TestClient) => object][] = [
      ['all operations of a model', (seen) => ({ query: { post: { $allOperations: noting(seen) } } })],
      ['all operations of all models', (seen) => ({ query: { $allModels: { $allOperations: noting(seen) } } })],
      ['all operations', (seen) => ({ query: { $allOperations: noting(seen) } })],
      ['the update of all models', (seen) => ({ query: { $allModels: { update: noting(seen) } } })],
      [
        'the update itself',
        (seen, base) => ({
          model: {
            post: {
              update(args: { where: { id: unknown } }) {
                seen.push(args.where.id)
                return base.post.update(args)
              },
            },
          },
        }),
      ],
    ]

    function noting(seen: unknown[]) {
      return ({ args, model, operation, query }: Hooked) => {
        if (model === 'Post' && operation === 'update') seen.push(args.where.id)
        return query(args)
      }
    }

    // A transaction of another client than the extended one would wait for it, where there is one writer.
    const outside = variant.startsWith('sqlite')

    test.each(EXTENSIONS)('an extension of %s sees every update', async (what, extension) => {
      await addPosts(backfills.client, upTo(3))
      const seen: unknown[] = []
      const base = backfills.database.client()
      const client = base.$extends(extension(seen, base))
      const transaction = outside && what === 'the update itself' ? false : undefined
      const backfill = { ...SLUG, ...(transaction === false && { transaction }) }
      const result = await backfills.run(backfill, {}, client)
      expect(result).toMatchObject({ outcome: 'done', logs: [expect.stringContaining('extension')] })
      expect(seen).toEqual([1, 2, 3])
      expect(await backfills.client.post.count({ where: { slug: 'x' } })).toBe(3)
    })

    test.each([
      ['hooks', (elsewhere: () => Promise<number>) => ({ query: { $executeRawUnsafe: elsewhere } })],
      ['replaces', (elsewhere: () => Promise<number>) => ({ client: { $executeRawUnsafe: elsewhere } })],
    ])('an extension that %s raw statements has none of ours', async (_, extension) => {
      await addPosts(backfills.client, upTo(3))
      let raw = 0
      const elsewhere = async () => {
        raw += 1
        return 3
      }
      const client = backfills.database.client().$extends(extension(elsewhere))
      // MariaDB asks for savepoints around what is done row by row.
      const backfill = variant === 'mariadb' ? { ...SLUG, transaction: false as const } : SLUG
      const result = await backfills.run(backfill, {}, client)
      expect(result).toMatchObject({ outcome: 'done', logs: [expect.stringContaining('$executeRawUnsafe')] })
      expect(raw).toBe(0)
      expect(await backfills.client.post.count({ where: { slug: 'x' } })).toBe(3)
    })

    test('a hook on update that was added after read replicas has every row', async () => {
      await addPosts(backfills.client, upTo(3))
      let hooked = 0
      const base = backfills.database.client()
      const client = base.$extends({ client: { $primary: () => base } }).$extends({
        query: {
          post: {
            update({ args, query }: { args: object; query(args: object): Promise<unknown> }) {
              hooked += 1
              return query(args)
            },
          },
        },
      })
      expect(await backfills.run(SLUG, {}, client)).toMatchObject({ outcome: 'done', processed: 3 })
      expect(hooked).toBe(3)
    })

    test('an extension that has transactions of its own has every batch in one', async () => {
      await addPosts(backfills.client, upTo(3))
      let begun = 0
      const base = backfills.database.client()
      const client = base.$extends({
        client: {
          $transaction(work: (transaction: TestClient) => Promise<unknown>, options: object) {
            begun += 1
            return base.$transaction(work, options)
          },
        },
      })
      expect(await backfills.run(SLUG, {}, client)).toMatchObject({ outcome: 'done', logs: [] })
      // Beside the two batches, the total is counted in one, where the database can be told to end a long count.
      expect(begun).toBe(variant.startsWith('sqlite') ? 2 : 3)
      expect(await backfills.client.post.count({ where: { slug: 'x' } })).toBe(3)
    })
  },
  ['sqlite-libsql', 'postgresql', 'mariadb', 'postgresql-prisma6'],
)
