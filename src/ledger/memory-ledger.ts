import type { Lane, TaskRequest } from '../define/events.js'
import type {
  Beat,
  CheckpointWrite,
  Claim,
  ClaimRequest,
  ClaimWrites,
  Hold,
  Ledger,
  ListedRecord,
  Mark,
  Postponement,
  Settlement,
  TaskRecord,
  TaskRun,
} from './contract.js'
import { isHeld } from './contract.js'
import { partColumns } from './rows.js'

/** Where a task begins that does not go on at a checkpoint. */
const START = { checkpoint: null, skippedRows: [], processed: 0, changedMeanwhile: 0, total: null }

/**
 * A ledger in memory, for tests and rehearsals: the contract without a database.
 *
 * @example const ledger = new MemoryLedger({ now: () => clock.ms })
 */
export class MemoryLedger implements Ledger {
  readonly singleWriter = false
  readonly #records = new Map<string, TaskRecord>()
  readonly #runs = new Map<string, TaskRun>()
  /** The results of steps, by version. */
  readonly #steps = new Map<string, string>()
  readonly #now: () => number

  constructor({ now = Date.now }: { now?: () => number } = {}) {
    this.#now = now
  }

  async giveWay(): Promise<void> {}

  async now(): Promise<number> {
    return this.#now()
  }

