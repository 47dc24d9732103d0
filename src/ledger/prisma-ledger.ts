import { AfterPartyError } from '../define/errors.js'
import type { Reason } from '../define/events.js'
import { VERSION } from '../define/version.js'
import { ask, insist, orBusy } from '../prisma/ask.js'
import { isUniqueViolation } from '../prisma/database-errors.js'
import { mayBendReads, withoutExtensions } from '../prisma/extensions.js'
import { fieldsOf, providerOf } from '../prisma/internals.js'
import { leaveConnection, mustTakeTurns } from '../prisma/leave-connection.js'
import { clockOffset, monotonicNow } from './clock.js'
import type {
  Beat,
  CheckpointWrite,
  Claim,
  ClaimRequest,
  ClaimWrites,
  Ledger,
  Mark,
  RecordChange,
  SettledRecord,
  Settlement,
  TaskRecord,
  TaskRun,
} from './contract.js'
import { demandColumns } from './models.js'
import { readAll } from './read-all.js'

/** The few model operations that the ledger uses: the same on every database of Prisma. */
interface Delegate<Row> {
  findMany(args?: object): Promise<Row[]>
  findUnique(args: object): Promise<Row | null>
  create(args: object): Promise<Row>
  updateMany(args: object): Promise<{ count: number }>
}

/**
 * A record as the database has it. Row counts can pass 2^31, so they are BigInt there; a number here is exact to 2^53.
 * A ledger of the first release has its checkpoint in `cursor`, and its parts do not say what they are parts of.
 */
type RecordRow = Omit<TaskRecord, 'processed' | 'total' | 'cursor' | 'reason'> & {
  reason: string | null
  reasonText: string | null
  processed: bigint | number
  total: bigint | number | null
  checkpoint: string | null
  cursor?: string | null
}
type RunRow = Omit<TaskRun, 'processed' | 'reason'> & {
  processed: bigint | number
  reason: string | null
  reasonText: string | null
}

interface LedgerClient {
  afterPartyTaskRecord: Delegate<RecordRow>
  afterPartyTaskRun: Delegate<RunRow>
  $queryRawUnsafe?(query: string): Promise<unknown>
  $disconnect(): Promise<void>
  $primary?(): LedgerClient
}

/** Asked for by name, whatever the client's `omit` leaves out: a record without its checkpoint would start over. */
const RECORD: Record<Exclude<keyof TaskRecord, 'cursor'> | 'checkpoint' | 'reasonText', true> = {
  version: true,
  name: true,
  status: true,
  attempts: true,
  startedAt: true,
  finishedAt: true,
  reason: true,
  reasonText: true,
  error: true,
  checksum: true,
  owner: true,
  fence: true,
  leaseUntil: true,
  checkpoint: true,
  processed: true,
  total: true,
  deployId: true,
}
const RUN: Record<keyof TaskRun | 'reasonText', true> = {
  id: true,
  version: true,
  name: true,
  fence: true,
  status: true,
  startedAt: true,
  finishedAt: true,
  owner: true,
  deployId: true,
  processed: true,
  reason: true,
  reasonText: true,
  error: true,
  log: true,
}

/** Where a task begins that does not go on at a checkpoint. */
const START = { checkpoint: null, processed: 0, total: null, skippedRows: null, changedMeanwhile: 0, state: null }

/** The ledger in the user's database, through the user's own Prisma client. */
export class PrismaLedger implements Ledger {
  readonly singleWriter: boolean
  readonly #client: LedgerClient
  /** The tables are those of the first release, with columns added. */
  readonly #hasCursor: boolean
  readonly #select: Record<string, true>
  /** Where a task starts over: what the first release left in `cursor` would be taken for a checkpoint. */
  readonly #start: object
  #offset: Promise<number> | undefined
  #givesWay = false
  #turn: Promise<void> = Promise.resolve()

