import type {
  Beat,
  CheckpointWrite,
  Claim,
  ClaimRequest,
  ClaimWrites,
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
      ...current,
      ...(resume !== true && START),
      ...data,
      part: partColumns(request.version).part,
      status: 'running',
      attempts: (current?.attempts ?? 0) + 1,
      fence,
      finishedAt: null,
      reason: null,
      error: null,
    })
    return { version: request.version, name: request.name, owner: request.owner, fence }
  }

  async beat(claim: Claim, beat: Beat): Promise<boolean> {
    const { reason, ...told } = beat
    return this.#write(claim, { ...told, ...(reason !== undefined && { reason }) })
  }

  async settle(claim: Claim, settlement: Settlement): Promise<boolean> {
    return this.#write(claim, { ...settlement, leaseUntil: null })
  }

  async checkpoint(claim: Claim, { from, ...checkpoint }: CheckpointWrite): Promise<boolean> {
    return (this.#records.get(claim.version)?.checkpoint ?? null) === from && this.#write(claim, written(checkpoint))
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
      ...current,
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
    const none = { attempts: 0, checksum: null, deployId: null, owner: null, fence: 0, leaseUntil: null, error: null }
    const pending = {
      ...START,
      ...none,
      params: null,
      version,
      name,
      status: 'pending' as const,
      startedAt: null,
      finishedAt: null,
    }
    this.#records.set(version, { ...(current ?? { ...pending, part: partColumns(version).part }), reason })
    return true
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
    return seen === null ? current === undefined : current?.fence === seen.fence && current.status === seen.status
  }

  #write(claim: Claim, change: Partial<TaskRecord>): boolean {
    const record = this.#records.get(claim.version)
    if (record?.status !== 'running' || record.fence !== claim.fence || record.owner !== claim.owner) return false
    Object.assign(record, change)
    return true
  }
}

function written({ skippedRows, ...checkpoint }: Omit<CheckpointWrite, 'from'>): Partial<TaskRecord> {
  return { ...checkpoint, ...(skippedRows && { skippedRows: [...skippedRows] }) }
}
