import { AfterPartyError } from '../define/errors.js'
import type { Lane, TaskRequest } from '../define/events.js'
import { VERSION } from '../define/version.js'
import { orBusy } from '../prisma/ask.js'
import { isUniqueViolation } from '../prisma/database-errors.js'
import { mayBendReads, withoutExtensions } from '../prisma/extensions.js'
import { fieldsOf } from '../prisma/internals.js'
import { LedgerConnection } from './connection.js'
import type {
  Beat,
  CheckpointWrite,
  Claim,
  ClaimRequest,
  ClaimWrites,
  History,
  Hold,
  Ledger,
  ListedRecord,
  Mark,
  Postponement,
  RecordChange,
  SettledRecord,
  Settlement,
  TaskRecord,
  TaskRun,
} from './contract.js'
import { isSettled } from './contract.js'
import { demandColumns } from './models.js'
import { PrismaHistory } from './prisma-history.js'
import { readAll } from './read-all.js'
import {
  type LedgerClient,
  LISTED,
  LISTED_WITH_ERROR,
  partColumns,
  partOf,
  RECORD,
  type RecordRow,
  reasonColumns,
  requestColumns,
  toListed,
  toRecord,
} from './rows.js'
import { skippedRowsText } from './skipped-rows.js'

/** Where a task begins that does not go on at a checkpoint. */
const START = { checkpoint: null, processed: 0, total: null, skippedRows: null, changedMeanwhile: 0, state: null }

/** The ledger in the user's database, through the user's own Prisma client. */
export class PrismaLedger implements Ledger {
  readonly singleWriter: boolean
  readonly #client: LedgerClient
  readonly #connection: LedgerConnection
  readonly #history: PrismaHistory
  /** The tables are those of the first release, with columns added. */
  readonly #hasCursor: boolean
  readonly #select: object
  /** Where a task starts over: what the first release left in `cursor` would be taken for a checkpoint. */
  readonly #start: typeof START

  /** Throws `client-not-generated` when the client does not know the ledger's models. */
  constructor(client: object) {
    // With read replicas, a record must be read where it is written.
    const primary = withoutExtensions((client as Partial<LedgerClient>).$primary?.() ?? (client as LedgerClient))
    if (!primary.afterPartyTaskRecord || !primary.afterPartyTaskRun)
      throw new AfterPartyError('client-not-generated', {
        what: 'The Prisma client does not have the model AfterPartyTaskRecord.',
        why: "It was generated before After Party's models were added to the schema.",
        next: 'Run `npx prisma generate`. If the models are not in the schema yet, run `npx after-party init` first.',
      })
    demandColumns(primary)
    this.#client = primary
    this.#connection = new LedgerConnection(primary)
    this.#history = new PrismaHistory(this.#connection)
    this.#hasCursor = fieldsOf(primary, 'AfterPartyTaskRecord')?.has('cursor') ?? false
    this.#select = { ...RECORD, ...(this.#hasCursor && { cursor: true }) }
    this.#start = { ...START, ...(this.#hasCursor && { cursor: null }) }
    this.singleWriter = this.#connection.singleWriter
  }

  giveWay(): Promise<void> {
    return this.#connection.giveWay()
  }

  now(): Promise<number> {
    return this.#connection.now()
  }

  async records({ errors = false }: { errors?: boolean } = {}): Promise<ListedRecord[]> {
    return (await this.#tasks({ select: errors ? LISTED_WITH_ERROR : LISTED })).map(toListed)
  }

  async recordsForRun(): Promise<(ListedRecord | SettledRecord)[]> {
    const rows = await this.#tasks({ select: { version: true, part: true, name: true, status: true } })
    const settled: SettledRecord[] = []
    const open: string[] = []
    for (const { version, name, status } of rows) {
      if (isSettled(status)) settled.push({ version, name, status })
      else open.push(version)
    }
    if (open.length === 0) return settled
    const more = await this.#tasks({ where: { version: { in: open } }, select: LISTED })
    return [...settled, ...more.map(toListed)]
  }

  async record(version: string): Promise<TaskRecord | null> {
    const row = await this.#connection.ask(() =>
      this.#client.afterPartyTaskRecord.findUnique({ where: { version }, select: this.#select }),
    )
    return row && toRecord(row)
  }