  /** Throws `client-not-generated` when the client does not know the ledger's models. */
  constructor(client: object) {
    // With read replicas, a record must be read where it is written.
    const primary = withoutExtensions((client as Partial<LedgerClient>).$primary?.() ?? (client as LedgerClient))
    if (!primary.afterPartyTaskRecord || !primary.afterPartyTaskRun)
      throw new AfterPartyError('client-not-generated', {
        what: 'The Prisma client does not know the model AfterPartyTaskRecord.',
        why: 'It was generated before After Party’s models were added to the schema.',
        next: 'Run `npx prisma generate` (and `npx after-party init`, if the models are not in the schema yet).',
      })
    demandColumns(primary)
    this.#client = primary
    this.#hasCursor = fieldsOf(primary, 'AfterPartyTaskRecord')?.has('cursor') ?? false
    this.#select = { ...RECORD, ...(this.#hasCursor && { cursor: true }) }
    this.#start = { ...START, ...(this.#hasCursor && { cursor: null }) }
    this.singleWriter = providerOf(client) === 'sqlite'
  }

  async giveWay(): Promise<void> {
    if (!this.singleWriter) return
    this.#givesWay = true
    // A driver of SQLite waits for a lock with the whole process standing still: `#ask` waits better. A database
    // that does not know the statement (a remote one) does not wait like that either.
    await this.#client.$queryRawUnsafe?.('PRAGMA busy_timeout = 0').catch(() => {})
  }

