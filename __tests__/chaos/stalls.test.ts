import { expect, jest, test } from '@jest/globals'
import type { Child, Ended } from '../support/child.js'
import { STACKS, VARIANTS } from '../support/databases/variants.mjs'
import { describeDatabases, type VariantName } from '../support/databases.js'
import { ChaosProject, type Kind } from './chaos-project.js'
import { expectAllDone, long } from './tally.js'

const SOME: VariantName[] | undefined = long ? undefined : ['sqlite-libsql', 'postgresql', 'mariadb']

jest.setTimeout(300_000)

/** A process that stands still for longer than its lease: a paused machine, a swapped-out container. */
describeDatabases((variant) => {
  const oneWriter = STACKS[VARIANTS[variant].stack].provider === 'sqlite'
  // Without a transaction, a stall has nothing to do with the database.
  const all = long || variant !== 'mariadb'
  // On SQLite an open transaction has the database to itself: nobody else can take anything over.
  const inTransaction = oneWriter ? 'after:open-history' : 'before:work'
  const midBatch = oneWriter ? 'after:commit' : 'before:work#2'

  if (all) {
    test('a holder that stalls after its work cannot settle, and says that it lost its claim', async () => {
      await using chaos = await ChaosProject.create(variant)
      const { version, holder } = await stalled(chaos, 'plain', 'before:settle')
      await chaos.finish()
      const taken = await chaos.record(version)

      expectLost(await woken(holder))
      expect(await chaos.record(version)).toEqual(taken)
      await expectAllDone(variant, chaos, { stalls: 1 })
    })

    test('a holder that wakes up while another works writes nothing', async () => {
      await using chaos = await ChaosProject.create(variant)
      const { version, holder } = await stalled(chaos, 'plain', 'before:settle')
      const other = chaos.start(['run'], { CHAOS_STOP: 'before:settle' })
      await other.stopped()
      const taken = await chaos.record(version)

      expectLost(await woken(holder))
      expect(await chaos.record(version)).toEqual(taken)
      other.signal('SIGCONT')
      expect(await other.ended).toMatchObject({ code: 0 })
      await expectAllDone(variant, chaos, { stalls: 1 })
    })
  }

  test(`a holder that stalls ${inTransaction} cannot commit`, async () => {
    await using chaos = await ChaosProject.create(variant)
    const { version, holder } = await stalled(chaos, 'transactional', inTransaction)
    await chaos.finish()

    expectLost(await woken(holder))
    expect(await chaos.timesDone(version)).toEqual([1])
    await expectAllDone(variant, chaos, { stalls: 1 })
  })

  test('a holder that stalls between its last write and its commit commits once or not at all', async () => {
    await using chaos = await ChaosProject.create(variant)
    const { version, holder } = await stalled(chaos, 'transactional', 'before:commit')
    await leaseOver(chaos, version)
    const other = chaos.start(['run'])

    await Promise.all([woken(holder), other.ended])
    // Either of the two may have failed on the other's locks; what counts is what is in the database.
    await chaos.finish()
    expect(await chaos.timesDone(version)).toEqual([1])
    await expectAllDone(variant, chaos, { stalls: 1 })
  })

  test.each<Kind>(['backfill', 'updating'])(
    `a backfill (%s) that stalls ${midBatch} cannot commit its batch`,
    async (kind) => {
      await using chaos = await ChaosProject.create(variant)
      const { version, holder } = await stalled(chaos, kind, midBatch)
      await chaos.finish()

      expectLost(await woken(holder))
      expect((await chaos.timesDone(version)).every((times) => times === 1)).toBe(true)
      await expectAllDone(variant, chaos, { stalls: 1 })
    },
  )

  if (!oneWriter)
    test('a backfill in parts that stalls leaves no row out and does none twice', async () => {
      await using chaos = await ChaosProject.create(variant)
      const { version, holder } = await stalled(chaos, 'concurrent', 'before:work#2')
      // The other may stand before rows that the holder has locked, until that one wakes up.
      const other = chaos.start(['run'])
      await other.saw(new RegExp(`→ concurrent_1 ${version} \\(attempt 2\\)`))

      expectLost(await woken(holder))
      expect(await other.ended).toMatchObject({ code: 0 })
      await expectAllDone(variant, chaos, { stalls: 1 })
    })
}, SOME)

/** A task whose process stands still at a point of its work. */
async function stalled(chaos: ChaosProject, kind: Kind, point: string): Promise<{ version: string; holder: Child }> {
  const version = await chaos.task(kind)
  const holder = chaos.start(['run', '--lease', '1s'], { CHAOS_STOP: point })
  await holder.stopped()
  return { version, holder }
}

function woken(holder: Child): Promise<Ended> {
  holder.signal('SIGCONT')
  return holder.ended
}

function expectLost({ code, stderr }: Ended): void {
  expect([code, stderr]).toEqual([3, expect.stringContaining('lost its claim')])
}

/** Waits until the lease of a record is over, which no event tells. */
async function leaseOver(chaos: ChaosProject, version: string): Promise<void> {
  const record = await chaos.record(version)
  const left = (record?.leaseUntil?.getTime() ?? 0) - Date.now()
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, left)))
}
