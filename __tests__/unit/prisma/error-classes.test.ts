import { describe, expect, test } from '@jest/globals'
import { asLedgerError } from '../../../src/prisma/database-errors.js'
import { classify } from '../../../src/prisma/error-class.js'

/** Every class of error that a database or a driver has, in every shape that Prisma gives it. */

const FRAME = `\nInvalid \`prisma.afterPartyTaskRecord.findMany()\` invocation in\n/app/db.ts:2:3\n\n  1 // deadlock, no such table\n→ 2 await prisma.afterPartyTaskRecord.findMany(\n`

function known(code: string, message: string, meta: object = {}) {
  return Object.assign(new Error(message), { code, meta, name: 'PrismaClientKnownRequestError' })
}

function driverAdapterError(cause: object) {
  return Object.assign(new Error('as the adapter says it', { cause }), { name: 'DriverAdapterError' })
}

/** The three ways in which Prisma passes on what an adapter threw: a raw query, a model operation, Prisma 6. */
function shapes(cause: { kind: string; originalCode?: string; originalMessage?: string }, prismaCode = 'P2039') {
  const { originalCode = 'N/A', originalMessage = 'no words' } = cause
  const meta = { driverAdapterError: driverAdapterError(cause) }
  const raw = `\nInvalid \`prisma.$queryRawUnsafe()\` invocation:\n\n\nRaw query failed. Code: \`${originalCode}\`. Message: \`${originalMessage}\``
  return [
    known('P2010', raw, meta),
    known(prismaCode, `${FRAME}what Prisma makes of it`, { modelName: 'AfterPartyTaskRecord', ...meta }),
    driverAdapterError(cause),
  ]
}

const classOf = (error: unknown) => classify(error).class