  async claim(seen: ListedRecord | null, { resume, ...request }: ClaimRequest): Promise<Claim | null> {
    const fence = (seen?.fence ?? 0) + 1
    const claim: Claim = { version: request.version, name: request.name, owner: request.owner, fence }
    const of = { ...partColumns(request.version), runner: VERSION, ...reasonColumns(null), ...requestColumns(null) }
    const taken = {
      ...request,
      ...of,
      status: 'running',
      fence,
      finishedAt: null,
      error: null,
      ...this.#takenOver(resume),
    }
    const won = seen ? await this.#takeOver(seen, taken) : await this.#create({ ...taken, attempts: 1 })
    if (won && resume === true && this.#hasCursor) await this.#adoptCursor(claim)
    if (won) return claim
    // The answer to a claim that was won can get lost on the way: what counts is what the record says.
    const record = await this.record(request.version)
    return record && isOf(claim, record) ? claim : null
  }

  beat(claim: Claim, beat: Beat): Promise<boolean> {
    // Not asked again here: whoever beats decides how long a beat may fail.
    return this.#connection.inTurn(() => orBusy(() => beatIn(this.#client, claim, beat), this.#connection.onBusy))
  }

  async settle(claim: Claim, settlement: Settlement): Promise<boolean> {
    const settled = await this.#connection.ask(() => settleIn(this.#client, claim, settlement))
    if (settled) return true
    const record = await this.record(claim.version)
    return record?.fence === claim.fence && record.owner === claim.owner && record.status === settlement.status
  }

  checkpoint(claim: Claim, checkpoint: CheckpointWrite): Promise<boolean> {
    return this.#connection.ask(() => checkpointIn(this.#client, claim, checkpoint))
  }

  steps(claim: Claim, results: string): Promise<boolean> {
    return this.#connection.insist(() => stepsIn(this.#client, claim, results))
  }

  stepsOf(version: string): Promise<string | null> {
    return this.#connection.ask(() => stepsOfIn(this.#client, version))
  }

  within(transaction: unknown): ClaimWrites {
    const client = withoutExtensions(transaction as LedgerClient)
    return {
      beat: (claim, beat) => beatIn(client, claim, beat),
      settle: (claim, settlement) => settleIn(client, claim, settlement),
      checkpoint: (claim, checkpoint) => checkpointIn(client, claim, checkpoint),
      steps: (claim, results) => stepsIn(client, claim, results),
      stepsOf: (version) => stepsOfIn(client, version),
    }
  }

  checkpointChange(claim: Claim, checkpoint: CheckpointWrite): RecordChange {
    return checkpointChange(claim, checkpoint)
  }

  async mark(seen: ListedRecord | null, { version, name, status, at, owner }: Mark): Promise<boolean> {
    const fence = (seen?.fence ?? 0) + 1
    const finishedAt = status === 'pending' ? null : at
    // No startedAt: it did not run, and took no time.
    const note = { ...reasonColumns(null), ...requestColumns(null) }
    const data = { status, owner, fence, startedAt: null, finishedAt, error: null, leaseUntil: null, ...note }
    if (!seen) return this.#create({ ...data, version, name })
    const where = { version, fence: seen.fence, status: seen.status }
    const { count } = await this.#connection.ask(() =>
      this.#client.afterPartyTaskRecord.updateMany({
        where,
        data: { ...data, ...(status === 'pending' && { ...this.#start, params: null }) },
      }),
    )
    return count === 1
  }

  async postpone(seen: ListedRecord | null, { version, name, reason }: Postponement): Promise<boolean> {
    const data = reasonColumns(reason)
    if (!seen)
      return this.#create({ ...data, ...partColumns(version), version, name, status: 'pending', runner: VERSION })
    const where = whereUnheld(seen, await this.now())
    const { count } = await this.#connection.insist(() => this.#client.afterPartyTaskRecord.updateMany({ where, data }))
    return count === 1
  }

  async ask(version: string, request: TaskRequest | null): Promise<boolean> {
    const data = requestColumns(request)
    const { count } = await this.#connection.insist(() =>
      this.#client.afterPartyTaskRecord.updateMany({ where: { version, status: 'running' }, data }),
    )
    // After the task itself: whoever takes a part from now on looks at the task first.
    await this.#changeRunningParts(version, data)
    return count === 1
  }

