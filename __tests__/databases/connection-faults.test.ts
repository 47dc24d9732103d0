import { mkdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { exitCodeOfError } from '../../src/cli/exit-codes.js'
import type { PrismaClientLike } from '../../src/define/config.js'
import { AfterPartyError } from '../../src/define/errors.js'
import { createAfterParty } from '../../src/party.js'
import { openFailingPostgres, type PostgresFault } from '../support/databases/failing-postgres.js'
import { usingMariaDb } from '../support/databases/mariadb.mjs'
import { usingPostgres } from '../support/databases/postgres.mjs'
import {
  createDatabase,
  type Database,
  describeDatabases,
  type TestClient,
  type VariantName,
} from '../support/databases.js'
import { type Context, task } from '../support/parties.js'

/**
 * Whatever a database says, it is never called a bug of After Party, nor what it is not: its own reason is told, and no
 * password.
 */

const VERSION = '20260101000000'
const MIGRATIONS = path.join(tmpdir(), `after-party-faults-${process.pid}`)

beforeAll(async () => {
  await mkdir(path.join(MIGRATIONS, '20260101000000_init'), { recursive: true })
  await writeFile(path.join(MIGRATIONS, '20260101000000_init/migration.sql'), '')
})

/** What each command that asks the database throws, by the command. Null where it throws nothing. */
async function faultsOf(
  client: () => TestClient | Promise<TestClient>,
  commands: readonly (typeof COMMANDS)[number][] = COMMANDS,
) {
  const party = createAfterParty({
    client: client as unknown as () => Promise<PrismaClientLike>,
    tasks: { [`${VERSION}_first`]: task(({ prisma }: Context) => prisma.post.create({ data: { title: 'ran' } })) },
    migrations: MIGRATIONS,
  })
  const faults: Record<string, unknown> = {}
  for (const command of commands) {
    const work = {
      run: () => party.run(),
      status: () => party.status(),
      mark: () => party.mark({ as: 'done', all: true }),
      history: () => party.history(),
    }[command]
    faults[command] = await work().then(
      () => null,
      (error: unknown) => error,
    )
  }
  await party.close()
  return faults
}

const COMMANDS = ['run', 'status', 'mark', 'history'] as const

/** All commands are refused for the same reason. */
async function expectRefused(client: () => TestClient | Promise<TestClient>, what: string, why: string | RegExp) {
  expectFaults(await faultsOf(client), what, why)
}

function expectFaults(faults: Record<string, unknown>, what: string, why: string | RegExp) {
  for (const [command, fault] of Object.entries(faults)) {
    expect({ command, fault }).toEqual({ command, fault: expect.any(AfterPartyError) })
    expect(exitCodeOfError(fault)).toBe(2)
    const error = fault as AfterPartyError
    expect(error.what).toContain(what)
    expect(error.why).toMatch(why)
    expect(error.next).toMatch(/\.$/)
    expect(error.message).not.toMatch(/hunter2|invocation|:\/\/\w+[:@]/)
  }
}

/** One database for what is asked of a variant. */
function useDatabase(variant: VariantName) {
  let database: Database
  beforeAll(async () => {
    database = await createDatabase(variant)
  })
  afterAll(() => database?.drop())
  return () => database
}

function urlWith(url: string, change: (url: URL) => void): string {
  const changed = new URL(url)
  change(changed)
  return changed.href
}

const REFUSED = 'The database refused a query of After Party'
const UNREACHABLE = "Can't reach the database"

/** Left out: what is worth waiting for (40001, 40P01, 55P03), because it is asked again for half a minute. */
const SQLSTATES: [code: string, what: string][] = [
  ['08006', UNREACHABLE],
  ['0A000', REFUSED],
  ['22001', REFUSED],
  ['22P02', REFUSED],
  ['23505', REFUSED],
  ['23514', REFUSED],
  ['25006', 'The database is read-only'],
  ['25P02', REFUSED],
  ['28000', 'The database refused the connection'],
  ['28P01', 'The database refused the connection'],
  ['2D000', REFUSED],
  ['3D000', 'The database does not exist'],
  ['3F000', "After Party's tables are not in this database"],
  ['40003', REFUSED],
  ['42501', 'The database user is missing a permission'],
  ['42601', REFUSED],
  ['42703', "After Party's tables are out of date."],
  ['42P01', "After Party's tables are not in this database"],
  ['53100', REFUSED],
  ['53300', 'The database has no free connection'],
  ['54001', REFUSED],
  ['55000', REFUSED],
  ['57014', 'The database stopped a query'],
  ['57P01', UNREACHABLE],
  ['57P03', UNREACHABLE],
  ['58030', REFUSED],
  ['F0000', REFUSED],
  ['HV000', REFUSED],
  ['P0001', REFUSED],
  ['XX000', REFUSED],
]

describeDatabases(
  (variant) => {
    const database = useDatabase(variant)

    test.each(['startup', 'query'] as const)('whatever SQLSTATE a server answers at its %s', async (at) => {
      await Promise.all(
        SQLSTATES.map(async ([code, what]) => {
          const fault: PostgresFault = { at, code, message: `the reason for ${code}` }
          await using server = await openFailingPostgres(fault)
          await expectRefused(() => database().clientAt(server.url, 2), what, `the reason for ${code}`)
        }),
      )
    })
  },
  ['postgresql', 'postgresql-prisma6'],
)

describeDatabases(
  (variant) => {
    const database = useDatabase(variant)

    const role = `ap_test_${process.pid}_nobody`
    const asRole = () => urlWith(database().directUrl, (url) => Object.assign(url, { username: role }))
    const sql = (...statements: string[]) =>
      usingPostgres(database().directUrl, async (client) => {
        for (const statement of statements) await client.query(statement)
      })
    beforeAll(() => sql(`CREATE ROLE ${role} LOGIN`))
    // By then the database is gone, and what the role had in it.
    afterAll(() =>
      usingPostgres(
        urlWith(database().directUrl, (there) => Object.assign(there, { pathname: '/postgres' })),
        (client) => client.query(`DROP ROLE ${role}`),
      ),
    )

    test('a database that does not exist', async () => {
      const url = urlWith(database().directUrl, (there) => Object.assign(there, { pathname: '/ap_test_nope' }))
      await expectRefused(() => database().clientAt(url), 'does not exist', 'database "ap_test_nope" does not exist')
    })

    test('a user that does not exist', async () => {
      const url = urlWith(database().directUrl, (there) =>
        Object.assign(there, { username: 'nope', password: 'hunter2' }),
      )
      await expectRefused(() => database().clientAt(url), 'refused the connection', 'role "nope" does not exist')
    })

    test('a server without SSL', async () => {
      const url = urlWith(database().directUrl, (there) => there.searchParams.set('sslmode', 'verify-full'))
      await expectRefused(
        () => database().clientAt(url),
        "Can't open a secure connection",
        'The server does not support SSL connections',
      )
    })

    test('a server that is not there', async () => {
      const nowhere = 'postgresql://me:hunter2@127.0.0.1:1/app'
      await expectRefused(() => database().clientAt(nowhere), UNREACHABLE, '127.0.0.1:1')
    })

    test('a user without rights, and one with rights on one of the two tables', async () => {
      const client = () => database().clientAt(asRole())
      await expectRefused(client, 'is missing a permission', 'permission denied for table')
      await sql(`GRANT ALL ON after_party_task_records, _prisma_migrations TO ${role}`)
      const faults = await faultsOf(client, ['history'])
      expectFaults(faults, 'is missing a permission', 'permission denied for table after_party_task_runs')
      await sql(
        `GRANT ALL ON after_party_task_runs TO ${role}`,
        `REVOKE UPDATE, INSERT ON after_party_task_records FROM ${role}`,
      )
      const marking = await faultsOf(client, ['mark'])
      expectFaults(marking, 'is missing a permission', 'permission denied for table after_party_task_records')
    })

    test('a session that only reads', async () => {
      await sql(
        `GRANT ALL ON ALL TABLES IN SCHEMA public TO ${role}`,
        `ALTER ROLE ${role} SET default_transaction_read_only = on`,
      )
      const faults = await faultsOf(() => database().clientAt(asRole()), ['mark'])
      expectFaults(faults, 'is read-only', 'read-only transaction')
      await sql(`ALTER ROLE ${role} RESET default_transaction_read_only`)
    })

    test('tables in a schema where the connection does not look', async () => {
      await sql(`ALTER ROLE ${role} SET search_path = elsewhere`)
      const options = { schema: 'elsewhere' }
      const faults = await faultsOf(() => database().clientAt(asRole(), 5, {}, options))
      expectFaults(
        faults,
        "After Party's tables are not in this database",
        /in a database schema that this connection does not search/,
      )
      expectFaults(faults, '', /after_party_task_records/)
    })
  },
  ['postgresql'],
)

describeDatabases(
  (variant) => {
    const database = useDatabase(variant)

    const user = `ap_test_${process.pid}`
    const url = (change: (url: URL) => void = () => {}) =>
      urlWith(database().url, (there) => {
        Object.assign(there, { username: user, password: 'hunter2' })
        // The pool says nothing of a connection that it can't get before this.
        there.searchParams.set('acquireTimeout', '500')
        there.searchParams.set('initializationTimeout', '200')
        change(there)
      })
    const sql = (...statements: string[]) =>
      usingMariaDb(database().directUrl, async (connection) => {
        for (const statement of statements) await connection.query(statement)
      })
    beforeAll(() => sql(`CREATE USER '${user}'@'127.0.0.1' IDENTIFIED BY 'hunter2'`))
    // By then the database is gone.
    afterAll(() =>
      usingMariaDb(
        urlWith(database().directUrl, (there) => Object.assign(there, { pathname: '' })),
        (connection) => connection.query(`DROP USER '${user}'@'127.0.0.1'`),
      ),
    )

    test('a wrong password', async () => {
      const wrong = url((there) => Object.assign(there, { password: 'wrong' }))
      await expectRefused(
        () => database().clientAt(wrong),
        'refused the connection',
        `Access denied for user '${user}'`,
      )
    })

    test('a database that this user may not enter, and one that does not exist', async () => {
      await expectRefused(() => database().clientAt(url()), 'refused the connection', /Access denied .* to database/)
      const missing = urlWith(database().url, (there) => {
        there.pathname = '/ap_test_nope'
        there.searchParams.set('acquireTimeout', '500')
      })
      await expectRefused(() => database().clientAt(missing), 'does not exist', "Unknown database 'ap_test_nope'")
    })

    test('a server that is not there', async () => {
      const nowhere = url((there) => Object.assign(there, { port: '1' }))
      await expectRefused(() => database().clientAt(nowhere), UNREACHABLE, 'ECONNREFUSED 127.0.0.1:1')
    })

    test('a user with rights on one of the two tables, and one that may only read', async () => {
      const name = new URL(database().url).pathname.slice(1)
      const grant = (rights: string, table: string) =>
        `GRANT ${rights} ON \`${name}\`.\`${table}\` TO '${user}'@'127.0.0.1'`
      await sql(grant('SELECT', 'after_party_task_records'))
      const client = () => database().clientAt(url())
      expectFaults(await faultsOf(client, ['run']), 'is missing a permission', /denied .*_prisma_migrations/)
      await sql(grant('SELECT', '_prisma_migrations'))
      expectFaults(await faultsOf(client, ['history']), 'is missing a permission', /denied .*after_party_task_runs/)
      expectFaults(await faultsOf(client, ['mark']), 'is missing a permission', /INSERT command denied/)
    })

    test('a session that only reads', async () => {
      const reading = async () => {
        const client = database().client(1)
        await client.$executeRawUnsafe('SET SESSION TRANSACTION READ ONLY')
        return client
      }
      expectFaults(await faultsOf(reading, ['mark']), 'is read-only', 'READ ONLY transaction')
    })
  },
  ['mariadb'],
)

describeDatabases(
  (variant) => {
    const database = useDatabase(variant)

    const inFolder = async (name: string, make: (file: string) => Promise<unknown> = async () => {}) => {
      const file = path.join(path.dirname(database().url.slice('file:'.length)), name)
      await make(file)
      return () => database().clientAt(`file:${file}`)
    }
    const FILE = "Can't use the database file"

    test('a file in a folder that is not there', async () => {
      await expectRefused(await inFolder('nowhere/app.db'), FILE, /open|connect/)
    })

    test('a folder in the place of the file', async () => {
      await expectRefused(await inFolder('folder.db', (file) => mkdir(file)), FILE, /open|connect/)
    })

    test('a file that is no database', async () => {
      const text = await inFolder('text.db', (file) => writeFile(file, 'this is not a database\n'.repeat(100)))
      await expectRefused(text, FILE, 'not a database')
    })

    test('a database that only reads', async () => {
      const reading = async () => {
        const client = database().client(1)
        await client.$executeRawUnsafe('PRAGMA query_only = ON')
        return client
      }
      expectFaults(await faultsOf(reading, ['mark']), 'is read-only', 'readonly database')
    })
  },
  ['sqlite-libsql', 'sqlite-better-sqlite3', 'sqlite-prisma6'],
)

describeDatabases(
  (variant) => {
    const database = useDatabase(variant)

    test('the URL of a database of another kind', async () => {
      const client = () => database().clientAt('postgresql://me:hunter2@127.0.0.1:5432/app')
      await expectRefused(client, "Can't use the connection URL", /URL|connection string/)
    })
  },
  ['sqlite-libsql', 'sqlite-prisma6', 'mariadb'],
)