describe('a SQLSTATE of PostgreSQL', () => {
  test.each([
    ['01000', 'refused'],
    ['08000', 'unreachable'],
    ['08001', 'unreachable'],
    ['08006', 'unreachable'],
    ['08P01', 'unreachable'],
    ['0A000', 'refused'],
    ['21000', 'refused'],
    ['22001', 'refused'],
    ['22P02', 'refused'],
    ['23502', 'refused'],
    ['23505', 'refused'],
    ['23514', 'refused'],
    ['25001', 'refused'],
    ['25006', 'read-only'],
    ['25P02', 'refused'],
    ['25P03', 'unreachable'],
    ['25P04', 'timeout'],
    ['28000', 'authentication'],
    ['28P01', 'authentication'],
    ['2D000', 'refused'],
    ['3D000', 'database-missing'],
    ['3F000', 'tables-missing'],
    ['40001', 'conflict'],
    ['40003', 'refused'],
    ['40P01', 'conflict'],
    ['42501', 'permission'],
    ['42601', 'refused'],
    ['42703', 'out-of-date'],
    ['42804', 'refused'],
    ['42P01', 'tables-missing'],
    ['44000', 'refused'],
    ['53000', 'refused'],
    ['53100', 'refused'],
    ['53200', 'refused'],
    ['53300', 'too-many-connections'],
    ['54000', 'refused'],
    ['55000', 'refused'],
    ['55P03', 'busy'],
    ['57014', 'timeout'],
    ['57P01', 'unreachable'],
    ['57P02', 'unreachable'],
    ['57P03', 'unreachable'],
    ['57P04', 'database-missing'],
    ['58030', 'refused'],
    ['F0000', 'refused'],
    ['HV000', 'refused'],
    ['P0001', 'refused'],
    ['XX000', 'refused'],
    ['XX001', 'refused'],
  ])('%s means %s', (originalCode, expected) => {
    const originalMessage = 'the reason of the server'
    for (const error of shapes({ kind: 'postgres', originalCode, originalMessage })) {
      expect(classify(error)).toMatchObject({ class: expected, said: { code: originalCode, reason: originalMessage } })
      expect(asLedgerError(error)).toMatchObject({ name: 'AfterPartyError' })
    }
    const engine = `${FRAME}Error occurred during query execution:\nConnectorError(ConnectorError { user_facing_error: None, kind: QueryError(PostgresError { code: "${originalCode}", message: "the reason of \\"the\\" server", severity: "ERROR", detail: None, column: None, hint: None }), transient: false })`
    const unknown = Object.assign(new Error(engine), { name: 'PrismaClientUnknownRequestError' })
    expect(classify(unknown)).toMatchObject({ class: expected, said: { reason: 'the reason of "the" server' } })
    const rawOfEngine = known('P2010', 'Raw query failed.', { code: originalCode, message: originalMessage })
    expect(classify(rawOfEngine)).toMatchObject({ class: expected, said: { reason: originalMessage } })
  })

  test.each([
    ['AuthenticationFailed', '28P01', 'P1000', 'authentication', 'password authentication failed for user "me"'],
    ['DatabaseAccessDenied', '28000', 'P1010', 'authentication', 'role "me" does not exist'],
    ['DatabaseDoesNotExist', '3D000', 'P1003', 'database-missing', 'database "app" does not exist'],
    ['TooManyConnections', '53300', 'P2037', 'too-many-connections', 'sorry, too many clients already'],
    ['TableDoesNotExist', '42P01', 'P2021', 'tables-missing', 'relation "x" does not exist'],
    ['ColumnNotFound', '42703', 'P2022', 'out-of-date', 'column "x" does not exist'],
    ['TransactionWriteConflict', '40P01', 'P2034', 'conflict', 'deadlock detected'],
    ['UniqueConstraintViolation', '23505', 'P2002', 'refused', 'duplicate key value violates unique constraint'],
    ['LengthMismatch', '22001', 'P2000', 'refused', 'value too long for type character varying(8)'],
  ])('with a name of the adapter (%s), the server’s own reason is kept', (kind, code, prismaCode, expected, reason) => {
    for (const error of shapes({ kind, originalCode: code, originalMessage: reason }, prismaCode))
      expect(classify(error)).toMatchObject({ class: expected, said: { reason } })
  })

  test.each([
    ['no such database: app', 'database-missing'],
    ['database "app" does not exist', 'database-missing'],
    ['password authentication failed', 'authentication'],
    ['SASL authentication failed', 'authentication'],
    ['server login has been failing, try again later (server_login_retry)', 'unreachable'],
    ['query_wait_timeout', 'unreachable'],
  ])('that says little (08P01) is read by PgBouncer’s words: %s', (originalMessage, expected) => {
    for (const error of shapes({ kind: 'postgres', originalCode: '08P01', originalMessage }))
      expect(classOf(error)).toBe(expected)
  })
})

test.each([
  [{ kind: 'DatabaseNotReachable', host: '127.0.0.1', port: 1 }, 'P1001', 'unreachable'],
  [{ kind: 'ConnectionClosed' }, 'P1017', 'unreachable'],
  [{ kind: 'SocketTimeout' }, 'P1008', 'unreachable'],
  [{ kind: 'TlsConnectionError', reason: 'The server does not support SSL connections' }, 'P1011', 'ssl'],
  [{ kind: 'TlsConnectionError', reason: 'self-signed certificate' }, 'P1011', 'ssl'],
])('what pg throws without a SQLSTATE: %j', (cause, prismaCode, expected) => {
  for (const error of shapes(cause, prismaCode)) expect(classOf(error)).toBe(expected)
})

