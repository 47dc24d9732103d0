/**
 * A database as a team has it: a server (or a file), a driver adapter, a major version of Prisma.
 *
 * @typedef {object} Variant
 * @property {StackName} stack What it shares with others: schema, migrations, generated client.
 * @property {'postgresql' | 'pgbouncer' | 'mariadb'} [server] None: a file.
 * @property {string} adapter The package of its driver adapter.
 * @property {string} adapterClass
 * @property {string} options The argument of the adapter's constructor; `url` and `pool` are in scope.
 *
 * @typedef {object} Stack
 * @property {'sqlite' | 'postgresql' | 'mysql'} provider
 * @property {6 | 7} prisma
 *
 * @typedef {keyof typeof STACKS} StackName
 * @typedef {keyof typeof VARIANTS} VariantName
 */

export const STACKS = {
  'sqlite-7': /** @type {Stack} */ ({ provider: 'sqlite', prisma: 7 }),
  'postgresql-7': /** @type {Stack} */ ({ provider: 'postgresql', prisma: 7 }),
  'mysql-7': /** @type {Stack} */ ({ provider: 'mysql', prisma: 7 }),
  'sqlite-6': /** @type {Stack} */ ({ provider: 'sqlite', prisma: 6 }),
  'postgresql-6': /** @type {Stack} */ ({ provider: 'postgresql', prisma: 6 }),
}

/** libsql waits for no lock by itself; the config that `init` writes gives it this time too. */
const libsql = '{ url, timeout: 5000 }'
const pg = '{ connectionString: url, max: pool }'

/** Every database that the tests run on. */
export const VARIANTS = {
  'sqlite-libsql': /** @type {Variant} */ ({
    stack: 'sqlite-7',
    adapter: '@prisma/adapter-libsql',
    adapterClass: 'PrismaLibSql',
    options: libsql,
  }),
  'sqlite-better-sqlite3': /** @type {Variant} */ ({
    stack: 'sqlite-7',
    adapter: '@prisma/adapter-better-sqlite3',
    adapterClass: 'PrismaBetterSqlite3',
    options: '{ url }',
  }),
  postgresql: /** @type {Variant} */ ({
    stack: 'postgresql-7',
    server: 'postgresql',
    adapter: '@prisma/adapter-pg',
    adapterClass: 'PrismaPg',
    options: pg,
  }),
  'postgresql-pgbouncer': /** @type {Variant} */ ({
    stack: 'postgresql-7',
    server: 'pgbouncer',
    adapter: '@prisma/adapter-pg',
    adapterClass: 'PrismaPg',
    options: pg,
  }),
  mariadb: /** @type {Variant} */ ({
    stack: 'mysql-7',
    server: 'mariadb',
    adapter: '@prisma/adapter-mariadb',
    adapterClass: 'PrismaMariaDb',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is code
    options: "`${url}${url.includes('?') ? '&' : '?'}connectionLimit=${pool}&minimumIdle=1`",
  }),
  'sqlite-prisma6': /** @type {Variant} */ ({
    stack: 'sqlite-6',
    adapter: '@prisma/adapter-libsql',
    adapterClass: 'PrismaLibSQL',
    options: libsql,
  }),
  'postgresql-prisma6': /** @type {Variant} */ ({
    stack: 'postgresql-6',
    server: 'postgresql',
    adapter: '@prisma/adapter-pg',
    adapterClass: 'PrismaPg',
    options: pg,
  }),
}

export const VARIANT_NAMES = /** @type {VariantName[]} */ (Object.keys(VARIANTS))