  async now(): Promise<number> {
    this.#offset ??= this.#ask(() => clockOffset(this.#client)).catch((error) => {
      this.#offset = undefined
      throw error
    })
    return monotonicNow() + (await this.#offset)
  }

  async records(): Promise<TaskRecord[]> {
    return (await this.#allRecords()).map(toRecord)
  }

  async recordsForRun(): Promise<(TaskRecord | SettledRecord)[]> {
    const rows = await this.#allRecords({ select: { version: true, name: true, status: true } })
    const settled: SettledRecord[] = []
    const open: string[] = []
    for (const { version, name, status } of rows) {
      if (status === 'done' || status === 'skipped') settled.push({ version, name, status })
      else open.push(version)
    }
    if (open.length === 0) return settled
    const whole = await this.#allRecords({ where: { version: { in: open } } })
    return [...settled, ...whole.map(toRecord)]
  }

  async record(version: string): Promise<TaskRecord | null> {
    const row = await this.#ask(() =>
      this.#client.afterPartyTaskRecord.findUnique({ where: { version }, select: this.#select }),
    )
    return row && toRecord(row)
  }

  async claim(seen: TaskRecord | null, { resume, ...request }: ClaimRequest): Promise<Claim | null> {
    const fence = (seen?.fence ?? 0) + 1
    const claim: Claim = { version: request.version, name: request.name, owner: request.owner, fence }
    const of = { ...partOf(request.version), runner: VERSION, reason: null, reasonText: null }
    const taken = {
      ...request,
      ...of,
      status: 'running',
      fence,
      finishedAt: null,
      error: null,
      ...(!resume && this.#start),
    }
    const won = seen ? await this.#takeOver(seen, taken) : await this.#create({ ...taken, attempts: 1 })
    if (won && resume && this.#hasCursor) await this.#adoptCursor(claim)
    if (won) return claim
    // The answer to a claim that was won can get lost on the way: what counts is what the record says.
    const record = await this.record(request.version)
    return record && isOf(claim, record) ? claim : null
  }

  beat(claim: Claim, beat: Beat): Promise<boolean> {
    // Not asked again here: whoever beats decides how long a beat may fail.
    return this.#inTurn(() => orBusy(() => beatIn(this.#client, claim, beat), this.#onBusy))
  }

  async settle(claim: Claim, settlement: Settlement): Promise<boolean> {
    const settled = await this.#ask(() => settleIn(this.#client, claim, settlement))
    if (settled) return true
    const record = await this.record(claim.version)
    return record?.fence === claim.fence && record.owner === claim.owner && record.status === settlement.status
  }

  checkpoint(claim: Claim, checkpoint: CheckpointWrite): Promise<boolean> {
    return this.#ask(() => checkpointIn(this.#client, claim, checkpoint))
  }

  within(transaction: unknown): ClaimWrites {
    const client = withoutExtensions(transaction as LedgerClient)
    return {
      beat: (claim, beat) => beatIn(client, claim, beat),
      settle: (claim, settlement) => settleIn(client, claim, settlement),
      checkpoint: (claim, checkpoint) => checkpointIn(client, claim, checkpoint),
    }
  }

  checkpointChange(claim: Claim, checkpoint: CheckpointWrite): RecordChange {
    return checkpointChange(claim, checkpoint)
  }

  async mark(seen: TaskRecord | null, { version, name, status, at, owner }: Mark): Promise<boolean> {
    const fence = (seen?.fence ?? 0) + 1
    const finishedAt = status === 'pending' ? null : at
    // No startedAt: it did not run, and took no time.
    const note = { reason: null, reasonText: null, request: null, requestedBy: null, requestedAt: null }
    const data = { status, owner, fence, startedAt: null, finishedAt, error: null, leaseUntil: null, ...note }
    if (!seen) return this.#create({ ...data, version, name })
    const where = { version, fence: seen.fence, status: seen.status }
    const { count } = await this.#ask(() =>
      this.#client.afterPartyTaskRecord.updateMany({
        where,
        data: { ...data, ...(status === 'pending' && this.#start) },
      }),
    )
    return count === 1
  }

  async addRun(run: TaskRun): Promise<void> {
    await this.#insist(() =>
      this.#client.afterPartyTaskRun.create({ data: { ...run, ...reasonColumns(run.reason), runner: VERSION } }),
    ).catch((error) => {
      if (!isUniqueViolation(error)) throw error
    })
  }

  async endRun(id: string, { reason, ...end }: Parameters<Ledger['endRun']>[1]): Promise<void> {
    const data = { ...end, ...reasonColumns(reason) }
    await this.#insist(() => this.#client.afterPartyTaskRun.updateMany({ where: { id, status: 'running' }, data }))
  }

  async endDeadRuns(
    version: string,
    belowFence: number,
    { reason, ...end }: Parameters<Ledger['endDeadRuns']>[2],
  ): Promise<void> {
    const data = { ...end, ...reasonColumns(reason) }
    const where = { version, status: 'running', fence: { lt: belowFence } }
    await this.#insist(() => this.#client.afterPartyTaskRun.updateMany({ where, data }))
  }

  async runs({ version, limit }: { version?: string; limit: number }): Promise<TaskRun[]> {
    const query = {
      where: version === undefined ? {} : { version },
      orderBy: [{ startedAt: 'desc' }, { fence: 'desc' }],
      take: limit,
      select: RUN,
    }
    const find = (asked: object) => this.#ask(() => this.#client.afterPartyTaskRun.findMany(asked))
    const bent = mayBendReads(this.#client, 'afterPartyTaskRun')
    const rows = await readAll(find, query, { key: 'id', bent })
    // An extension may have another order.
    rows.sort((a, b) => b.startedAt.getTime() - a.startedAt.getTime() || b.fence - a.fence)
    return rows.map(toRun)
  }

  async close(): Promise<void> {
    await this.#client.$disconnect()
  }

  #allRecords(query: { where?: object; select?: object } = {}): Promise<RecordRow[]> {
    const whole = { select: this.#select, ...query }
    const find = (asked: object) => this.#ask(() => this.#client.afterPartyTaskRecord.findMany(asked))
    return readAll(find, whole, { key: 'version', bent: mayBendReads(this.#client, 'afterPartyTaskRecord') })
  }

  /** One query at a time, where a connection can't be left while others are on their way. */
  #inTurn<T>(query: () => Promise<T>): Promise<T> {
    if (!mustTakeTurns(this.#client)) return query()
    const turn = this.#turn.then(query)
    this.#turn = turn.then(
      () => {},
      () => {},
    )
    return turn
  }

  #ask<T>(query: () => Promise<T>): Promise<T> {
    return this.#inTurn(() => ask(query, this.#onBusy))
  }

  #insist<T>(write: () => Promise<T>): Promise<T> {
    return this.#inTurn(() => insist(write, this.#onBusy))
  }

  readonly #onBusy = async (): Promise<void> => {
    await leaveConnection(this.#client)
    if (this.#givesWay) await this.giveWay()
  }

  async #create(data: object): Promise<boolean> {
    try {
      await this.#insist(() => this.#client.afterPartyTaskRecord.create({ data }))
      return true
    } catch (error) {
      if (isUniqueViolation(error)) return false
      throw error
    }
  }

  /** Takes the checkpoint of the first release over. Nobody else writes the record any more: the claim is ours. */
  async #adoptCursor(claim: Claim): Promise<void> {
    const records = this.#client.afterPartyTaskRecord
    const row = await this.#ask(() => records.findUnique({ where: { version: claim.version } }))
    if (!row?.cursor || row.checkpoint !== null) return
    const data = { checkpoint: row.cursor }
    await this.#insist(() => records.updateMany({ where: { ...whereHeld(claim), checkpoint: null }, data }))
  }

  /**
   * The condition holds the status beside the fence: settling leaves the fence as it is, and a task that
   * was settled between our look and our claim must not run again.
   */
  async #takeOver(seen: TaskRecord, data: object & { fence: number }): Promise<boolean> {
    const now = new Date(await this.now())
    const where = {
      version: seen.version,
      fence: seen.fence,
      status: seen.status,
      ...(seen.status === 'running' && { OR: [{ leaseUntil: null }, { leaseUntil: { lte: now } }] }),
    }
    const { count } = await this.#insist(() =>
      this.#client.afterPartyTaskRecord.updateMany({ where, data: { ...data, attempts: { increment: 1 } } }),
    )
    return count === 1
  }
}