describe('a number of MySQL or MariaDB', () => {
  const NUMBERS: [string, string, string][] = [
    ['1040', 'too-many-connections', 'Too many connections'],
    ['1044', 'authentication', "Access denied for user 'me'@'%' to database 'app'"],
    ['1045', 'authentication', "Access denied for user 'me'@'%' (using password: YES)"],
    ['1049', 'database-missing', "Unknown database 'app'"],
    ['1054', 'out-of-date', "Unknown column 'x' in 'field list'"],
    ['1062', 'refused', "Duplicate entry 'x' for key 'PRIMARY'"],
    ['1114', 'refused', "The table 'x' is full"],
    ['1142', 'permission', "SELECT command denied to user 'me'@'%' for table 'after_party_task_records'"],
    ['1143', 'permission', "SELECT command denied to user 'me'@'%' for column 'x' in table 'y'"],
    ['1146', 'tables-missing', "Table 'app.x' doesn't exist"],
    ['1205', 'busy', 'Lock wait timeout exceeded; try restarting transaction'],
    ['1213', 'conflict', 'Deadlock found when trying to get lock'],
    ['1226', 'too-many-connections', "User 'me' has exceeded the 'max_user_connections' resource"],
    ['1290', 'read-only', 'The MariaDB server is running with the --read-only option'],
    ['1406', 'refused', "Data too long for column 'name' at row 1"],
    ['1698', 'authentication', "Access denied for user 'me'@'%'"],
    ['1792', 'read-only', 'Cannot execute statement in a READ ONLY transaction'],
    ['1969', 'timeout', 'Query execution was interrupted (max_statement_time exceeded)'],
    ['2002', 'unreachable', "Can't connect to server"],
    ['3024', 'timeout', 'Query execution was interrupted, maximum statement execution time exceeded'],
    ['3159', 'ssl', 'Connections using insecure transport are prohibited'],
    ['45009', 'unreachable', 'socket has unexpectedly been closed'],
  ]

  test.each(NUMBERS)('%s means %s', (originalCode, expected, originalMessage) => {
    for (const error of shapes({ kind: 'mysql', originalCode, originalMessage }))
      expect(classify(error)).toMatchObject({ class: expected, said: { reason: originalMessage } })
    const driver = Object.assign(new Error(`(conn:7, no: ${originalCode}, SQLState: HY000) ${originalMessage}`), {
      errno: Number(originalCode),
      sqlMessage: originalMessage,
      sqlState: 'HY000',
      code: 'ER_SOMETHING',
    })
    expect(classify(driver)).toMatchObject({ class: expected, said: { reason: originalMessage } })
    const rawOfEngine = known('P2010', 'Raw query failed.', { code: originalCode, message: originalMessage })
    expect(classOf(rawOfEngine)).toBe(expected)
  })

  const POOL = 'pool timeout: failed to retrieve a connection from pool after 10000ms'

  test.each([
    [
      "(conn:230, no: 1045, SQLState: 28000) Access denied for user 'me'@'%' (using password: YES)",
      'authentication',
      "Access denied for user 'me'@'%' (using password: YES)",
    ],
    ["(conn:240, no: 1049, SQLState: 42000) Unknown database 'app'", 'database-missing', "Unknown database 'app'"],
    ['(conn:-1, no: 1040, SQLState: 08004) Too many connections', 'too-many-connections', 'Too many connections'],
    ['connect ECONNREFUSED 127.0.0.1:1', 'unreachable', 'connect ECONNREFUSED 127.0.0.1:1'],
  ])('is found behind a pool that got no connection: %s', (behind, expected, reason) => {
    const state = '\n    (pool connections: active=0 idle=0 limit=10)'
    const cause = { kind: 'mysql', originalCode: '45028', originalMessage: POOL + state, cause: behind + state }
    for (const error of shapes(cause)) expect(classify(error)).toMatchObject({ class: expected, said: { reason } })
  })

  test('a pool whose connections are all in use is not called a server that is not there', () => {
    const originalMessage = `${POOL}\n    (pool connections: active=10 idle=0 limit=10)`
    for (const error of shapes({ kind: 'mysql', originalCode: '45028', originalMessage }))
      expect(classOf(error)).toBe('too-many-connections')
  })
})

