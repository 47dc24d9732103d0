import { type DriverError, readDriverError } from './driver-error.js'

/**
 * What an error of a query means. `refused`: the database gave a code that means none of the others. `driver`: what is
 * between Prisma and the database threw something without a code.
 */
export type ErrorClass =
  | 'unreachable'
  | 'authentication'
  | 'database-missing'
  | 'file-unusable'
  | 'url-invalid'
  | 'ssl'
  | 'too-many-connections'
  | 'permission'
  | 'tables-missing'
  | 'out-of-date'
  | 'busy'
  | 'conflict'
  | 'timeout'
  | 'read-only'
  | 'engine-missing'
  | 'client-threw'
  | 'refused'
  | 'driver'
  | 'bug'

/** The codes of one class, a line for each that gives them. */
type Codes = Partial<Record<ErrorClass, string>>

/** SQLSTATEs, by code, or by their first two characters. */
const SQLSTATES: Codes = {
  unreachable: '08 57P01 57P02 57P03 57P05 25P03',
  authentication: '28',
  'database-missing': '3D 57P04',
  'too-many-connections': '53300 53400',
  permission: '42501',
  'tables-missing': '42P01 3F',
  'out-of-date': '42703',
  busy: '55P03',
  // Not all of 40: after 40003 nobody knows whether the statement was done.
  conflict: '40001 40P01',
  timeout: '57014 25P04',
  'read-only': '25006',
}

/** Numbers of MySQL and MariaDB, and, from 2000 on, those of their clients. */
const MYSQL: Codes = {
  unreachable: '1053 1077 1079 1080 1152 1927 2002 2003 2005 2006 2013 2055 45009 45011 45012 45013 45028',
  authentication: '1044 1045 1129 1130 1251 1524 1698 1820 1862 3118 3955 4151',
  'database-missing': '1049',
  ssl: '2026 3159 45024',
  'too-many-connections': '1040 1203 1226',
  permission: '1142 1143 1227 1370 3619',
  'tables-missing': '1146',
  'out-of-date': '1054',
  busy: '1205',
  conflict: '1020 1213',
  timeout: '1317 1907 1969 3024',
  'read-only': '1290 1792 1836 3100',
}

/** Numbers of SQL Server. */
const MSSQL: Codes = {
  unreachable: '233 4221 6005 10053 10054 10060 10061 11001 17142 40197 40501 40613',
  authentication: '18450 18452 18456 18461 18470 18486 18487 18488 40615',
  'database-missing': '911 4060',
  'too-many-connections': '10928 10929 17809 17300',
  permission: '229 230 262 300 916',
  'tables-missing': '208',
  'out-of-date': '207',
  busy: '1222',
  conflict: '1205 3960',
  'read-only': '3906',
}

/** Primary result codes of SQLite. */
const SQLITE: Codes = {
  'file-unusable': 'PERM IOERR CORRUPT CANTOPEN NOTADB',
  permission: 'AUTH',
  busy: 'BUSY LOCKED',
  'read-only': 'READONLY',
}
const SQLITE_NUMBERS: Record<number, string> = {
  ...{ 3: 'PERM', 5: 'BUSY', 6: 'LOCKED', 8: 'READONLY', 10: 'IOERR', 11: 'CORRUPT' },
  ...{ 14: 'CANTOPEN', 23: 'AUTH', 26: 'NOTADB' },
}

/** Codes of Node's sockets and of TLS, and of libsql's client. */
const NAMES: Codes = {
  unreachable:
    'ECONNREFUSED ECONNRESET ECONNABORTED ENOTFOUND EAI_AGAIN EPIPE ETIMEDOUT EHOSTUNREACH ENETUNREACH EHOSTDOWN ETIMEOUT ESOCKET ER_SOCKET_UNEXPECTED_CLOSE ER_CONNECTION_TIMEOUT',
  ssl: 'DEPTH_ZERO_SELF_SIGNED_CERT SELF_SIGNED_CERT_IN_CHAIN UNABLE_TO_VERIFY_LEAF_SIGNATURE UNABLE_TO_GET_ISSUER_CERT UNABLE_TO_GET_ISSUER_CERT_LOCALLY CERT_HAS_EXPIRED CERT_NOT_YET_VALID CERT_UNTRUSTED CERT_REJECTED ERR_TLS_CERT_ALTNAME_INVALID EPROTO',
  'url-invalid': 'URL_SCHEME_NOT_SUPPORTED URL_INVALID URL_PARAM_NOT_SUPPORTED ERR_INVALID_URL',
}

