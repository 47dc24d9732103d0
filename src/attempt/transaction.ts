import { type Duration, toMs } from '../define/duration.js'
import { codeOf, messageOf } from '../define/errors.js'
import type { TransactionOption, TransactionOptions } from '../define/task.js'
import type { ClaimWrites, Ledger } from '../ledger/contract.js'
import type { Client } from '../prisma/client.js'
import { isWriteConflict } from '../prisma/database-errors.js'
import { withoutExtensions } from '../prisma/extensions.js'
import { providerOf } from '../prisma/internals.js'
import type { HeldClaim } from './claim.js'
import { hasSnapshot, noteSnapshot, sessionHasSnapshot } from './snapshots.js'
import { Lost, orStopped, Stopped } from './stop.js'

/** What a transaction under a claim is made with. */
export interface TransactionDependencies {
  ledger: Ledger
  claim: HeldClaim
  client: Client
  /** The ledger and the tasks have the same client: heartbeats would join the transaction. */
  sharedClient: boolean
  graceMs: number
}

/** A transaction's options, in ms. */
export interface TransactionTimes {
  timeout: number
  maxWait: number
  isolationLevel?: string
}

const DEFAULT_MAX_WAIT: Duration = '10s'

/** A transaction that should be over, and is not after this long, has a connection that hangs. */
export const HANGS_MS = 2_000

/** The times of a transaction, the defaults filled in. */
export function transactionTimes(option: TransactionOption | undefined, timeout: Duration): TransactionTimes {
  const given: TransactionOptions = typeof option === 'object' ? option : {}
  return {
    timeout: toMs(given.timeout ?? timeout),
    maxWait: toMs(given.maxWait ?? DEFAULT_MAX_WAIT),
    ...(given.isolationLevel && { isolationLevel: given.isolationLevel }),
  }
}

/**
 * Runs something in a transaction of the tasks' client while the claim stands. Whoever writes the record inside it,
 * and finds the claim lost, throws `Lost`: the database then rolls everything back. `quiet`: without heartbeats, as
 * after a write conflict, because it may have been one of them that was in conflict with the transaction's snapshot.
 * Where that is certain, the work is done again at once, and it is nobody's try.
 */
export async function inTransaction<T>(
  dependencies: TransactionDependencies,
  times: TransactionTimes,
  { stop, quiet }: { stop: AbortSignal; quiet: boolean },
  work: (transaction: Client, writes: ClaimWrites) => Promise<T>,
): Promise<T> {
  const { ledger, claim, client, graceMs } = dependencies
  const attempt = (how: { stop: AbortSignal; quiet: boolean }) =>
    inTime({ claim, graceMs }, times, how, () =>
      transact(client, times, async (transaction) => {
        const writes = ledger.within(transaction)
        if (ledger.singleWriter) await lockFirst(writes, claim)
        return work(transaction, how.quiet ? writes : besideBeats(writes))
      }),
    )
  if (quiet || !(await beatsFit(dependencies, times.isolationLevel))) return attempt({ stop, quiet: true })
  try {
    return await attempt({ stop, quiet: false })
  } catch (error) {
    if (!(error instanceof SpoiledByBeat)) throw error
    noteSnapshot(client)
    if (stop.aborted) throw error.cause
    return attempt({ stop, quiet: true })
  }
}

/** Nobody but this process writes to a record under a live claim: who was in its way there was its own heartbeat. */
class SpoiledByBeat extends Error {}

function besideBeats(writes: ClaimWrites): ClaimWrites {
  const blamed = (written: Promise<boolean>) =>
    written.catch((error) => {
      throw isWriteConflict(error) ? new SpoiledByBeat(messageOf(error), { cause: error }) : error
    })
  return {
    beat: (claim, beat) => blamed(writes.beat(claim, beat)),
    settle: (claim, settlement) => blamed(writes.settle(claim, settlement)),
    checkpoint: (claim, checkpoint) => blamed(writes.checkpoint(claim, checkpoint)),
    steps: (claim, results) => blamed(writes.steps(claim, results)),
    stepsOf: (version) => writes.stepsOf(version),
  }
}

/** A transaction as Prisma makes it, and nothing more. */
export function transact<T>(
  client: Client,
  times: TransactionTimes,
  work: (transaction: Client) => Promise<T>,
): Promise<T> {
  return client.$transaction(work, times)
}

/**
 * Runs work that commits under a claim, and gives it up when it has had its time. Prisma ends a transaction at its
 * time, and the work ends at its grace; a connection that hangs ends nothing. What was given up may still commit
 * later, so whatever it writes must say by itself whether it counts.
 */
export async function inTime<T>(
  { claim, graceMs }: Pick<TransactionDependencies, 'claim' | 'graceMs'>,
  times: TransactionTimes,
  { stop, quiet }: { stop: AbortSignal; quiet: boolean },
  work: () => Promise<T>,
): Promise<T> {
  const bounded = async () => {
    try {
      return await orStopped(() => orOverdue(work(), times), stop, graceMs + HANGS_MS)
    } catch (error) {
      throw explained(error, times)
    }
  }
  if (!quiet) return bounded()
  return claim.withoutBeats(times.timeout + times.maxWait + HANGS_MS, async () => {
    if (claim.lost.aborted) throw new Lost()
    return bounded()
  })
}

