import { describe, expect, test } from '@jest/globals'
import { acquire } from '../../../src/attempt/claim.js'
import { mayRun } from '../../../src/engine/plan.js'
import type { Claim, Ledger, Mark, Settlement, TaskRecord } from '../../../src/ledger/contract.js'
import { isHeld } from '../../../src/ledger/contract.js'
import { MemoryLedger } from '../../../src/ledger/memory-ledger.js'
import fc from '../../support/fast-check.js'

const LEASE_MS = 1_000
const PROCESSES = 3
const VERSIONS = ['20260101000001', '20260101000002/01'] as const

/** One thing that one process does, or the time that goes by. */
type Step =
  | { act: 'look' | 'claim' | 'postpone' | 'beat' | 'checkpoint' | 'crash'; process: number; task: number }
  | { act: 'settle'; process: number; task: number; status: Settlement['status'] }
  | { act: 'mark'; process: number; task: number; status: Mark['status'] }
  | { act: 'wait'; ms: number }

// Long enough for a lease to lapse, more often than not.
const time = fc.oneof(fc.integer({ min: 1, max: LEASE_MS - 1 }), fc.integer({ min: LEASE_MS, max: LEASE_MS * 2 }))

const steps = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: acting('look') },
    { weight: 6, arbitrary: acting('claim') },
    { weight: 2, arbitrary: acting('postpone') },
    { weight: 4, arbitrary: acting('beat') },
    { weight: 4, arbitrary: acting('checkpoint') },
    { weight: 1, arbitrary: acting('crash') },
    { weight: 3, arbitrary: acting('settle', fc.constantFrom('failed', 'done', 'interrupted', 'recurring')) },
    { weight: 1, arbitrary: acting('mark', fc.constantFrom('done', 'skipped', 'pending')) },
    { weight: 4, arbitrary: fc.record({ act: fc.constant('wait' as const), ms: time }) },
  ),
  { minLength: 10, maxLength: 120 },
) as fc.Arbitrary<Step[]>

function acting(act: Step['act'], status?: fc.Arbitrary<string>) {
  const who = { process: fc.nat(PROCESSES - 1), task: fc.nat(VERSIONS.length - 1) }
  return fc.record({ act: fc.constant(act), ...who, ...(status && { status }) })
}

/** What one process believes: what it saw of each task, and the claims that it thinks it has. */
class Process {
  readonly owner: string
  readonly seen = new Map<string, TaskRecord | null>()
  readonly claims = new Map<string, Claim>()

  constructor(owner: string) {
    this.owner = owner
  }
}

/** Runs the steps against a ledger, and knows on its own who has what: every promise is checked at every step. */
class World {
  readonly ledger: Ledger
  #now = 0
  #made = 0
  readonly #processes = Array.from({ length: PROCESSES }, () => this.#born())
  /** The claim that stands, by task, and until when. */
  readonly #standing = new Map<string, { claim: Claim; until: number }>()
  readonly #fences = new Map<string, number>()
  readonly #cursors = new Map<string, string | null>()