function beatIn(client: LedgerClient, claim: Claim, { leaseUntil, processed, total }: Beat): Promise<boolean> {
  const data = { leaseUntil, ...(processed !== undefined && { processed }), ...(total !== undefined && { total }) }
  return writeIn(client, { where: whereHeld(claim), data })
}

function settleIn(client: LedgerClient, claim: Claim, { reason, ...settlement }: Settlement): Promise<boolean> {
  const data = { ...settlement, ...reasonColumns(reason), leaseUntil: null }
  return writeIn(client, { where: whereHeld(claim), data })
}

function checkpointIn(client: LedgerClient, claim: Claim, checkpoint: CheckpointWrite): Promise<boolean> {
  return writeIn(client, checkpointChange(claim, checkpoint))
}

function checkpointChange(claim: Claim, { from, cursor, ...data }: CheckpointWrite): RecordChange {
  return { where: { ...whereHeld(claim), checkpoint: from }, data: { checkpoint: cursor, ...data } }
}

/** A part's record is called `20261122103000/03`. */
function partOf(id: string): { partOf: string | null; part: number | null } {
  const [version = id, part] = id.split('/')
  return part === undefined ? { partOf: null, part: null } : { partOf: version, part: Number(part) }
}

/** Characters: what MySQL's column for a String holds. */
const LONGEST_REASON = 191

function reasonColumns(reason: Reason | null): { reason: string | null; reasonText: string | null } {
  return { reason: reason?.code ?? null, reasonText: reason?.text?.slice(0, LONGEST_REASON) ?? null }
}

/** A code of a later release is given on as it is. */
function toReason({ reason, reasonText }: Pick<RecordRow, 'reason' | 'reasonText'>): Reason | null {
  return reason === null ? null : { code: reason as Reason['code'], ...(reasonText !== null && { text: reasonText }) }
}

async function writeIn(client: LedgerClient, change: RecordChange): Promise<boolean> {
  const { count } = await client.afterPartyTaskRecord.updateMany(change)
  return count === 1
}

function whereHeld({ version, fence, owner }: Claim): Record<string, unknown> {
  return { version, fence, owner, status: 'running' }
}

function isOf(claim: Claim, record: TaskRecord): boolean {
  return record.status === 'running' && record.fence === claim.fence && record.owner === claim.owner
}

/** Without the columns that nothing here reads. */
function toRecord(row: RecordRow): TaskRecord {
  const { version, name, status, attempts, startedAt, finishedAt, error, checksum } = row
  const { owner, fence, leaseUntil, checkpoint, cursor, processed, total, deployId } = row
  return {
    ...{ version, name, status, attempts, startedAt, finishedAt, error, checksum, owner, fence, leaseUntil, deployId },
    reason: toReason(row),
    cursor: checkpoint ?? cursor ?? null,
    processed: Number(processed),
    total: total === null ? null : Number(total),
  }
}

function toRun(row: RunRow): TaskRun {
  const { id, version, name, fence, status, startedAt, finishedAt, owner, deployId, processed, error, log } = row
  return {
    ...{ id, version, name, fence, status, startedAt, finishedAt, owner, deployId, error, log },
    reason: toReason(row),
    processed: Number(processed),
  }
}
