import { answerWithin } from '../prisma/answer-within.js'
import { withoutExtensions } from '../prisma/extensions.js'
import { clientIsolationLevel, providerOf } from '../prisma/internals.js'

type Answer = Record<string, unknown>

interface Question {
  query: string
  /** Whether transactions, as the session has them, can't write to a row that changed after they began. */
  isSnapshot(rows: readonly Answer[]): boolean
}

/**
 * What a session has when nobody names a level: the server, the database, the role, the URL and the adapter may all
 * have set it. Outside of a transaction, PostgreSQL answers with that of the next one.
 */
const POSTGRESQL: Question = {
  query: "SELECT current_setting('transaction_isolation') AS level",
  isSnapshot: ([row]) => !isReadLevel(row?.level),
}

/**
 * InnoDB writes to the latest version of a row, whatever its snapshot shows, unless MariaDB is told otherwise; from
 * 11.6.2 it is by default. `tx_isolation` is what MariaDB before 11.1 calls the level.
 */
const MYSQL: Question = {
  query: "SHOW VARIABLES WHERE Variable_name IN ('innodb_snapshot_isolation', 'transaction_isolation', 'tx_isolation')",
  isSnapshot(rows) {
    const variables = new Map(rows.map(({ Variable_name: name, Value: value }) => [String(name), value]))
    const level = variables.get('transaction_isolation') ?? variables.get('tx_isolation')
    return variables.get('innodb_snapshot_isolation') === 'ON' && !isReadLevel(level)
  },
}

const QUESTIONS: Record<string, Question> = { postgresql: POSTGRESQL, cockroachdb: POSTGRESQL, mysql: MYSQL }

/** A database that does not tell is not waited for: what is wrong with it, the transaction itself will say. */
const ANSWER_MS = 5_000

/** Asked once for each client. */
const sessions = new WeakMap<object, Promise<boolean>>()

/** Clients of which a transaction was spoiled by a heartbeat, whatever its level is said to be. */
const spoiled = new WeakSet<object>()

/**
 * Whether a transaction of this client has a snapshot that a heartbeat beside it makes stale, so that its own last
 * write, to the same record, can't commit. Where nobody names a level, the database is asked once for each client.
 */
export async function hasSnapshot(client: object, isolationLevel: string | undefined): Promise<boolean> {
  const level = isolationLevel ?? clientIsolationLevel(client)
  if (spoiled.has(client) || providerOf(client) === 'mongodb') return true
  return level === undefined ? sessionHasSnapshot(client) : !isReadLevel(level)
}

/** The same for a statement that is its own transaction, and for transactions of which nobody names the level. */
export function sessionHasSnapshot(client: object): Promise<boolean> {
  const asked = sessions.get(client) ?? ask(client, QUESTIONS[providerOf(client) ?? ''])
  sessions.set(client, asked)
  return asked.catch(() => {
    sessions.delete(client)
    // Without heartbeats a claim is made to last; with them, the work might be done twice.
    return true
  })
}

/** A transaction was spoiled all the same: by code that sets its level itself, or on a database that is not asked. */
export function noteSnapshot(client: object): void {
  spoiled.add(client)
}

async function ask(client: object, question: Question | undefined): Promise<boolean> {
  const raw = withoutExtensions(client) as { $queryRawUnsafe?(query: string): Promise<Answer[]> }
  if (!question || typeof raw.$queryRawUnsafe !== 'function') return false
  return question.isSnapshot(await answerWithin(ANSWER_MS, raw.$queryRawUnsafe(question.query)))
}

/** `ReadCommitted` is Prisma's name, `read committed` PostgreSQL's, `READ-COMMITTED` MySQL's. */
function isReadLevel(level: unknown): boolean {
  return /^read/i.test(String(level))
}