  constructor() {
    this.ledger = new MemoryLedger({ now: () => this.#now })
  }

  async take(step: Step): Promise<void> {
    if (step.act === 'wait') {
      this.#now += step.ms
      return
    }
    const process = this.#processes[step.process] as Process
    const version = VERSIONS[step.task] as string
    switch (step.act) {
      case 'look':
        process.seen.set(version, await this.ledger.record(version))
        return
      case 'claim':
        return this.#claim(process, version)
      case 'postpone':
        return this.#postpone(process, version)
      case 'beat':
        return this.#write(process, version, (claim, leaseUntil) => this.ledger.beat(claim, { leaseUntil }))
      case 'checkpoint': {
        const checkpoint = `${process.owner}@${this.#now}#${this.#made++}`
        return this.#write(
          process,
          version,
          (claim, leaseUntil) =>
            this.ledger.checkpoint(claim, {
              from: this.#cursors.get(version) ?? null,
              checkpoint,
              processed: 1,
              total: null,
              leaseUntil,
            }),
          () => this.#cursors.set(version, checkpoint),
        )
      }
      case 'settle': {
        const settlement = { status: step.status, finishedAt: new Date(this.#now), reason: null, error: null }
        return this.#write(
          process,
          version,
          (claim) => this.ledger.settle(claim, settlement),
          () => this.#standing.delete(version),
          { ...settlement, leaseUntil: null },
        )
      }
      case 'mark':
        return this.#mark(process, version, step.status)
      case 'crash':
        this.#processes[step.process] = this.#born()
        return
    }
  }

  /** After everything, one more run: nothing may be lost, and nothing stuck. */
  async end(): Promise<void> {
    this.#now += LEASE_MS * 2
    const last = this.#born()
    for (const version of VERSIONS) {
      const record = await this.ledger.record(version)
      if (record && !mayRun(record)) continue
      last.seen.set(version, record)
      await this.#claim(last, version)
      expect(last.claims.has(version)).toBe(true)
      await this.#write(
        last,
        version,
        (claim) =>
          this.ledger.settle(claim, { status: 'done', finishedAt: new Date(this.#now), reason: null, error: null }),
        () => this.#standing.delete(version),
      )
      expect((await this.ledger.record(version))?.status).toBe('done')
    }
  }

  /** As a run claims: what may run by what it saw, however long ago that was, and what nobody holds. */
  async #claim(process: Process, version: string): Promise<void> {
    const seen = process.seen.get(version) ?? null
    if (seen && (!mayRun(seen) || isHeld(seen, this.#now))) return
    const before = await this.ledger.record(version)
    const until = this.#now + LEASE_MS
    const claim = await this.ledger.claim(seen, {
      version,
      name: 'task',
      owner: process.owner,
      leaseUntil: new Date(until),
      startedAt: new Date(this.#now),
      checksum: null,
      deployId: null,
      params: null,
      resume: true,
    })
    if (!claim) {
      // A claim that nobody is in the way of is never refused: else a task could be stuck.
      expect(
        before === null || before.fence !== seen?.fence || before.status !== seen.status || this.#live(version),
      ).toBe(true)
      return this.#expectUnchanged(version, before)
    }
    expect(this.#live(version)).toBe(false)
    expect(before === null || mayRun(before)).toBe(true)
    this.#grown(version, claim.fence)
    this.#standing.set(version, { claim, until })
    process.claims.set(version, claim)
    await this.#expectRecord(version, { status: 'running', owner: process.owner, fence: claim.fence })
  }

  /** As a run does where `when` says not yet: nothing changes but the reason, and never of what is held. */
  async #postpone(process: Process, version: string): Promise<void> {
    const seen = process.seen.get(version) ?? null
    if (seen && (!mayRun(seen) || isHeld(seen, this.#now))) return
    const before = await this.ledger.record(version)
    const reason = { code: 'waiting' as const }
    const written = await this.ledger.postpone(seen, { version, name: 'task', reason })
    const stands = before?.fence === seen?.fence && before?.status === seen?.status
    expect(written).toBe(stands && !this.#live(version))
    if (!written) return this.#expectUnchanged(version, before)
    await this.#expectRecord(version, { ...(before ?? { status: 'pending', fence: 0, attempts: 0 }), reason })
  }

  /** A write of a claim: heard exactly while the claim stands, and without a trace afterwards. */
  async #write(
    process: Process,
    version: string,
    write: (claim: Claim, leaseUntil: Date) => Promise<boolean>,
    onHeard: () => void = () => {},
    expected: Partial<TaskRecord> = {},
  ): Promise<void> {
    const claim = process.claims.get(version)
    if (!claim) return
    const before = await this.ledger.record(version)
    const stands = this.#standing.get(version)?.claim === claim
    const until = this.#now + LEASE_MS
    const heard = await write(claim, new Date(until))
    expect(heard).toBe(stands)
    if (!heard) return this.#expectUnchanged(version, before)
    this.#standing.set(version, { claim, until })
    onHeard()
    await this.#expectRecord(version, { owner: process.owner, fence: claim.fence, ...expected })
  }

  /** As `mark` does: never what is held, and only what still stands as it was seen. */
  async #mark(process: Process, version: string, status: Mark['status']): Promise<void> {
    const seen = process.seen.get(version) ?? null
    if (seen && isHeld(seen, this.#now)) return
    const before = await this.ledger.record(version)
    const mark = { version, name: 'task', status, at: new Date(this.#now), owner: process.owner }
    const marked = await this.ledger.mark(seen, mark)
    expect(marked).toBe(before?.fence === seen?.fence && before?.status === seen?.status)
    if (!marked) return this.#expectUnchanged(version, before)
    this.#grown(version, (await this.ledger.record(version))?.fence ?? 0)
    this.#standing.delete(version)
    if (status === 'pending') this.#cursors.set(version, null)
    await this.#expectRecord(version, { status, leaseUntil: null })
  }

  #live(version: string): boolean {
    const standing = this.#standing.get(version)
    return standing !== undefined && standing.until > this.#now
  }

  #grown(version: string, fence: number): void {
    expect(fence).toBeGreaterThan(this.#fences.get(version) ?? 0)
    this.#fences.set(version, fence)
  }

  async #expectUnchanged(version: string, before: TaskRecord | null): Promise<void> {
    expect(await this.ledger.record(version)).toEqual(before)
  }

  async #expectRecord(version: string, expected: Partial<TaskRecord>): Promise<void> {
    // The checkpoint is that of the last write that was heard, whoever's it was.
    const checkpoint = this.#cursors.get(version) ?? null
    expect(await this.ledger.record(version)).toMatchObject({ ...expected, checkpoint })
  }

  #born(): Process {
    this.#made += 1
    return new Process(`host:1:${this.#made}`)
  }
}

describe('the claim protocol', () => {
  test('keeps its promises whatever the order of what processes do', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (taken) => {
        const world = new World()
        for (const step of taken) await world.take(step)
        await world.end()
      }),
      { numRuns: 400 },
    )
  })

  test('gives a task to one of the processes that ask at once, and its outcome to the others', async () => {
    const outcomes = fc.constantFrom<Settlement['status']>('done', 'failed')
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.integer({ min: 2, max: 5 }),
        outcomes,
        async (scheduler, processes, status) => {
          const ledger = reordered(new MemoryLedger(), scheduler)
          const kinds = Promise.all(Array.from({ length: processes }, (_, i) => ask(ledger, `host:${i}:x`, status)))
          await scheduler.waitFor(kinds)
          const [claimed, ...others] = (await kinds).sort()
          expect([claimed, ...others]).toEqual(['claimed', ...others.map(() => `ended ${status}`)])
        },
      ),
      { numRuns: 30 },
    )
  })
})

test('who takes over what stood otherwise when it was planned goes on from where it stands', async () => {
  const ledger = new MemoryLedger()
  const [version] = VERSIONS
  const options = {
    version,
    name: 'task',
    checksum: null,
    deployId: null,
    params: null,
    resume: false,
    startedAt: new Date(),
  }
  const lease = { leaseUntil: new Date(Date.now() + 60_000) }
  const end = { finishedAt: new Date(), reason: null, error: null }
  const first = await ledger.claim(null, { ...options, ...lease, owner: 'a' })
  if (!first) throw new Error('not claimed')
  await ledger.settle(first, { ...end, status: 'done' })
  const planned = await ledger.record(version)

  // Another process runs it anew, and is interrupted half-way.
  const second = await ledger.claim(planned, { ...options, ...lease, owner: 'b' })
  if (!second) throw new Error('not claimed')
  await ledger.checkpoint(second, { ...lease, from: null, checkpoint: 'half', processed: 5, total: 10 })
  await ledger.settle(second, { ...end, status: 'interrupted' })

  const acquisition = await acquire({ version, name: 'task' }, planned, {
    ledger,
    owner: 'c',
    leaseMs: 60_000,
    lockTimeoutMs: 0,
    stopAt: Number.POSITIVE_INFINITY,
    deployId: undefined,
    checksum: null,
    resumes: (seen) => seen?.status !== 'done',
    everyDeploy: false,
    signal: new AbortController().signal,
    onWaiting: () => {},
  })
  if (acquisition.kind === 'claimed') acquisition.claim.stop()
  expect(acquisition.kind).toBe('claimed')
  expect(await ledger.record(version)).toMatchObject({ fence: 3, checkpoint: 'half', processed: 5 })
})

test('who works while another process has the task does not use up the time to wait for it', async () => {
  const ledger = new MemoryLedger()
  const [version] = VERSIONS
  const lease = { leaseUntil: new Date(Date.now() + 60_000), startedAt: new Date(), checksum: null, deployId: null }
  const held = await ledger.claim(null, { version, name: 'task', owner: 'a', params: null, resume: false, ...lease })
  let looks = 0
  const acquisition = await acquire({ version, name: 'task' }, null, {
    ledger,
    owner: 'b',
    leaseMs: 60_000,
    lockTimeoutMs: 200,
    stopAt: Number.POSITIVE_INFINITY,
    deployId: undefined,
    checksum: null,
    resumes: () => false,
    everyDeploy: false,
    signal: new AbortController().signal,
    onWaiting: () => {},
    whileHeld: async () => {
      looks += 1
      if (looks === 1) await new Promise((resolve) => setTimeout(resolve, 300))
      else if (held) await ledger.settle(held, { status: 'done', finishedAt: new Date(), reason: null, error: null })
    },
  })
  expect([acquisition.kind, looks]).toEqual(['ended', 2])
})

/** Asks for a task as a run does, ends it at once when it is ours, and tells which of the two it was. */
async function ask(ledger: Ledger, owner: string, status: Settlement['status']): Promise<string> {
  const [version] = VERSIONS
  const acquisition = await acquire({ version, name: 'task' }, null, {
    ledger,
    owner,
    leaseMs: 60_000,
    lockTimeoutMs: 10_000,
    deployId: undefined,
    checksum: null,
    resumes: () => false,
    everyDeploy: false,
    stopAt: Number.POSITIVE_INFINITY,
    signal: new AbortController().signal,
    onWaiting: () => {},
  })
  if (acquisition.kind === 'claimed')
    expect(await acquisition.claim.settle({ status, finishedAt: new Date(), reason: null, error: null })).toBe(true)
  return acquisition.kind === 'ended' ? `ended ${acquisition.record.status}` : acquisition.kind
}

/** A ledger whose questions are answered in any order. */
function reordered(ledger: MemoryLedger, scheduler: fc.Scheduler): Ledger {
  const inAnyOrder = new Set(['record', 'claim', 'settle'])
  return new Proxy(ledger, {
    get(target, key: keyof MemoryLedger) {
      const verb = target[key]
      if (typeof verb !== 'function') return verb
      const bound = verb.bind(target) as (...args: unknown[]) => Promise<unknown>
      return inAnyOrder.has(key)
        ? (...args: unknown[]) => scheduler.schedule(Promise.resolve(), key).then(() => bound(...args))
        : bound
    },
  })
}