describe('SQLite', () => {
  test.each([
    ['3', 'PERM', 'access permission denied', 'file-unusable'],
    ['5', 'BUSY', 'database is locked', 'busy'],
    ['6', 'LOCKED', 'database table is locked', 'busy'],
    ['8', 'READONLY', 'attempt to write a readonly database', 'read-only'],
    ['1032', 'READONLY_DBMOVED', 'attempt to write a readonly database', 'read-only'],
    ['10', 'IOERR', 'disk I/O error', 'file-unusable'],
    ['11', 'CORRUPT', 'database disk image is malformed', 'file-unusable'],
    ['13', 'FULL', 'database or disk is full', 'refused'],
    ['14', 'CANTOPEN', 'unable to open database file', 'file-unusable'],
    ['26', 'NOTADB', 'file is not a database', 'file-unusable'],
  ])('%s (SQLITE_%s): %s', (number, name, words, expected) => {
    const libsql = { originalCode: number, originalMessage: `SQLITE_${name}: ${words}`, extendedCode: Number(number) }
    const better = { originalCode: `SQLITE_${name}`, originalMessage: words, extendedCode: 1 }
    for (const cause of [libsql, better])
      for (const error of shapes({ kind: 'sqlite', ...cause })) expect(classOf(error)).toBe(expected)
    // What is thrown before an adapter sees it comes as it is, or with its code in the place of Prisma's.
    const own = Object.assign(new Error(words), { code: `SQLITE_${name}`, name: 'SqliteError' })
    for (const error of [own, known(`SQLITE_${name}`, FRAME + words)]) expect(classOf(error)).toBe(expected)
    const engine = `Error occurred during query execution:\nConnectorError(ConnectorError { user_facing_error: None, kind: QueryError(SqliteError { extended_code: ${number}, message: Some("${words}") }) })`
    expect(classOf(Object.assign(new Error(engine), { name: 'PrismaClientUnknownRequestError' }))).toBe(expected)
  })

  test.each([
    ['ConnectionFailed("Unable to open connection to local database /no/such/folder/app.db: 14")', 'file-unusable'],
    ['Failed to connect to database: `/no/such/folder/app.db`', 'file-unusable'],
    ['Cannot open database because the directory does not exist', 'file-unusable'],
    ['SQLITE_ERROR: no such table: main.after_party_task_records', 'tables-missing'],
    ['SQLITE_ERROR: no such column: deployId', 'out-of-date'],
  ])('without a code: %s', (message, expected) => {
    expect(classOf(Object.assign(new TypeError(message), { code: '' }))).toBe(expected)
  })

  test('a URL of another database is told as that', () => {
    const scheme = 'URL_SCHEME_NOT_SUPPORTED: The client supports only "libsql:" and "file:" URLs, got "postgresql:"'
    expect(classOf(known('URL_SCHEME_NOT_SUPPORTED', FRAME + scheme))).toBe('url-invalid')
    expect(asLedgerError(known('URL_INVALID', `URL_INVALID: The URL '' is not in a valid format`))).toMatchObject({
      code: 'database-unreachable',
      what: "Can't use the connection URL.",
      why: "URL_INVALID: The URL '' is not in a valid format",
    })
    expect(classOf(new Error("error parsing connection string, format must be 'mariadb://…'"))).toBe('url-invalid')
  })
})

describe('SQL Server, CockroachDB and MongoDB', () => {
  test.each([
    ['229', 'permission'],
    ['18456', 'authentication'],
    ['4060', 'database-missing'],
    ['208', 'tables-missing'],
    ['207', 'out-of-date'],
    ['1205', 'conflict'],
    ['1222', 'busy'],
    ['40613', 'unreachable'],
    ['547', 'refused'],
  ])('number %s of SQL Server means %s', (originalCode, expected) => {
    for (const error of shapes({ kind: 'mssql', originalCode, originalMessage: 'reason' }))
      expect(classOf(error)).toBe(expected)
  })

  test.each([
    ['Kind: Command failed: Error code 13 (Unauthorized): not authorized on app to execute command', 'permission'],
    ['Kind: Command failed: Error code 18 (AuthenticationFailed): Authentication failed', 'authentication'],
    ['Kind: Server selection timeout: No available servers', 'unreachable'],
    ['restart transaction: TransactionRetryWithProtoRefreshError', 'conflict'],
  ])('%s', (message, expected) => {
    expect(classOf(known('P2010', `Raw query failed. Code: \`unknown\`. Message: \`${message}\``))).toBe(expected)
  })
})