  async hold(seen: ListedRecord | null, { version, name, status, request, at }: Hold): Promise<boolean> {
    const data = { ...holdColumns(status, request), leaseUntil: null }
    if (!seen) return this.#create({ ...data, version, name, runner: VERSION })
    const where = whereUnheld(seen, await this.now())
    // Its holder may only stand still: like a claim, this takes the task from it, and it notices.
    const ended = seen.status === 'running' && { finishedAt: at, fence: { increment: 1 } }
    const { count } = await this.#connection.insist(() =>
      this.#client.afterPartyTaskRecord.updateMany({ where, data: { ...data, ...ended } }),
    )
    return count === 1
  }

  async revoke(seen: ListedRecord, { version, status, request, at }: Hold): Promise<boolean> {
    const data = { ...holdColumns(status, request), leaseUntil: null, finishedAt: at, fence: { increment: 1 } }
    const records = this.#client.afterPartyTaskRecord
    const { fence, owner } = seen
    const where = { version, fence, owner, status: 'running' }
    const { count } = await this.#connection.insist(() => records.updateMany({ where, data }))
    if (count !== 1) return false
    await this.#changeRunningParts(version, { ...data, status: 'paused' })
    return true
  }

  async enlist(
    tasks: readonly { version: string; name: string }[],
    lane: Lane,
    alongside?: (transaction: object) => Promise<void>,
  ): Promise<void> {
    const versions = tasks.map(({ version }) => version)
    const records = this.#client.afterPartyTaskRecord
    const known = await this.#connection.ask(() =>
      records.findMany({ where: { version: { in: versions } }, select: { version: true } }),
    )
    const have = new Set(known.map(({ version }) => version))
    for (const { version, name } of tasks)
      if (!have.has(version)) await this.#create({ version, name, status: 'pending', runner: VERSION })
    const data = { lane, ...(lane === 'foreground' && { seenAt: new Date(await this.now()) }) }
    const note = (client: LedgerClient) =>
      client.afterPartyTaskRecord.updateMany({ where: { version: { in: versions } }, data })
    if (!alongside) {
      await this.#connection.insist(() => note(this.#client))
      return
    }
    await this.#client.$transaction(async (transaction) => {
      await note(withoutExtensions(transaction))
      await alongside(transaction)
    })
  }

  async sawWaiting(versions: readonly string[], at: Date): Promise<void> {
    const where = { version: { in: [...versions] }, status: { not: 'running' } }
    await this.#connection.insist(() => this.#client.afterPartyTaskRecord.updateMany({ where, data: { seenAt: at } }))
  }

  addRun(run: TaskRun): Promise<void> {
    return this.#history.addRun(run)
  }

  endRun(...given: Parameters<History['endRun']>): Promise<void> {
    return this.#history.endRun(...given)
  }

  endDeadRuns(...given: Parameters<History['endDeadRuns']>): Promise<void> {
    return this.#history.endDeadRuns(...given)
  }

  hasDeadRuns(...given: Parameters<History['hasDeadRuns']>): Promise<boolean> {
    return this.#history.hasDeadRuns(...given)
  }

  runs(query: Parameters<History['runs']>[0]): Promise<TaskRun[]> {
    return this.#history.runs(query)
  }

  async close(): Promise<void> {
    await this.#client.$disconnect()
  }

  /**
   * Part by part, by their key: to find them while it writes, MySQL would lock the records of all tasks, and wait for
   * whoever has one of them.
   */
  async #changeRunningParts(partOf: string, data: object): Promise<void> {
    const records = this.#client.afterPartyTaskRecord
    const where = { partOf, status: 'running' }
    const parts = await this.#connection.ask(() => records.findMany({ where, select: { version: true } }))
    await Promise.all(
      parts.map(({ version }) =>
        this.#connection.insist(() => records.updateMany({ where: { version, status: 'running' }, data })),
      ),
    )
  }

  async #tasks(query: { where?: object; select: object }): Promise<RecordRow[]> {
    const find = (asked: object) => this.#connection.ask(() => this.#client.afterPartyTaskRecord.findMany(asked))
    const rows = await readAll(find, query, {
      key: 'version',
      bent: mayBendReads(this.#client, 'afterPartyTaskRecord'),
    })
    // Not in the query: parts of the first release do not say that they are parts.
    return rows.filter((row) => partOf(row) === null)
  }

  async #create(data: object): Promise<boolean> {
    try {
      await this.#connection.insist(() => this.#client.afterPartyTaskRecord.create({ data }))
      return true
    } catch (error) {
      if (isUniqueViolation(error)) return false
      throw error
    }
  }

  /** What of the attempt before is written over. */
  #takenOver(resume: ClaimRequest['resume']): object {
    if (resume === true) return {}
    const { state, ...start } = this.#start
    return resume === 'steps' ? start : { ...start, state }
  }

  /** Takes the checkpoint of the first release over. Nobody else writes the record any more: the claim is ours. */
  async #adoptCursor(claim: Claim): Promise<void> {
    const records = this.#client.afterPartyTaskRecord
    const row = await this.#connection.ask(() => records.findUnique({ where: { version: claim.version } }))
    if (!row?.cursor || row.checkpoint !== null) return
    const data = { checkpoint: row.cursor }
    await this.#connection.insist(() => records.updateMany({ where: { ...whereHeld(claim), checkpoint: null }, data }))
  }

  async #takeOver(seen: ListedRecord, data: object & { fence: number }): Promise<boolean> {
    const where = whereUnheld(seen, await this.now())
    const { count } = await this.#connection.insist(() =>
      this.#client.afterPartyTaskRecord.updateMany({ where, data: { ...data, attempts: { increment: 1 } } }),
    )
    return count === 1
  }
}

