import { copyFile, mkdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { databaseName, runId } from './databases/names.mjs'
import { createPostgres, dropPostgres, usingPostgres } from './databases/postgres.mjs'
import { projects } from './paths.mjs'
import type { Provider } from './self-hosted.js'
import { querySqlite } from './sqlite.js'

/** Databases of customers, by name, which can be copied: what one is after a release is where several go on from. */
export interface CustomerDatabases {
  create(name: string): Promise<void>
  copy(from: string, to: string): Promise<void>
  url(name: string): string
  query(name: string, sql: string): Promise<unknown[][]>
  /** Everything in it that is not rows, as the database has it. */
  schema(name: string): Promise<unknown[][]>
  dropAll(): Promise<void>
}

/** Those of a provider. `server` is the URL of the server, where there is one. */
export function customerDatabases(provider: Provider, server: string | undefined): CustomerDatabases {
  return provider === 'sqlite' ? new SqliteFiles() : new PostgresDatabases(server ?? '')
}

class SqliteFiles implements CustomerDatabases {
  readonly #folder = path.join(projects, runId(), `customers-${process.pid}`)

  async create(): Promise<void> {
    await mkdir(this.#folder, { recursive: true })
  }

  copy(from: string, to: string): Promise<void> {
    return copyFile(this.#file(from), this.#file(to))
  }

  url(name: string): string {
    return `file:${this.#file(name)}`
  }

  query(name: string, sql: string): Promise<unknown[][]> {
    return querySqlite(this.#file(name), sql)
  }

  schema(name: string): Promise<unknown[][]> {
    return this.query(name, 'SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name')
  }

  dropAll(): Promise<void> {
    return rm(this.#folder, { recursive: true, force: true })
  }

  #file(name: string): string {
    return path.join(this.#folder, `${name}.db`)
  }
}

/** What is in the schema: columns, indexes and constraints. */
const POSTGRES_SCHEMA = `
SELECT 'column', table_name || '.' || column_name, concat_ws(' ', ordinal_position, data_type, is_nullable, column_default)
  FROM information_schema.columns WHERE table_schema = 'public'
UNION ALL SELECT 'index', indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
UNION ALL SELECT 'constraint', conname, pg_get_constraintdef(oid)
  FROM pg_constraint WHERE connamespace = 'public'::regnamespace
ORDER BY 1, 2`

class PostgresDatabases implements CustomerDatabases {
  readonly #server: string
  readonly #made: string[] = []

  constructor(server: string) {
    this.#server = server
  }

  async create(name: string): Promise<void> {
    this.#made.push(name)
    await createPostgres(this.#server, this.#name(name))
  }

  async copy(from: string, to: string): Promise<void> {
    this.#made.push(to)
    await createPostgres(this.#server, this.#name(to), this.#name(from))
  }

  url(name: string): string {
    const url = new URL(this.#server)
    url.pathname = `/${this.#name(name)}`
    return url.href
  }

  query(name: string, sql: string): Promise<unknown[][]> {
    return usingPostgres(
      this.url(name),
      async (client) => (await client.query({ text: sql, rowMode: 'array' })).rows as unknown[][],
    )
  }

  schema(name: string): Promise<unknown[][]> {
    return this.query(name, POSTGRES_SCHEMA)
  }

  async dropAll(): Promise<void> {
    for (const name of this.#made) await dropPostgres(this.#server, this.#name(name))
  }

  #name(name: string): string {
    return databaseName(`customer_${name}`)
  }
}
