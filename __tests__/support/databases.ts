/**
 * Every database that the tests run on, each test with one of its own.
 *
 * In this process, to test the ledger and the engine:
 *
 *     describeDatabases((variant) => {
 *       test('…', async () => {
 *         await using database = await createDatabase(variant)
 *         const client = database.client()            // a new PrismaClient, ended with the database
 *         await client.post.create({ data: { title: 'a' } })
 *       })
 *     })
 *
 * For the built binary, with the real Prisma CLI:
 *
 *     const project = await Project.create({ variant: 'mariadb' })
 *     await project.task('20260101000000_first', `await prisma.post.create({ data: { title: 'a' } })`)
 *     await project.afterParty('run')                 // DATABASE_URL is set for every command
 *     await project.prisma('migrate', 'status')
 *     await project.database?.client().post.count()   // a look from outside
 *     await project.remove()                          // and its database
 *
 * The models are those of prisma/schema.prisma; add yours there and they are on every database. Those that only one
 * provider knows are in databases/postgresql.prisma and databases/mysql.prisma. What is made for
 * a variant is made when a test first asks for it, and kept in .generated/stacks. A whole run takes SQLite and one
 * server; AFTER_PARTY_TEST_VARIANTS=all, or naming a part of the tests, takes every variant that is here. With CI or
 * AFTER_PARTY_TEST_REQUIRE=all a variant that can't run here fails the run.
 */
import { copyFile, mkdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, describe } from '@jest/globals'
import { execa } from 'execa'
import { schemaEngineEnv } from '../../scripts/schema-engine-env.mjs'
import { copyMariaDb, createMariaDb, dropMariaDb } from './databases/mariadb.mjs'
import { databaseName, runId } from './databases/names.mjs'
import { once } from './databases/once.mjs'
import { createPostgres, dropPostgres } from './databases/postgres.mjs'
import { chosenVariants, servers, whyMissing } from './databases/servers.mjs'
import { stackCli, stackDirectory } from './databases/stack.mjs'
import type { TestClient } from './databases/test-client.js'
import { STACKS, VARIANT_NAMES, VARIANTS, type VariantName } from './databases/variants.mjs'
import { runs } from './paths.mjs'

export type { TestClient, VariantName }
export { VARIANT_NAMES }

/** A migrated, empty database. */
export interface Database extends AsyncDisposable {
  readonly variant: VariantName
  readonly provider: 'sqlite' | 'postgresql' | 'mysql'
  /** What a client connects to; behind a pooler where the variant has one. */
  readonly url: string
  /** The server itself. */
  readonly directUrl: string
  /**
   * A new client. `drop` disconnects it. `pool`: how many connections, at most; `options`: of the constructor;
   * `adapterOptions`: of the adapter's.
   */
  client(pool?: number, options?: object, adapterOptions?: object): TestClient
  /** The same, by another way: a proxy, or options in the URL. */
  clientAt(url: string, pool?: number, options?: object, adapterOptions?: object): TestClient
  /** Prisma's words for the two nulls of a Json field. */
  readonly nulls: { DbNull: unknown; JsonNull: unknown }
  drop(): Promise<void>
}

/**
 * `describe` for every database, or for those named; the ones that are not here are skipped. A newcomer's run takes
 * SQLite, and the server for what is about servers, or for both.
 */
export function describeDatabases(
  body: (variant: VariantName) => void,
  variants: readonly VariantName[] = VARIANT_NAMES,
  { serverToo = false }: { serverToo?: boolean } = {},
): void {
  const chosen = chosenVariants(variants, serverToo)
  for (const variant of variants) {
    const describeHere = chosen.includes(variant) && whyMissing(variant) === undefined ? describe : describe.skip
    describeHere(variant, () => {
      // The first time takes a while: a schema, a migration, a generated client.
      beforeAll(() => stackDirectory(VARIANTS[variant].stack).then(() => {}), STACK_MS)
      body(variant)
    })
  }
}

const STACK_MS = 180_000

let made = 0