function beatIn(client: LedgerClient, claim: Claim, { leaseUntil, processed, total, reason }: Beat): Promise<boolean> {
  const data = {
    leaseUntil,
    ...(processed !== undefined && { processed }),
    ...(total !== undefined && { total }),
    ...(reason !== undefined && reasonColumns(reason)),
    ...heeded(claim),
  }
  return writeIn(client, { where: { ...whereHeld(claim), ...unasked(claim) }, data })
}

function settleIn(client: LedgerClient, claim: Claim, { reason, ...settlement }: Settlement): Promise<boolean> {
  // Asked too late: it is done.
  const over = settlement.status === 'done' && requestColumns(null)
  const data = { ...settlement, ...reasonColumns(reason), ...over, leaseUntil: null }
  return writeIn(client, { where: whereHeld(claim), data })
}

function checkpointIn(client: LedgerClient, claim: Claim, checkpoint: CheckpointWrite): Promise<boolean> {
  return writeIn(client, checkpointChange(claim, checkpoint))
}

function stepsIn(client: LedgerClient, claim: Claim, results: string): Promise<boolean> {
  return writeIn(client, { where: whereHeld(claim), data: { state: results } })
}

async function stepsOfIn(client: LedgerClient, version: string): Promise<string | null> {
  const row = await client.afterPartyTaskRecord.findUnique({ where: { version }, select: { state: true } })
  return row?.state ?? null
}

function checkpointChange(claim: Claim, { from, skippedRows, ...data }: CheckpointWrite): RecordChange {
  const skipped = skippedRows && { skippedRows: skippedRowsText(skippedRows) }
  const where = { ...whereHeld(claim), checkpoint: from, ...unasked(claim) }
  return { where, data: { ...data, ...skipped, ...heeded(claim) } }
}

/** A request is noticed without a query of its own: whoever does not know of it is refused, and looks why. */
function unasked({ heeds }: Claim): object {
  return heeds === undefined ? { request: null } : {}
}

/** Whoever asked can see that the holder knows. */
function heeded({ heeds }: Claim): object {
  return heeds ? reasonColumns({ code: 'requested' }) : {}
}

function holdColumns(status: Hold['status'], request: TaskRequest): object {
  const asked = requestColumns(request)
  const { requestReason: text } = asked
  const reason = status === 'pending' ? null : { code: 'requested' as const, ...(text !== null && { text }) }
  // What it failed with is over once it was resumed.
  return { status, ...asked, ...reasonColumns(reason), ...(status === 'pending' && { error: null, finishedAt: null }) }
}

async function writeIn(client: LedgerClient, change: RecordChange): Promise<boolean> {
  const { count } = await client.afterPartyTaskRecord.updateMany(change)
  return count === 1
}

/**
 * The condition holds the status beside the fence: settling leaves the fence as it is, and a task that was settled
 * between our look and our claim must not run again.
 */
function whereUnheld({ version, fence, status, request }: ListedRecord, now: number): Record<string, unknown> {
  const lapsed = { OR: [{ leaseUntil: null }, { leaseUntil: { lte: new Date(now) } }] }
  return { version, fence, status, request: request?.kind ?? null, ...(status === 'running' && lapsed) }
}

function whereHeld({ version, fence, owner }: Claim): Record<string, unknown> {
  return { version, fence, owner, status: 'running' }
}

function isOf(claim: Claim, record: TaskRecord): boolean {
  return record.status === 'running' && record.fence === claim.fence && record.owner === claim.owner
}