describe('Prisma 6 with its query engine', () => {
  const initialization = (message: string, errorCode?: string) =>
    Object.assign(new Error(FRAME + message), { name: 'PrismaClientInitializationError', errorCode })

  test.each([
    ['P1000', 'authentication'],
    ['P1001', 'unreachable'],
    ['P1003', 'database-missing'],
    ['P1010', 'authentication'],
    ['P1011', 'ssl'],
    ['P1012', 'url-invalid'],
  ])('that can’t begin: %s means %s', (code, expected) => {
    expect(classify(initialization('the reason', code))).toMatchObject({
      class: expected,
      said: { reason: 'the reason' },
    })
  })

  test('whose engine is not there says so, with where it was looked for', () => {
    const message = `Prisma Client could not locate the Query Engine for runtime "debian-openssl-3.0.x".\n\nThe following locations have been searched:\n  /app/node_modules/.prisma/client`
    expect(asLedgerError(initialization(message))).toMatchObject({
      code: 'client-invalid',
      what: "The Prisma client can't start.",
      why: message,
      next: expect.stringContaining('npx prisma generate'),
    })
  })

  test('whose engine panics is no bug of ours', () => {
    expect(classOf(Object.assign(new Error('PANIC'), { name: 'PrismaClientRustPanicError' }))).toBe('driver')
  })
})

describe('what no database said', () => {
  const thrown = (stack: string[]) =>
    Object.assign(new TypeError('x is undefined'), { stack: ['TypeError: x is undefined', ...stack].join('\n') })
  const RUNTIME = '    at Cr (/app/node_modules/@prisma/client/runtime/client.js:9:9)'

  test.each([
    ['Prisma', RUNTIME],
    ['we', '    at query (file:///app/node_modules/after-party/dist/ledger/prisma-ledger.js:4:11)'],
  ])('is the team’s, where their code threw and %s had called it', (_, caller) => {
    const error = thrown([
      '    at Object.$allOperations (/app/src/db.ts:4:11)',
      '    at new Promise (<anonymous>)',
      caller,
    ])
    expect(asLedgerError(error)).toMatchObject({
      code: 'client-invalid',
      next: expect.stringContaining('ledgerClient'),
      why: 'x is undefined',
    })
  })

  test('is a bug, where ours threw', () => {
    const error = thrown(['    at toMs (file:///app/node_modules/after-party/dist/ledger/clock.js:4:11)', RUNTIME])
    expect(classOf(error)).toBe('bug')
    expect(asLedgerError(error)).toBe(error)
  })

  test.each([
    ['a driver', [`    at Client.connect (/app/node_modules/pg/lib/client.js:4:11)`, '    at /app/src/db.ts:1:1']],
    ['nobody knows who: all is one bundle', ['    at a (/app/server.js:1:1)', '    at b (/app/server.js:2:1)']],
    ['something without a stack', []],
  ])('is no bug and blames nobody: %s', (_, stack) => {
    expect(classOf(thrown(stack))).toBe('driver')
  })

  test.each([
    ['a text', 'no'],
    ['nothing', undefined],
    ['null', null],
    ['an object', { reason: 'no' }],
    ['an error without a message', new Error('')],
    ['errors of all addresses of a host', new AggregateError([Object.assign(new Error('refused'), { code: 'X' })], '')],
  ])('%s is explained all the same', (_, error) => {
    expect(asLedgerError(error)).toMatchObject({ name: 'AfterPartyError', why: expect.stringMatching(/./) })
  })
})

test('no password and no URL is told, whatever has it', () => {
  const url = 'postgresql://me:hunter2@db/app'
  const errors = [
    ...shapes({ kind: 'postgres', originalCode: 'XX000', originalMessage: `no route to ${url}` }),
    new Error(`can't reach database at ${url}`),
    known('P1001', `${FRAME}Can't reach ${url}`),
  ]
  for (const error of errors) expect(String(asLedgerError(error))).not.toContain('hunter2')
})