const PRISMA: Codes = {
  unreachable: 'P1001 P1002 P1017',
  authentication: 'P1000 P1010',
  'database-missing': 'P1003',
  'url-invalid': 'P1012 P1013',
  ssl: 'P1011',
  'too-many-connections': 'P2037',
  'tables-missing': 'P2021',
  'out-of-date': 'P2022',
  busy: 'P1008 P2024',
  conflict: 'P2034',
  timeout: 'P2028',
  // Rows that hold what the schema does not allow.
  refused: 'P2023 P2032',
}

/** The adapters' names; they have one for what most databases say. */
const KINDS: Codes = {
  unreachable: 'DatabaseNotReachable ConnectionClosed',
  authentication: 'AuthenticationFailed DatabaseAccessDenied',
  'database-missing': 'DatabaseDoesNotExist',
  ssl: 'TlsConnectionError',
  'too-many-connections': 'TooManyConnections',
  'tables-missing': 'TableDoesNotExist',
  'out-of-date': 'ColumnNotFound',
  conflict: 'TransactionWriteConflict',
}

/**
 * The words of the drivers (pg, mariadb, libsql, better-sqlite3, tedious), of PgBouncer and of MongoDB, for what has no
 * code or one that says little. The first that fits counts.
 */
const WORDS: readonly (readonly [ErrorClass, RegExp])[] = [
  ['tables-missing', /no such table/i],
  ['out-of-date', /no such column|has no column named/i],
  [
    'file-unusable',
    /SQLITE_(CANTOPEN|NOTADB|CORRUPT|IOERR|PERM)|unable to open (connection to local database|database file)|failed to connect to database: `|cannot open database because the directory|file is not a database|disk image is malformed/i,
  ],
  ['read-only', /SQLITE_READONLY|readonly database|read-only transaction|--(super-)?read-only|read only mode/i],
  // A closed client, an unknown status: the connection was left by another query of ours while this one was on its way.
  [
    'busy',
    /SQLITE_(BUSY|LOCKED)|database (table )?is locked|CLIENT_CLOSED|connection is not open|Unknown transaction status/i,
  ],
  [
    'conflict',
    /write ?conflict|deadlock|could not serialize access|lock wait timeout|record has changed since last read|restart transaction/i,
  ],
  ['database-missing', /no such database|database "[^"]*" does not exist|unknown database/i],
  [
    'authentication',
    /password authentication failed|no such user|SASL|SCRAM failure|authentication ?failed|no pg_hba\.conf entry|access denied for user|login failed for user/i,
  ],
  ['ssl', /does not support SSL|establishing an SSL connection|self[- ]signed certificate|certificate has expired/i],
  ['url-invalid', /error parsing connection string|must start with the protocol|invalid URL\b/i],
  ['too-many-connections', /too many (clients|connections)|connection slots are reserved|active=[1-9]\d* idle=/i],
  ['permission', /permission denied|not authorized on|command denied to user/i],
  ['timeout', /statement timeout|canceling statement|max_statement_time|maximum statement execution time/i],
  [
    'unreachable',
    new RegExp(
      [
        'connection (was |has been |is )?(terminated|closed|lost|reset|killed)',
        'terminating connection',
        'connection error',
        'client was closed',
        'server closed',
        'server login',
        'server conn crashed',
        'server shutdown',
        'server selection timeout',
        'query_wait_timeout',
        'not (currently |yet )?accepting connections',
        'database system is (starting up|shutting down|in recovery)',
        'timeout exceeded when trying to connect',
        "can't reach database",
        'ECONNRE(FUSED|SET)',
        'EPIPE',
        'socket has unexpectedly been closed',
        'pool timeout',
      ].join('|'),
      'i',
    ),
  ],
]

/** The class of what a query threw, and what it says. Pure. */
export function classify(error: unknown): { class: ErrorClass; said: DriverError } {
  const said = readDriverError(error)
  return {
    class:
      byCode(said) ??
      byWords(said.words) ??
      byPrefix(said) ??
      bySilence(said) ??
      byPrisma(said) ??
      unnamed(error, said),
    said,
  }
}

const MARIADB_POOL = '45028'

const EXACT = {
  sqlstate: byCodeOf(SQLSTATES),
  mysql: byCodeOf(MYSQL),
  mssql: byCodeOf(MSSQL),
  sqlite: byCodeOf(SQLITE),
  name: byCodeOf(NAMES),
  prisma: byCodeOf(PRISMA),
  kind: byCodeOf(KINDS),
}

/** The database's own code says more than what Prisma makes of it. */
function byCode({ code = '', kind = '' }: DriverError): ErrorClass | undefined {
  // The number of a pool that waited says nothing of why.
  if (code === MARIADB_POOL) return undefined
  const sqlite = /^SQLITE_([A-Z]+)/.exec(code)?.[1] ?? (kind === 'sqlite' ? SQLITE_NUMBERS[Number(code) & 0xff] : '')
  if (sqlite) return EXACT.sqlite.get(sqlite)
  if (kind === 'sqlite') return undefined
  const numbers = [...(kind === 'mssql' ? [] : [EXACT.mysql]), ...(kind === 'mysql' ? [] : [EXACT.mssql])]
  const tables = isNumber(code) || kind === 'mysql' || kind === 'mssql' ? numbers : [EXACT.name, EXACT.sqlstate]
  return tables.map((table) => table.get(code)).find((found) => found !== undefined) ?? EXACT.kind.get(kind)
}

function byPrefix({ code = '' }: DriverError): ErrorClass | undefined {
  return /^[0-9A-Z]{5}$/.test(code) && !isNumber(code) ? EXACT.sqlstate.get(code.slice(0, 2)) : undefined
}

function byWords(words: string): ErrorClass | undefined {
  return WORDS.find(([, pattern]) => pattern.test(words))?.[0]
}

/** What Prisma calls a timeout (P1008) is SQLite's lock, with its words, or a network's, which has none. */
function bySilence({ kind, code }: DriverError): ErrorClass | undefined {
  return kind === 'SocketTimeout' && code === undefined ? 'unreachable' : undefined
}

function byPrisma({ prismaCode = '' }: DriverError): ErrorClass | undefined {
  return EXACT.prisma.get(prismaCode)
}

/** What has no code that we know. What Prisma threw about a query of ours is a bug; what came from below it is not. */
function unnamed(error: unknown, { prismaCode, code, kind }: DriverError): ErrorClass {
  const name = error instanceof Error ? error.name : ''
  if (name === 'PrismaClientInitializationError') return 'engine-missing'
  if (code !== undefined || kind !== undefined) return 'refused'
  if (FROM_BELOW.has(name)) return 'driver'
  if (prismaCode !== undefined || name.startsWith('PrismaClient')) return 'bug'
  return throwerOf(error)
}

/** What Prisma throws of what it did not do itself. */
const FROM_BELOW = new Set(['PrismaClientUnknownRequestError', 'PrismaClientRustPanicError', 'DriverAdapterError'])

const PRISMA_RUNTIME = /@prisma[\\/]client|[\\/]\.prisma[\\/]client|[\\/]runtime[\\/](client|library|binary|edge)\b/
const OURS = /after-party[\\/](dist|src)[\\/]/

/** Whose code threw, by the top of the stack: ours, or the team's own, where Prisma or we had called it. */
function throwerOf(error: unknown): 'client-threw' | 'bug' | 'driver' {
  const frames = (error instanceof Error ? (error.stack ?? '') : '').split('\n').filter((line) => /^\s+at /.test(line))
  const real = frames.filter((frame) => !/\bnode:|<anonymous>\)?$/.test(frame))
  const [top = ''] = real
  if (OURS.test(top)) return 'bug'
  const isTheirs = top !== '' && !/node_modules/.test(top) && !PRISMA_RUNTIME.test(top)
  return isTheirs && real.some((frame) => PRISMA_RUNTIME.test(frame) || OURS.test(frame)) ? 'client-threw' : 'driver'
}

/** Not a SQLSTATE: those have five characters, and none that is all digits is what these two have. */
function isNumber(code: string): boolean {
  return /^\d{1,4}$|^45\d{3}$|^1[0178]\d{3}$|^40[1-9]\d\d$/.test(code)
}

function byCodeOf(codes: Codes): ReadonlyMap<string, ErrorClass> {
  const all = Object.entries(codes) as [ErrorClass, string][]
  return new Map(all.flatMap(([of, list]) => list.split(' ').map((code) => [code, of] as const)))
}
