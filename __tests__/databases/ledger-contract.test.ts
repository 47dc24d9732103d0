import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals'
import type { TaskRequest } from '../../src/define/events.js'
import type { Claim, ClaimRequest, Ledger, Settlement, TaskRecord, TaskRun } from '../../src/ledger/contract.js'
import { describeLedgers, type LedgerStand } from '../support/ledger-stands.js'

const MINUTE_MS = 60_000

/** What every ledger promises, the one in memory and the one in each database. */
describeLedgers((makeStand, kind) => {
  let stand: LedgerStand
  let ledger: Ledger
  let other: Ledger

  beforeAll(async () => {
    stand = await makeStand()
    ledger = stand.ledger()
    other = stand.ledger()
  })
  afterAll(async () => {
    await stand[Symbol.asyncDispose]()
  })
  afterEach(() => {
    jest.restoreAllMocks()
  })

  const request = async (given: Partial<ClaimRequest> = {}): Promise<ClaimRequest> => {
    const now = await ledger.now()
    return {
      version: newVersion(),
      name: 'task',
      owner: 'host:1:a',
      startedAt: new Date(now),
      leaseUntil: new Date(now + MINUTE_MS),
      checksum: null,
      deployId: null,
      params: null,
      resume: false,
      ...given,
    }
  }
  /** A lease that is over, also for a process whose idea of the database's clock is a little different. */
  const lapsed = async () => new Date((await ledger.now()) - 1_000)

  const claimed = async (given: Partial<ClaimRequest> = {}): Promise<{ claim: Claim; seen: TaskRecord }> => {
    const asked = await request(given)
    const claim = await ledger.claim(await ledger.record(asked.version), asked)
    if (!claim) throw new Error('nobody else is here')
    return { claim, seen: await recordOf(claim.version) }
  }
  const recordOf = async (version: string): Promise<TaskRecord> => {
    const record = await other.record(version)
    if (!record) throw new Error('no record')
    return record
  }
  const settlement = async (given: Partial<Settlement> = {}): Promise<Settlement> => ({
    status: 'done',
    finishedAt: new Date(await ledger.now()),
    reason: null,
    error: null,
    ...given,
  })

  describe('a claim', () => {
    test('of a task without a record makes one', async () => {
      const asked = await request({ checksum: 'abc', deployId: 'd1', params: '{"json":{}}' })
      const claim = await ledger.claim(null, asked)
      expect(claim).toEqual({ version: asked.version, name: 'task', owner: 'host:1:a', fence: 1 })
      expect(await other.record(asked.version)).toEqual({
        version: asked.version,
        part: null,
        name: 'task',
        status: 'running',
        attempts: 1,
        startedAt: asked.startedAt,
        finishedAt: null,
        reason: null,
        error: null,
        checksum: 'abc',
        owner: 'host:1:a',
        fence: 1,
        leaseUntil: asked.leaseUntil,
        checkpoint: null,
        params: '{"json":{}}',
        skippedRows: [],
        changedMeanwhile: 0,
        processed: 0,
        total: null,
        deployId: 'd1',
        lane: null,
        seenAt: null,
        request: null,
      })
    })

    test('is refused when somebody was first', async () => {
      const { claim } = await claimed()
      const late = await request({ version: claim.version, owner: 'host:2:b' })
      expect(await other.claim(null, late)).toBeNull()
      expect(await recordOf(claim.version)).toMatchObject({ owner: 'host:1:a', fence: 1, attempts: 1 })
    })

    test('is refused while the lease of another lasts', async () => {
      const { claim, seen } = await claimed()
      expect(await other.claim(seen, await request({ version: claim.version, owner: 'host:2:b' }))).toBeNull()
      expect(await recordOf(claim.version)).toEqual(seen)
    })

    test('takes over when the lease is over, under a higher fence', async () => {
      const { claim, seen } = await claimed({ leaseUntil: await lapsed() })
      const taken = await other.claim(seen, await request({ version: claim.version, owner: 'host:2:b' }))
      expect(taken).toMatchObject({ owner: 'host:2:b', fence: 2 })
      expect(await recordOf(claim.version)).toMatchObject({
        status: 'running',
        owner: 'host:2:b',
        fence: 2,
        attempts: 2,
      })
    })

    test('judges a lease by the clock of the database, not of the machine', async () => {
      const { claim, seen } = await claimed()
      // This machine believes that it is an hour later; the memory ledger has no other clock.
      const { now } = performance
      jest.spyOn(performance, 'now').mockImplementation(() => now.call(performance) + 60 * MINUTE_MS)
      const late = stand.ledger()
      const asked = await request({ version: claim.version, owner: 'host:2:b' })
      expect(await late.claim(seen, asked)).toBeNull()
    })

    test('of a task that ended since it was seen is refused', async () => {
      const { claim, seen } = await claimed({ leaseUntil: await lapsed() })
      await ledger.settle(claim, await settlement())
      expect(await other.claim(seen, await request({ version: claim.version }))).toBeNull()
      expect(await recordOf(claim.version)).toMatchObject({ status: 'done', fence: 1, attempts: 1 })
    })

    test.each(['failed', 'interrupted', 'recurring', 'done', 'skipped'] as const)(
      'of a %s task begins a new attempt from the start',
      async (status) => {
        const { claim } = await claimed()
        await ledger.checkpoint(claim, { from: null, checkpoint: 'k7', processed: 7, total: 9, leaseUntil: new Date() })
        await ledger.settle(claim, await settlement({ status, reason: null, error: 'it broke' }))
        const asked = await request({ version: claim.version, owner: 'host:2:b', deployId: 'd2' })
        expect(await other.claim(await recordOf(claim.version), asked)).toMatchObject({ fence: 2 })
        expect(await recordOf(claim.version)).toMatchObject({
          status: 'running',
          attempts: 2,
          fence: 2,
          finishedAt: null,
          reason: null,
          error: null,
          deployId: 'd2',
          checkpoint: null,
          skippedRows: [],
          changedMeanwhile: 0,
          processed: 0,
          total: null,
        })
      },
    )

    test('that resumes keeps the checkpoint', async () => {
      const { claim } = await claimed()
      await ledger.checkpoint(claim, { from: null, checkpoint: 'k7', processed: 7, total: 9, leaseUntil: new Date() })
      await ledger.settle(claim, await settlement({ status: 'interrupted' }))
      await other.claim(await recordOf(claim.version), await request({ version: claim.version, resume: true }))
      expect(await recordOf(claim.version)).toMatchObject({
        status: 'running',
        checkpoint: 'k7',
        processed: 7,
        total: 9,
      })
    })

    test('of a new task is won by one of forty', async () => {
      const version = newVersion()
      expect(await race(version, null)).toBe(1)
      expect(await recordOf(version)).toMatchObject({ fence: 1, attempts: 1 })
    })

    test.each(['failed', 'running'] as const)('of a %s task is won by one of forty', async (status) => {
      const { claim } = await claimed({ leaseUntil: await lapsed() })
      if (status === 'failed') await ledger.settle(claim, await settlement({ status }))
      expect(await race(claim.version, await recordOf(claim.version))).toBe(1)
      expect(await recordOf(claim.version)).toMatchObject({ fence: 2, attempts: 2 })
    })

    /** Forty claims at once, from four processes. Answers with how many were won. */
    const race = async (version: string, seen: TaskRecord | null): Promise<number> => {
      const parties = [stand.ledger(), stand.ledger(), stand.ledger(), stand.ledger()]
      await Promise.all(parties.map((party) => party.now()))
      const asked = await request({ version })
      const claims = await Promise.all(
        Array.from({ length: 40 }, (_, i) => parties[i % 4]?.claim(seen, { ...asked, owner: `host:${i}:x` })),
      )
      const won = claims.filter((claim) => claim !== null)
      expect(await recordOf(version)).toMatchObject({ owner: won[0]?.owner })
      return won.length
    }
  })

  describe('a heartbeat', () => {
    test('moves the lease, and says how far the task is', async () => {
      const { claim } = await claimed()
      const leaseUntil = new Date((await ledger.now()) + 5 * MINUTE_MS)
      expect(await ledger.beat(claim, { leaseUntil, processed: 3, total: 10 })).toBe(true)
      expect(await recordOf(claim.version)).toMatchObject({ leaseUntil, processed: 3, total: 10, fence: 1 })
    })

    test('that changes nothing is heard all the same', async () => {
      const { claim, seen } = await claimed()
      expect(await ledger.beat(claim, { leaseUntil: seen.leaseUntil ?? new Date() })).toBe(true)
      expect(await ledger.beat(claim, { leaseUntil: seen.leaseUntil ?? new Date() })).toBe(true)
    })

    test('revives a lease that is over, as long as nobody took the task', async () => {
      const { claim } = await claimed({ leaseUntil: await lapsed() })
      expect(await ledger.beat(claim, { leaseUntil: new Date((await ledger.now()) + MINUTE_MS) })).toBe(true)
      expect(await other.claim(await recordOf(claim.version), await request({ version: claim.version }))).toBeNull()
    })
  })

  describe('a claim that was lost', () => {
    const lost = async () => {
      const { claim, seen } = await claimed({ leaseUntil: await lapsed() })
      const taken = await other.claim(seen, await request({ version: claim.version, owner: 'host:2:b' }))
      expect(taken).not.toBeNull()
      return { claim, after: await recordOf(claim.version) }
    }

    test('writes no heartbeat', async () => {
      const { claim, after } = await lost()
      expect(await ledger.beat(claim, { leaseUntil: new Date(), processed: 5 })).toBe(false)
      expect(await recordOf(claim.version)).toEqual(after)
    })

    test('writes no checkpoint', async () => {
      const { claim, after } = await lost()
      const checkpoint = { from: null, checkpoint: 'k', processed: 5, total: null, leaseUntil: new Date() }
      expect(await ledger.checkpoint(claim, checkpoint)).toBe(false)
      expect(await recordOf(claim.version)).toEqual(after)
    })

    test('settles nothing', async () => {
      const { claim, after } = await lost()
      expect(await ledger.settle(claim, await settlement())).toBe(false)
      expect(await recordOf(claim.version)).toEqual(after)
    })

    test('settles nothing inside a transaction', async () => {
      const { claim, after } = await lost()
      await stand.transaction(async (writes) => {
        expect(await writes.settle(claim, await settlement())).toBe(false)
        expect(
          await writes.checkpoint(claim, {
            from: null,
            checkpoint: 'k',
            processed: 5,
            total: null,
            leaseUntil: new Date(),
          }),
        ).toBe(false)
      })
      expect(await recordOf(claim.version)).toEqual(after)
    })

    test('to a mark writes nothing either', async () => {
      const { claim, seen } = await claimed({ leaseUntil: await lapsed() })
      const { version } = claim
      expect(await other.mark(seen, { version, name: 'task', status: 'done', at: new Date(), owner: 'host:2:b' })).toBe(
        true,
      )
      expect(await ledger.beat(claim, { leaseUntil: new Date() })).toBe(false)
      expect(await ledger.settle(claim, await settlement({ status: 'failed' }))).toBe(false)
      expect(await recordOf(version)).toMatchObject({ status: 'done', fence: 2 })
    })
  })

  describe('settling', () => {
    test('ends the claim, with its error and its count', async () => {
      const { claim } = await claimed()
      const end = await settlement({ status: 'failed', reason: null, error: 'it broke', processed: 12 })
      expect(await ledger.settle(claim, end)).toBe(true)
      expect(await recordOf(claim.version)).toMatchObject({ ...end, leaseUntil: null, owner: claim.owner, fence: 1 })
    })

    test('twice with one end says twice that it stands', async () => {
      const { claim } = await claimed()
      const end = await settlement()
      expect(await ledger.settle(claim, end)).toBe(true)
      if (kind !== 'memory') expect(await ledger.settle(claim, end)).toBe(true)
      expect(await ledger.settle(claim, { ...end, status: 'failed' })).toBe(false)
      expect(await recordOf(claim.version)).toMatchObject({ status: 'done' })
    })

    test('inside a transaction commits with it', async () => {
      const { claim } = await claimed()
      await stand.transaction(async (writes) => {
        expect(await writes.settle(claim, await settlement({ processed: 3 }))).toBe(true)
      })
      expect(await recordOf(claim.version)).toMatchObject({ status: 'done', processed: 3 })
    })

    if (kind !== 'memory')
      test('inside a transaction rolls back with it', async () => {
        const { claim, seen } = await claimed()
        const rolledBack = stand.transaction(async (writes) => {
          expect(await writes.settle(claim, await settlement())).toBe(true)
          throw new Error('roll back')
        })
        await expect(rolledBack).rejects.toThrow('roll back')
        expect(await recordOf(claim.version)).toEqual(seen)
        expect(await ledger.settle(claim, await settlement())).toBe(true)
      })
  })

  describe('a mark', () => {
    test('makes a record of a task that has none', async () => {
      const version = newVersion()
      const at = new Date(await ledger.now())
      expect(await ledger.mark(null, { version, name: 'old', status: 'done', at, owner: 'host:1:a' })).toBe(true)
      expect(await recordOf(version)).toMatchObject({
        name: 'old',
        status: 'done',
        finishedAt: at,
        fence: 1,
        attempts: 0,
      })
    })

    test('is refused when the record changed since it was seen', async () => {
      const { claim, seen } = await claimed()
      await ledger.settle(claim, await settlement({ status: 'failed' }))
      const mark = { version: claim.version, name: 'task', status: 'done' as const, at: new Date(), owner: 'host:2:b' }
      expect(await other.mark(seen, mark)).toBe(false)
      expect(await other.mark(null, mark)).toBe(false)
      expect(await recordOf(claim.version)).toMatchObject({ status: 'failed', fence: 1 })
    })

    test('as baseline is one that no run has to read', async () => {
      const version = newVersion()
      const mark = { version, name: 'old', status: 'baseline' as const, at: new Date(await ledger.now()), owner: 'me' }
      expect(await ledger.mark(null, mark)).toBe(true)
      expect(await other.mark(null, mark)).toBe(false)
      const settled = (await other.recordsForRun()).find((record) => record.version === version)
      expect(settled).toMatchObject({ version, name: 'old', status: 'baseline' })
      expect(settled).not.toHaveProperty('checkpoint')
    })

    test('as pending forgets where the task was', async () => {
      const { claim } = await claimed()
      await ledger.checkpoint(claim, { from: null, checkpoint: 'k7', processed: 7, total: 9, leaseUntil: new Date() })
      await ledger.settle(claim, await settlement())
      const mark = { version: claim.version, name: 'task', status: 'pending' as const, at: new Date(), owner: 'me' }
      expect(await ledger.mark(await recordOf(claim.version), mark)).toBe(true)
      expect(await recordOf(claim.version)).toMatchObject({
        status: 'pending',
        fence: 2,
        finishedAt: null,
        leaseUntil: null,
        checkpoint: null,
        skippedRows: [],
        changedMeanwhile: 0,
        processed: 0,
        total: null,
      })
    })
  })

  describe('a reason to wait', () => {
    const reason = { code: 'waiting' as const, text: 'the flag is off' }

    test('makes a pending record of a task that has none, and goes with the claim', async () => {
      const version = newVersion()
      expect(await ledger.postpone(null, { version, name: 'task', reason })).toBe(true)
      expect(await other.postpone(null, { version, name: 'task', reason })).toBe(false)
      const record = await recordOf(version)
      expect(record).toMatchObject({ status: 'pending', reason, attempts: 0, fence: 0, startedAt: null, owner: null })
      expect((await ledger.recordsForRun()).find((each) => each.version === version)).toMatchObject({ reason })
      expect(await ledger.claim(record, await request({ version }))).toMatchObject({ fence: 1 })
      expect(await recordOf(version)).toMatchObject({ status: 'running', reason: null, attempts: 1 })
    })

    test('changes nothing else, and is not written to a record that changed or is held', async () => {
      const { claim, seen } = await claimed()
      expect(await other.postpone(seen, { version: claim.version, name: 'task', reason })).toBe(false)
      await ledger.settle(claim, await settlement({ status: 'failed', error: 'no title' }))
      expect(await other.postpone(seen, { version: claim.version, name: 'task', reason })).toBe(false)
      const failed = await recordOf(claim.version)
      expect(await other.postpone(failed, { version: claim.version, name: 'task', reason })).toBe(true)
      expect(await recordOf(claim.version)).toEqual({ ...failed, reason })
    })

    test('is written to the record of a process that died', async () => {
      const { claim, seen } = await claimed({ leaseUntil: await lapsed() })
      expect(await other.postpone(seen, { version: claim.version, name: 'task', reason })).toBe(true)
      expect(await recordOf(claim.version)).toEqual({ ...seen, reason })
    })
  })

  describe('a checkpoint', () => {
    test('goes on from the one before, and is written once', async () => {
      const { claim } = await claimed()
      const write = async (from: string | null, checkpoint: string, processed: number) =>
        ledger.checkpoint(claim, { from, checkpoint, processed, total: null, leaseUntil: new Date(await ledger.now()) })
      expect(await write('k1', 'k2', 2)).toBe(false)
      expect(await write(null, 'k1', 1)).toBe(true)
      expect(await write(null, 'k1', 1)).toBe(false)
      expect(await write('k1', 'k2', 2)).toBe(true)
      await stand.transaction(async (writes) => {
        const leaseUntil = new Date()
        expect(
          await writes.checkpoint(claim, { from: 'k1', checkpoint: 'k3', processed: 3, total: null, leaseUntil }),
        ).toBe(false)
        expect(
          await writes.checkpoint(claim, { from: 'k2', checkpoint: 'k3', processed: 3, total: null, leaseUntil }),
        ).toBe(true)
      })
      expect(await recordOf(claim.version)).toMatchObject({ checkpoint: 'k3', processed: 3 })
    })

    test('has the rows that were skipped, and keeps them where it says nothing of them', async () => {
      const { claim } = await claimed()
      const leaseUntil = new Date(await ledger.now())
      const skippedRows = [{ key: '7', error: 'no title' }]
      const first = { from: null, checkpoint: 'k1', processed: 1, total: null, leaseUntil }
      expect(await ledger.checkpoint(claim, { ...first, skippedRows })).toBe(true)
      expect(await ledger.checkpoint(claim, { ...first, from: 'k1', checkpoint: 'k2' })).toBe(true)
      expect(await recordOf(claim.version)).toMatchObject({ checkpoint: 'k2', skippedRows })
      expect(await ledger.checkpoint(claim, { ...first, from: 'k2', checkpoint: 'k1', skippedRows: [] })).toBe(true)
      expect(await recordOf(claim.version)).toMatchObject({ checkpoint: 'k1', skippedRows: [] })
    })
  })

  describe('the results of steps', () => {
    const keep = async (version?: string) => {
      const { claim } = await claimed(version === undefined ? {} : { version })
      expect(await ledger.stepsOf(claim.version)).toBeNull()
      expect(await ledger.steps(claim, '{"one":1}')).toBe(true)
      expect(await ledger.steps(claim, '{"one":1}')).toBe(true)
      expect(await other.stepsOf(claim.version)).toBe('{"one":1}')
      return claim
    }

    test('are kept by an attempt that goes on with them, without the checkpoint', async () => {
      const claim = await keep()
      await ledger.beat(claim, { leaseUntil: new Date(), processed: 7, total: 9 })
      await ledger.settle(claim, await settlement({ status: 'failed' }))
      await other.claim(await recordOf(claim.version), await request({ version: claim.version, resume: 'steps' }))
      expect(await ledger.stepsOf(claim.version)).toBe('{"one":1}')
      expect(await recordOf(claim.version)).toMatchObject({ processed: 0, total: null })
    })

    test('are gone where an attempt starts over, and after a mark as pending', async () => {
      const claim = await keep()
      await ledger.settle(claim, await settlement())
      const next = await other.claim(await recordOf(claim.version), await request({ version: claim.version }))
      expect(await ledger.stepsOf(claim.version)).toBeNull()
      if (!next) throw new Error('nobody else is here')
      await other.steps(next, '{"two":2}')
      await other.settle(next, await settlement({ status: 'failed' }))
      const mark = { version: claim.version, name: 'task', status: 'pending' as const, at: new Date(), owner: 'me' }
      expect(await ledger.mark(await recordOf(claim.version), mark)).toBe(true)
      expect(await ledger.stepsOf(claim.version)).toBeNull()
    })

    test('are not written by a process that lost its claim', async () => {
      const { claim, seen } = await claimed({ leaseUntil: await lapsed() })
      await other.claim(seen, await request({ version: claim.version, owner: 'host:2:b', resume: 'steps' }))
      expect(await ledger.steps(claim, '{"late":1}')).toBe(false)
      expect(await other.stepsOf(claim.version)).toBeNull()
    })

    test('inside a transaction commit with it, and are read there', async () => {
      const { claim } = await claimed()
      const within = stand.transaction(async (writes) => {
        expect(await writes.steps(claim, '{"one":1}')).toBe(true)
        expect(await writes.stepsOf(claim.version)).toBe('{"one":1}')
        throw new Error('roll back')
      })
      await expect(within).rejects.toThrow('roll back')
      if (kind !== 'memory') expect(await ledger.stepsOf(claim.version)).toBeNull()
    })
  })

  describe('a list of records', () => {
    test('has tasks, and no parts of them', async () => {
      const { claim } = await claimed()
      const part = await ledger.claim(null, await request({ version: `${claim.version}/03` }))
      expect(part).not.toBeNull()
      expect(await recordOf(`${claim.version}/03`)).toMatchObject({ part: 3 })
      for (const records of [await ledger.records(), await ledger.recordsForRun()]) {
        const versions = records.map(({ version }) => version).filter((version) => version.startsWith(claim.version))
        expect(versions).toEqual([claim.version])
      }
    })

    test('has errors only where they are asked for', async () => {
      const { claim } = await claimed()
      await ledger.settle(claim, await settlement({ status: 'failed', error: 'no title' }))
      const errorIn = (records: object[]) =>
        records.find((record) => 'version' in record && record.version === claim.version)
      expect(Object.keys(errorIn(await ledger.records()) ?? {})).not.toContain('error')
      expect(Object.keys(errorIn(await ledger.recordsForRun()) ?? {})).not.toContain('error')
      expect(errorIn(await ledger.records({ errors: true }))).toMatchObject({ status: 'failed', error: 'no title' })
    })

    test('has no checkpoints, nor rows that were skipped', async () => {
      const { claim } = await claimed()
      const leaseUntil = new Date(await ledger.now())
      const skippedRows = [{ key: '7', error: 'no title' }]
      await ledger.checkpoint(claim, {
        from: null,
        checkpoint: 'k1',
        processed: 1,
        total: null,
        leaseUntil,
        skippedRows,
      })
      for (const records of [await ledger.records(), await ledger.recordsForRun()]) {
        const listed = records.find(({ version }) => version === claim.version)
        expect(listed).toMatchObject({ status: 'running', processed: 1 })
        expect(Object.keys(listed ?? {})).not.toEqual(expect.arrayContaining(['checkpoint']))
        expect(Object.keys(listed ?? {})).not.toEqual(expect.arrayContaining(['skippedRows']))
      }
    })
  })

  test('a list of attempts is read without the texts that are not wanted', async () => {
    const { claim } = await claimed()
    const run = await openRun(claim.version)
    const skippedRows = [{ key: '7', error: 'no title' }]
    const counts = { processed: 3, changedMeanwhile: 2 }
    const end = { status: 'failed' as const, finishedAt: run.startedAt, ...counts, reason: null }
    await ledger.endRun(run.id, { ...end, skippedRows, error: 'no', log: 'said' })
    const runs = (without: ('skippedRows' | 'error' | 'log')[]) =>
      ledger.runs({ version: claim.version, limit: 1, without })
    expect(await runs(['log'])).toEqual([{ ...run, ...end, skippedRows, error: 'no', log: null }])
    const bare = { ...run, ...end, skippedRows: [], error: null, log: null }
    expect(await runs(['skippedRows', 'error', 'log'])).toEqual([bare])
  })

  describe('what is kept', () => {
    test('are counts past 2^31', async () => {
      const { claim } = await claimed()
      const [processed, total] = [2 ** 31 + 1, 2 ** 53 - 1]
      await ledger.beat(claim, { leaseUntil: new Date(await ledger.now()), processed, total })
      expect(await recordOf(claim.version)).toMatchObject({ processed, total })
      const run = await openRun(claim.version, { processed })
      expect(await ledger.runs({ version: claim.version, limit: 1 })).toEqual([run])
    })

    test('are errors and logs of a megabyte', async () => {
      const { claim } = await claimed()
      const long = 'all work and no play — 仕事 '.repeat(40_000).slice(0, 1_000_000)
      await ledger.settle(claim, await settlement({ status: 'failed', error: long }))
      const run = await openRun(claim.version)
      const end = {
        status: 'failed' as const,
        finishedAt: run.startedAt,
        processed: 0,
        skippedRows: [],
        changedMeanwhile: 0,
        reason: null,
        error: long,
        log: long,
      }
      await ledger.endRun(run.id, end)
      expect((await recordOf(claim.version)).error === long).toBe(true)
      const [kept] = await other.runs({ version: claim.version, limit: 1 })
      expect(kept?.log === long && kept.error === long).toBe(true)
    })

    test('are the texts of every language, quotes and backslashes as they are', async () => {
      const text = `naïve ß 日本語 🎉 \u{1F469}\u200D\u{1F680} 'quoted' "twice" back\\slash %s $1 ? ; -- \r\n\t end`
      const { claim } = await claimed({ name: 'tâche_日本', owner: 'hôte:1:é', deployId: 'déploiement-🎉' })
      const checkpoint = {
        from: null,
        checkpoint: text,
        processed: 1,
        total: null,
        leaseUntil: new Date(await ledger.now()),
      }
      expect(await ledger.checkpoint(claim, checkpoint)).toBe(true)
      expect(await ledger.settle(claim, await settlement({ status: 'failed', error: text }))).toBe(true)
      expect(await recordOf(claim.version)).toMatchObject({ name: 'tâche_日本', checkpoint: text, error: text })
    })

    test('are times to the millisecond', async () => {
      const times = ['2026-01-01T00:00:00.001Z', '2026-03-29T01:30:00.999Z', '2026-10-25T00:30:00.500Z']
      for (const time of times) {
        const { claim } = await claimed({ startedAt: new Date(time), leaseUntil: new Date(time) })
        const record = await recordOf(claim.version)
        expect([record.startedAt, record.leaseUntil]).toEqual([new Date(time), new Date(time)])
      }
    })

    test('are versions that differ by one character', async () => {
      const version = newVersion()
      for (const each of [version, `${version}/01`, `${version}/1`]) await claimed({ version: each })
      for (const each of [version, `${version}/01`, `${version}/1`])
        expect(await other.record(each)).toMatchObject({ version: each })
      expect(await other.record(`${version}/0`)).toBeNull()
    })
  })

  describe('the history', () => {
    test('keeps a run once, however often it is added', async () => {
      const run = await openRun()
      await other.addRun(run)
      expect(await ledger.runs({ version: run.version, limit: 10 })).toEqual([run])
    })

    test('ends a run once', async () => {
      const run = await openRun()
      const end = {
        status: 'done' as const,
        finishedAt: run.startedAt,
        processed: 3,
        changedMeanwhile: 2,
        skippedRows: [{ key: '4', error: `a "quoted" \\ error\n😀 \0` }],
        reason: null,
        error: null,
        log: 'said\n',
      }
      await ledger.endRun(run.id, end)
      await other.endRun(run.id, { ...end, status: 'failed', log: 'late\n' })
      expect(await ledger.runs({ version: run.version, limit: 10 })).toEqual([{ ...run, ...end }])
    })

    test('gives the latest runs first, of one task or of all', async () => {
      const version = newVersion()
      const at = (ms: number) => new Date(Date.UTC(2099, 0, 1) + ms)
      await openRun(version, { fence: 1, startedAt: at(1) })
      await openRun(version, { fence: 2, startedAt: at(2) })
      await openRun(version, { fence: 3, startedAt: at(2) })
      const fences = (runs: TaskRun[]) => runs.map(({ fence }) => fence)
      expect(fences(await ledger.runs({ version, limit: 10 }))).toEqual([3, 2, 1])
      expect(fences(await ledger.runs({ limit: 2 }))).toEqual([3, 2])
    })

    test('ends the runs of processes that died, and no others', async () => {
      const [version, untouched] = [newVersion(), await openRun()]
      const dead = await openRun(version, { fence: 1 })
      const ended = await openRun(version, { fence: 2, status: 'failed', finishedAt: new Date(0) })
      const alive = await openRun(version, { fence: 3 })
      const finishedAt = new Date(await ledger.now())
      const skippedRows = [{ key: '1', error: 'no' }]
      const reason = { code: 'died' as const }
      const counts = { processed: 7, changedMeanwhile: 1 }
      const end = { status: 'interrupted' as const, finishedAt, ...counts, skippedRows, reason, error: null }
      await other.endDeadRuns(version, 3, end)
      const runs = await ledger.runs({ version, limit: 10 })
      expect(runs).toHaveLength(3)
      expect(runs).toEqual(expect.arrayContaining([alive, ended, { ...dead, ...end }]))
      expect(await ledger.runs({ version: untouched.version, limit: 1 })).toEqual([untouched])
    })
  })

  describe('a request', () => {
    const asked = async (kind: TaskRequest['kind'] = 'pause'): Promise<TaskRequest> => ({
      kind,
      by: 'ada',
      at: new Date(await ledger.now()),
      reason: 'the sale',
    })
    const beat = async () => ({ leaseUntil: new Date((await ledger.now()) + 2 * MINUTE_MS) })
    const step = async (from: string | null) => ({
      from,
      checkpoint: 'c1',
      processed: 1,
      total: null,
      ...(await beat()),
    })

    test('to whoever has the task refuses its beats and checkpoints, until it knows', async () => {
      const { claim } = await claimed()
      const request = await asked()
      expect(await other.ask(claim.version, request)).toBe(true)
      expect((await recordOf(claim.version)).request).toEqual(request)
      expect(await ledger.beat(claim, await beat())).toBe(false)
      expect(await ledger.checkpoint(claim, await step(null))).toBe(false)
      const knows: Claim = { ...claim, heeds: request }
      expect(await ledger.beat(knows, await beat())).toBe(true)
      expect((await recordOf(claim.version)).reason).toEqual({ code: 'requested' })
      expect(await ledger.checkpoint(knows, await step(null))).toBe(true)
      expect(await ledger.settle(claim, await settlement({ status: 'paused' }))).toBe(true)
      expect(await recordOf(claim.version)).toMatchObject({ status: 'paused', request, checkpoint: 'c1' })
    })

    test('is over once the task is done, and goes with the next claim', async () => {
      const { claim } = await claimed()
      await other.ask(claim.version, await asked())
      await ledger.settle(claim, await settlement())
      expect((await recordOf(claim.version)).request).toBeNull()
      const again = await claimed()
      await other.ask(again.claim.version, await asked())
      await ledger.settle(again.claim, await settlement({ status: 'paused' }))
      const seen = await recordOf(again.claim.version)
      expect(await ledger.claim(seen, await request({ version: seen.version }))).not.toBeNull()
      expect((await recordOf(seen.version)).request).toBeNull()
    })

    test('may be taken back, and reaches the parts of a task that run', async () => {
      const { claim } = await claimed()
      const part = await claimed({ version: `${claim.version}/01` })
      const idle = await claimed({ version: `${claim.version}/02` })
      await ledger.settle(idle.claim, await settlement({ status: 'paused' }))
      await other.ask(claim.version, await asked())
      expect((await recordOf(part.claim.version)).request).toMatchObject({ kind: 'pause' })
      expect((await recordOf(idle.claim.version)).request).toBeNull()
      expect(await other.ask(claim.version, null)).toBe(true)
      expect((await recordOf(part.claim.version)).request).toBeNull()
      expect(await ledger.beat(claim, await beat())).toBe(true)
    })

    test('to nobody is refused: there is nobody to heed it', async () => {
      const { claim } = await claimed()
      await ledger.settle(claim, await settlement())
      expect(await other.ask(claim.version, await asked())).toBe(false)
      expect(await other.ask(newVersion(), await asked())).toBe(false)
    })

    test('is carried out where nobody has the task, also where there is no record', async () => {
      const version = newVersion()
      const hold = { version, name: 'task', status: 'cancelled' as const, request: await asked('cancel') }
      const at = new Date(await ledger.now())
      expect(await ledger.hold(null, { ...hold, at })).toBe(true)
      expect(await ledger.hold(null, { ...hold, at })).toBe(false)
      const seen = await recordOf(version)
      expect(seen).toMatchObject({ status: 'cancelled', request: hold.request, attempts: 0 })
      expect(seen.reason).toEqual({ code: 'requested', text: 'the sale' })
      const resumed = { ...hold, status: 'pending' as const, request: await asked('resume'), at }
      expect(await ledger.hold(seen, resumed)).toBe(true)
      expect(await recordOf(version)).toMatchObject({ status: 'pending', reason: null })
      // It was seen before that.
      expect(await ledger.claim(seen, await request({ version }))).toBeNull()
    })

    test('is not carried out over a live claim; over a dead one, its process loses the task', async () => {
      const alive = await claimed()
      const at = new Date(await ledger.now())
      const hold = { name: 'task', status: 'paused' as const, request: await asked(), at }
      expect(await other.hold(alive.seen, { ...hold, version: alive.claim.version })).toBe(false)
      const dead = await claimed({ leaseUntil: await lapsed() })
      expect(await other.hold(dead.seen, { ...hold, version: dead.claim.version })).toBe(true)
      expect(await recordOf(dead.claim.version)).toMatchObject({ status: 'paused', finishedAt: at, leaseUntil: null })
      expect(await ledger.beat(dead.claim, await beat())).toBe(false)
      expect(await ledger.settle(dead.claim, await settlement())).toBe(false)
    })

    test('that is not heeded takes the task, and its parts, from their processes', async () => {
      const { claim, seen } = await claimed()
      const part = await claimed({ version: `${claim.version}/01` })
      const hold = { version: claim.version, name: 'task', status: 'paused' as const, request: await asked() }
      const at = new Date(await ledger.now())
      expect(await other.revoke({ ...seen, fence: 99 }, { ...hold, at })).toBe(false)
      expect(await other.revoke(seen, { ...hold, at })).toBe(true)
      expect(await recordOf(claim.version)).toMatchObject({ status: 'paused', fence: 2, request: hold.request })
      expect(await recordOf(part.claim.version)).toMatchObject({ status: 'paused', fence: 2 })
      for (const lost of [claim, part.claim])
        expect(await ledger.beat({ ...lost, heeds: null }, await beat())).toBe(false)
      expect(await ledger.settle(claim, await settlement())).toBe(false)
    })
  })

  describe('the lane of tasks', () => {
    test('is noted, with a pending record where there is none, and what is written alongside', async () => {
      const { claim } = await claimed()
      await ledger.settle(claim, await settlement({ status: 'paused' }))
      const fresh = newVersion()
      const tasks = [claim.version, fresh].map((version) => ({ version, name: 'task' }))
      let alongside = 0
      await ledger.enlist(tasks, 'background', async () => {
        alongside += 1
      })
      expect(alongside).toBe(1)
      expect(await recordOf(fresh)).toMatchObject({ status: 'pending', lane: 'background', fence: 0, attempts: 0 })
      expect(await recordOf(claim.version)).toMatchObject({ status: 'paused', lane: 'background' })
      await ledger.enlist(tasks, 'foreground')
      expect(await recordOf(fresh)).toMatchObject({ lane: 'foreground', seenAt: expect.any(Date) })
      const failing = ledger.enlist(tasks, 'background', () => Promise.reject(new Error('no queue')))
      await expect(failing).rejects.toThrow('no queue')
      expect((await recordOf(fresh)).lane).toBe('foreground')
    })

    test('says when a worker saw those that wait', async () => {
      const { claim } = await claimed()
      const waiting = newVersion()
      await ledger.enlist([{ version: waiting, name: 'task' }], 'background')
      const at = new Date(await ledger.now())
      await other.sawWaiting([claim.version, waiting], at)
      expect((await recordOf(waiting)).seenAt).toEqual(at)
      expect((await recordOf(claim.version)).seenAt).toBeNull()
    })
  })

  test('whether an attempt was left open by a process that died', async () => {
    const { version, fence } = await openRun()
    expect(await ledger.hasDeadRuns(version, fence)).toBe(false)
    expect(await ledger.hasDeadRuns(version, fence + 1)).toBe(true)
  })

  const openRun = async (version = newVersion(), given: Partial<TaskRun> = {}): Promise<TaskRun> => {
    const { fence = 1 } = given
    const run: TaskRun = {
      id: `${version}#${fence}`,
      version,
      name: 'task',
      fence,
      status: 'running',
      startedAt: new Date(await ledger.now()),
      finishedAt: null,
      owner: 'host:1:a',
      deployId: null,
      processed: 0,
      skippedRows: [],
      changedMeanwhile: 0,
      reason: null,
      error: null,
      log: null,
      params: null,
      ...given,
    }
    await ledger.addRun(run)
    return run
  }
})

let versions = 0

/** Every test has its own task in the database that they share. */
function newVersion(): string {
  versions += 1
  return `2026010100${String(versions).padStart(4, '0')}`
}