  async records({ errors = false }: { errors?: boolean } = {}): Promise<ListedRecord[]> {
    const tasks = [...this.#records.values()].filter(({ part }) => part === null)
    return tasks.map(({ checkpoint: _, skippedRows: __, params: ___, error, ...record }) => ({
      ...record,
      ...(errors && { error }),
    }))
  }

  recordsForRun(): Promise<ListedRecord[]> {
    return this.records()
  }

  async record(version: string): Promise<TaskRecord | null> {
    const record = this.#records.get(version)
    return record ? { ...record } : null
  }

  async claim(seen: ListedRecord | null, request: ClaimRequest): Promise<Claim | null> {
    const current = this.#records.get(request.version)
    if (!this.#standsAs(seen, current)) return null
    if (current && isHeld(current, this.#now())) return null
    const fence = (current?.fence ?? 0) + 1
    const { resume, ...data } = request
    if (!resume) this.#steps.delete(request.version)
    this.#records.set(request.version, {
      ...START,
      lane: null,
      seenAt: null,
      ...current,
      ...(resume !== true && START),
      ...data,
      part: partColumns(request.version).part,
      status: 'running',
      attempts: (current?.attempts ?? 0) + 1,
      fence,
      finishedAt: null,
      reason: null,
      request: null,
      error: null,
    })
    return { version: request.version, name: request.name, owner: request.owner, fence }
  }

  async beat(claim: Claim, beat: Beat): Promise<boolean> {
    const { reason, ...told } = beat
    if (this.#isAsked(claim)) return false
    return this.#write(claim, { ...told, ...(reason !== undefined && { reason }), ...heeded(claim) })
  }

  async settle(claim: Claim, settlement: Settlement): Promise<boolean> {
    const over = settlement.status === 'done' && { request: null }
    return this.#write(claim, { ...settlement, ...over, leaseUntil: null })
  }

  async checkpoint(claim: Claim, { from, ...checkpoint }: CheckpointWrite): Promise<boolean> {
    if (this.#isAsked(claim) || (this.#records.get(claim.version)?.checkpoint ?? null) !== from) return false
    return this.#write(claim, { ...written(checkpoint), ...heeded(claim) })
  }

  async steps(claim: Claim, results: string): Promise<boolean> {
    const held = this.#write(claim, {})
    if (held) this.#steps.set(claim.version, results)
    return held
  }

  async stepsOf(version: string): Promise<string | null> {
    return this.#steps.get(version) ?? null
  }

  within(_transaction: unknown): ClaimWrites {
    return this
  }

  async mark(seen: ListedRecord | null, { version, name, status, at, owner }: Mark): Promise<boolean> {
    const current = this.#records.get(version)
    if (!this.#standsAs(seen, current)) return false
    if (status === 'pending') this.#steps.delete(version)
    this.#records.set(version, {
      part: null,
      attempts: 0,
      checksum: null,
      deployId: null,
      total: null,
      params: null,
      lane: null,
      seenAt: null,
      ...current,
      request: null,
      version,
      name,
      status,
      owner,
      fence: (current?.fence ?? 0) + 1,
      startedAt: null,
      finishedAt: status === 'pending' ? null : at,
      reason: null,
      error: null,
      leaseUntil: null,
      ...(status === 'pending' || !current ? { ...START, params: null } : {}),
    } as TaskRecord)
    return true
  }

  async postpone(seen: ListedRecord | null, { version, name, reason }: Postponement): Promise<boolean> {
    const current = this.#records.get(version)
    if (!this.#standsAs(seen, current) || (current && isHeld(current, this.#now()))) return false
    this.#records.set(version, { ...(current ?? pending(version, name)), reason })
    return true
  }

  async ask(version: string, request: TaskRequest | null): Promise<boolean> {
    const asked = this.#ofTask(version).filter(({ status }) => status === 'running')
    for (const record of asked) record.request = request
    return asked.some((record) => record.version === version)
  }

  async hold(seen: ListedRecord | null, hold: Hold): Promise<boolean> {
    const { version, name, status, request, at } = hold
    const current = this.#records.get(version)
    if (!this.#standsAs(seen, current) || (current && isHeld(current, this.#now()))) return false
    const ended = current?.status === 'running' && { finishedAt: at, fence: current.fence + 1 }
    const held = { status, request, ...reasonOf(hold), leaseUntil: null, ...ended }
    this.#records.set(version, { ...(current ?? pending(version, name)), ...held })
    return true
  }

  async revoke(seen: ListedRecord, hold: Hold): Promise<boolean> {
    const { version, status, request, at } = hold
    const current = this.#records.get(version)
    if (current?.status !== 'running' || current.fence !== seen.fence || current.owner !== seen.owner) return false
    const data = { request, ...reasonOf(hold), leaseUntil: null, finishedAt: at }
    for (const record of this.#ofTask(version).filter((one) => one.status === 'running'))
      Object.assign(record, data, {
        status: record.version === version ? status : 'paused',
        fence: record.fence + 1,
      })
    return true
  }

  async enlist(
    tasks: readonly { version: string; name: string }[],
    lane: Lane,
    alongside?: (transaction: object) => Promise<void>,
  ): Promise<void> {
    await alongside?.({})
    const seen = lane === 'foreground' && { seenAt: new Date(this.#now()) }
    for (const { version, name } of tasks)
      this.#records.set(version, { ...(this.#records.get(version) ?? pending(version, name)), lane, ...seen })
  }

  async sawWaiting(versions: readonly string[], at: Date): Promise<void> {
    for (const version of versions) {
      const record = this.#records.get(version)
      if (record && record.status !== 'running') record.seenAt = at
    }
  }

  async addRun(run: TaskRun): Promise<void> {
    this.#runs.set(run.id, { ...run })
  }

  async endRun(id: string, end: Partial<TaskRun>): Promise<void> {
    const run = this.#runs.get(id)
    if (run?.status === 'running') Object.assign(run, end)
  }

  async endDeadRuns(version: string, belowFence: number, end: Partial<TaskRun>): Promise<void> {
    for (const run of this.#runs.values()) {
      if (run.version === version && run.status === 'running' && run.fence < belowFence) Object.assign(run, end)
    }
  }

  async hasDeadRuns(version: string, belowFence: number): Promise<boolean> {
    const runs = [...this.#runs.values()]
    return runs.some((run) => run.version === version && run.status === 'running' && run.fence < belowFence)
  }

  async runs({ version, limit, without = [] }: Parameters<Ledger['runs']>[0]): Promise<TaskRun[]> {
    const empty = { skippedRows: [], error: null, log: null, params: null }
    const unread = Object.fromEntries(without.map((text) => [text, empty[text]]))
    return [...this.#runs.values()]
      .filter((run) => version === undefined || run.version === version)
      .sort((a, b) => b.startedAt.getTime() - a.startedAt.getTime() || b.fence - a.fence)
      .slice(0, limit)
      .map((run) => ({ ...run, ...unread }))
  }

  async close(): Promise<void> {}

  #standsAs(seen: ListedRecord | null, current: TaskRecord | undefined): boolean {
    if (seen === null || current === undefined) return seen === null && current === undefined
    return (
      current.fence === seen.fence && current.status === seen.status && current.request?.kind === seen.request?.kind
    )
  }

  /** The record of a task, and those of its parts. */
  #ofTask(version: string): TaskRecord[] {
    return [...this.#records.values()].filter(
      (record) => record.version === version || partColumns(record.version).partOf === version,
    )
  }

  #isAsked({ version, heeds }: Claim): boolean {
    return heeds === undefined && Boolean(this.#records.get(version)?.request)
  }

  #write(claim: Claim, change: Partial<TaskRecord>): boolean {
    const record = this.#records.get(claim.version)
    if (record?.status !== 'running' || record.fence !== claim.fence || record.owner !== claim.owner) return false
    Object.assign(record, change)
    return true
  }
}

function pending(version: string, name: string): TaskRecord {
  return {
    ...START,
    ...{ version, name, part: partColumns(version).part, status: 'pending', attempts: 0, fence: 0 },
    ...{ startedAt: null, finishedAt: null, leaseUntil: null, seenAt: null, reason: null, error: null },
    ...{ checksum: null, deployId: null, owner: null, params: null, lane: null, request: null },
  }
}

function heeded({ heeds }: Claim): Partial<TaskRecord> {
  return heeds ? { reason: { code: 'requested' } } : {}
}

function reasonOf({ status, request: { reason } }: Hold): Partial<TaskRecord> {
  if (status === 'pending') return { reason: null, error: null, finishedAt: null }
  return { reason: { code: 'requested', ...(reason !== null && { text: reason }) } }
}

function written({ skippedRows, ...checkpoint }: Omit<CheckpointWrite, 'from'>): Partial<TaskRecord> {
  return { ...checkpoint, ...(skippedRows && { skippedRows: [...skippedRows] }) }
}