/** Makes a database for one test. */
export async function createDatabase(variant: VariantName): Promise<Database> {
  const { stack } = VARIANTS[variant]
  const { provider } = STACKS[stack]
  const missing = whyMissing(variant)
  if (missing !== undefined) throw new Error(`${variant}: ${missing}`)
  const directory = await stackDirectory(stack)
  const { connect, Prisma } = (await import(path.join(directory, 'clients', `${variant}.ts`))) as {
    connect(url: string, pool?: number, options?: object, adapterOptions?: object): TestClient
    Prisma: Database['nulls']
  }
  made += 1
  const name = databaseName(`${process.pid}_${made}`)
  const { url, directUrl, drop } = await COPY[provider](variant, directory, name)
  const clients: TestClient[] = []
  const dropAll = async () => {
    const disconnected = clients.splice(0).map((client) => client.$disconnect().catch(() => {}))
    // With Prisma 6, a client whose connection was lost in a transaction never says that it has disconnected.
    await Promise.race([Promise.all(disconnected), sleep(2_000, undefined, { ref: false })])
    await drop()
  }
  const clientAt: Database['clientAt'] = (at, pool = 5, options = {}, adapterOptions = undefined) => {
    const client = connect(at, pool, options, adapterOptions)
    clients.push(client)
    return client
  }
  return {
    variant,
    provider,
    url,
    directUrl,
    nulls: Prisma,
    client: (...given) => clientAt(url, ...given),
    clientAt,
    drop: dropAll,
    [Symbol.asyncDispose]: dropAll,
  }
}

interface Copy {
  url: string
  directUrl: string
  drop(): Promise<unknown>
}

const COPY: Record<Database['provider'], (variant: VariantName, stack: string, name: string) => Promise<Copy>> = {
  async sqlite(_variant, stack, name) {
    const directory = path.join(runDirectory(), name)
    await mkdir(directory, { recursive: true })
    await copyFile(path.join(stack, 'base.db'), path.join(directory, 'test.db'))
    const url = `file:${path.join(directory, 'test.db')}`
    return { url, directUrl: url, drop: () => rm(directory, { recursive: true, force: true }) }
  },
  async postgresql(variant, stack, name) {
    const server = urlOf('postgresql')
    const base = databaseName(VARIANTS[variant].stack)
    await migrateOnce(stack, withDatabase(server, base), () => createPostgres(server, base))
    await createPostgres(server, name, base)
    const front = VARIANTS[variant].server === 'pgbouncer' ? urlOf('pgbouncer') : server
    const directUrl = withDatabase(server, name)
    return { url: withDatabase(front, name), directUrl, drop: () => dropPostgres(server, name) }
  },
  async mysql(variant, stack, name) {
    const server = urlOf('mariadb')
    const base = databaseName(VARIANTS[variant].stack)
    await migrateOnce(stack, withDatabase(server, base), () => createMariaDb(server, base))
    await copyMariaDb(server, name, base)
    const url = withDatabase(server, name)
    return { url, directUrl: url, drop: () => dropMariaDb(server, name) }
  },
}

/** The base database that the tests' own are copies of: made once in a run, by the real `prisma migrate deploy`. */
async function migrateOnce(stack: string, url: string, create: () => Promise<unknown>): Promise<void> {
  await once(path.join(runDirectory(), path.basename(stack)), async () => {
    await create()
    await execa(process.execPath, [stackCli(stack), 'migrate', 'deploy'], {
      cwd: stack,
      env: { ...schemaEngineEnv(), DATABASE_URL: url, NODE_OPTIONS: '' },
    })
  })
}

/** Files of this run of the tests; global teardown removes them. */
function runDirectory(): string {
  return path.join(runs, runId())
}

function urlOf(server: 'postgresql' | 'pgbouncer' | 'mariadb'): string {
  const { url, missing } = servers()[server]
  if (url === undefined) throw new Error(missing)
  return url
}

function withDatabase(server: string, name: string): string {
  const url = new URL(server)
  url.pathname = `/${name}`
  return url.href
}