function orOverdue<T>(work: Promise<T>, { timeout, maxWait }: TransactionTimes): Promise<T> {
  let timer: NodeJS.Timeout
  const overdue = new Promise<never>((_, reject) => {
    const end = () => reject(new TransactionTimeout('the transaction timed out, and the database does not respond'))
    timer = setTimeout(end, timeout + maxWait + HANGS_MS)
  })
  return Promise.race([work, overdue]).finally(() => clearTimeout(timer))
}

/**
 * Writes before anything is read. A transaction of SQLite that reads first and then finds another writer fails at
 * once, and its driver may leave a lock behind; one that writes first waits for its turn.
 */
async function lockFirst(writes: ClaimWrites, claim: HeldClaim): Promise<void> {
  const { leaseUntil } = await claim.nextLease()
  // A request is for the checkpoint to find: here, it would look like a claim that was lost.
  if (!(await writes.beat(claim.unheeding, { leaseUntil }))) throw new Lost()
}

type Beside = Pick<TransactionDependencies, 'ledger' | 'client' | 'sharedClient'>

/**
 * Whether heartbeats may go on beside an open transaction. Not where they would join it (one client for all),
 * wait for it (one writer at a time), or make its snapshot stale, so that its own last write can't commit.
 */
async function beatsFit({ ledger, client, sharedClient }: Beside, level: string | undefined): Promise<boolean> {
  if (sharedClient || ledger.singleWriter) return false
  // Records that are kept elsewhere are in no transaction of this client.
  return !ledger.checkpointChange || !(await hasSnapshot(client, level))
}

/** The same of a statement that writes the record, or of a transaction with no level of its own in its place. */
export async function beatsFitStatement(given: Beside): Promise<boolean> {
  return (await beatsFit(given, undefined)) && !(await sessionHasSnapshot(given.client))
}

const SAVEPOINT = 'after_party'

/** MySQL takes no savepoint in its protocol of prepared statements; MariaDB does. */
const NOT_PREPARABLE = /prepared statement protocol|\b1295\b/

interface RawClient {
  $executeRawUnsafe(sql: string): Promise<number>
}

/**
 * Runs a team's own code in a transaction, and throws when the transaction did not outlast it. MySQL rolls back at a
 * deadlock, and commits at statements like ALTER TABLE; code that goes on after either writes outside of the
 * transaction, and the record that follows would say done. Other databases refuse what follows.
 */
export async function inOnePiece<T>(client: Client, transaction: Client, work: () => Promise<T>): Promise<T> {
  if (providerOf(client) !== 'mysql') return work()
  const raw = withoutExtensions(transaction as RawClient)
  const marked = await raw.$executeRawUnsafe(`SAVEPOINT ${SAVEPOINT}`).then(
    () => true,
    (error) => {
      if (NOT_PREPARABLE.test(messageOf(error))) return false
      throw error
    },
  )
  if (!marked) return work()
  const value = await work().catch(async (error) => {
    // A deadlock has taken everything back, and what was told to stop may still be at work.
    const open = isWriteConflict(error) || error instanceof Stopped || (await isOpen(raw).catch(() => true))
    throw open ? error : new TransactionEnded(error)
  })
  if (!(await isOpen(raw))) throw new TransactionEnded()
  return value
}

/** Whether the transaction still has its savepoint, which is gone after this. */
function isOpen(raw: RawClient): Promise<boolean> {
  return raw.$executeRawUnsafe(`RELEASE SAVEPOINT ${SAVEPOINT}`).then(
    () => true,
    (error) => {
      if (/SAVEPOINT.*does not exist/i.test(messageOf(error))) return false
      throw error
    },
  )
}

const ENDED =
  "the database ended the transaction before the task finished, and part of the work may be committed. The task caught an error that rolls everything back, or ran a statement that commits, such as ALTER TABLE. Don't catch such errors in `run`, don't run such statements in `transaction`, and check the data before you run the task again"

/** The database ended a transaction while the team's code was still at work in it. Not to be tried again. */
export class TransactionEnded extends Error {
  /** With what the team's code threw, where it did. */
  constructor(thrown?: unknown) {
    if (thrown === undefined) super(ENDED)
    else super(`${messageOf(thrown)}\nAlso, ${ENDED}`, { cause: thrown })
  }
}

/** A transaction that ran out of time, in the words of the task's own options. */
export class TransactionTimeout extends Error {}

/** What Prisma says of a transaction that had no time, or no connection, in the words of the task's own options. */
export function explained(error: unknown, { timeout, maxWait }: TransactionTimes): unknown {
  if (codeOf(error) !== 'P2028') return error
  const what = /unable to start/i.test(messageOf(error))
    ? `could not start a transaction within ${maxWait}ms: increase \`transaction.maxWait\``
    : `the transaction took longer than ${timeout}ms and was rolled back: increase \`transaction.timeout\`, or split the work`
  return new TransactionTimeout(what, { cause: error })
}
