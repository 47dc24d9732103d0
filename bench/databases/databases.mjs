import { openMariaDb } from './mariadb.mjs'
import { openPostgres } from './postgresql.mjs'
import { openSqlite } from './sqlite.mjs'

/**
 * A database of the benchmark's own. `Post` has the rows, `PostSeed` what they are reset to.
 *
 * @typedef {object} Database
 * @property {string} name
 * @property {'postgresql' | 'mysql' | 'sqlite'} provider
 * @property {string} url
 * @property {string} adapter The package of the driver adapter.
 * @property {string} connect TypeScript: makes the adapter; `url` and `pool` are in scope.
 * @property {string} [project] The directory of the project that its contestants run in.
 * @property {(rows: number) => Promise<unknown>} seed Makes rows without a slug, ids from 1 without gaps.
 * @property {() => Promise<unknown>} reset Takes every slug away, and leaves the table as if it were new.
 * @property {() => Promise<unknown>} [forget] Deletes what After Party knows of the database.
 * @property {(upTo: number) => Promise<{ id: number, slug: string | null }[]>} slugs In order of id.
 * @property {() => Promise<string>} version
 * @property {() => Promise<unknown>} drop
 */

/** @type {Record<string, { open(): Promise<Database> }>} */
export const DATABASES = {
  postgresql: { open: openPostgres },
  mariadb: { open: openMariaDb },
  sqlite: { open: openSqlite },
}
