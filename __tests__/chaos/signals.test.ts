import { describe, expect, jest, test } from '@jest/globals'
import { describeDatabases, type VariantName } from '../support/databases.js'
import { testAgain } from '../support/selection.js'
import { ChaosProject } from './chaos-project.js'
import { expectAllDone, long } from './tally.js'

const SOME: VariantName[] | undefined = long ? undefined : ['sqlite-libsql', 'postgresql']
const VERSION = '20250101000000'

/** Works until it is told to stop; at the second attempt it has nothing to wait for. */
const HEEDS = `
    await prisma.post.create({ data: { title: '${VERSION}' } })
    if (process.env['CHAOS_AGAIN']) return
    log('at work')
    await new Promise((resolve) => signal.addEventListener('abort', resolve))
    signal.throwIfAborted()`
const IGNORES = `
    log('at work')
    await new Promise(() => setInterval(() => {}, 1_000))`

jest.setTimeout(300_000)

describeDatabases((variant) => {
  const all = long || variant === 'sqlite-libsql'
  const signals = [['SIGTERM', 143] as const, ...(all ? [['SIGINT', 130] as const] : [])]
  test.each(signals)('%s interrupts the task, lets its claim go and begins no other: exit %i', async (signal, code) => {
    await using chaos = await ChaosProject.create(variant)
    await chaos.project.task(`${VERSION}_heeds`, HEEDS, 'transaction: true,')
    const after = await chaos.task('plain')
    const child = chaos.start(['run'])
    await child.saw(/at work/)
    child.signal(signal)
    expect(await child.ended).toMatchObject({ code, stderr: expect.stringContaining('heeds was interrupted') })
    expect(await chaos.record(VERSION)).toMatchObject({ status: 'interrupted', leaseUntil: null })
    expect(await chaos.record(after)).toBeNull()
    expect(await chaos.posts(VERSION)).toBe(0)

    expect(await chaos.run(['run', '--no-wait'], { CHAOS_AGAIN: 'yes' })).toMatchObject({ code: 0 })
    expect(await chaos.posts(VERSION)).toBe(1)
    await expectAllDone(variant, chaos, {})
  })

  testAgain('a backfill that is told to stop goes on at its checkpoint', async () => {
    await using chaos = await ChaosProject.create(variant)
    const version = await chaos.task('backfill')
    const child = chaos.start(['run'], { CHAOS_STOP: 'after:commit' })
    await child.stopped()
    child.signal('SIGTERM')
    child.signal('SIGCONT')
    expect(await child.ended).toMatchObject({ code: 143 })
    expect(await chaos.record(version)).toMatchObject({ status: 'interrupted', leaseUntil: null })

    expect(await chaos.run(['run', '--no-wait'])).toMatchObject({ code: 0 })
    await expectAllDone(variant, chaos, {})
  })

  if (!variant.startsWith('sqlite'))
    test('a backfill that two processes work on lets all its parts go when both are told to stop', async () => {
      await using chaos = await ChaosProject.create(variant)
      const version = await chaos.task('concurrent')
      // Three parts that nobody has yet.
      const split = await chaos.run(['run', '--lease', '1s'], { CHAOS_KILL: 'after:checkpoint' })
      expect(split.signal).toBe('SIGKILL')
      const holder = chaos.start(['run'], { CHAOS_WORKERS: '2', CHAOS_AWAIT: 'signal' })
      await holder.saw(/at work.*at work/s)
      const helper = chaos.start(['run'], { CHAOS_WORKERS: '1', CHAOS_AWAIT: 'signal' })
      await helper.saw(/at work/)
      for (const child of [helper, holder]) {
        child.signal('SIGTERM')
        expect(await child.ended).toMatchObject({ code: 143 })
      }
      for (const part of ['', '/01', '/02', '/03'])
        expect(await chaos.record(`${version}${part}`)).toMatchObject({ status: 'interrupted', leaseUntil: null })

      expect(await chaos.run(['run', '--no-wait'])).toMatchObject({ code: 0 })
      await expectAllDone(variant, chaos, { kills: 1 })
    })
}, SOME)

describe('sqlite-libsql', () => {
  test('a task that ignores the signal is ended after its grace period', async () => {
    await using chaos = await ChaosProject.create('sqlite-libsql')
    await chaos.project.task(`${VERSION}_ignores`, IGNORES)
    const child = chaos.start(['run', '--grace', '200ms'])
    await child.saw(/at work/)
    child.signal('SIGTERM')
    expect(await child.ended).toMatchObject({ code: 143, stderr: expect.stringContaining('Exiting with open handles') })
    expect(await chaos.record(VERSION)).toMatchObject({ status: 'interrupted', leaseUntil: null })
  })

  test('a second signal ends the process at once, whatever its grace period', async () => {
    await using chaos = await ChaosProject.create('sqlite-libsql')
    await chaos.project.task(`${VERSION}_ignores`, IGNORES)
    const child = chaos.start(['run', '--grace', '1h'])
    await child.saw(/at work/)
    child.signal('SIGTERM')
    await child.saw(/stopping \(signal\)/)
    child.signal('SIGINT')
    expect(await child.ended).toMatchObject({ code: 130 })
  })

  testAgain('a signal ends the wait for another process', async () => {
    await using chaos = await ChaosProject.create('sqlite-libsql')
    await chaos.project.task(`${VERSION}_ignores`, IGNORES)
    const holder = chaos.start(['run'])
    await holder.saw(/at work/)
    const held = await chaos.record(VERSION)
    const waiter = chaos.start(['run'])
    await waiter.saw(/waiting for host .*, pid \d+/)
    waiter.signal('SIGTERM')
    expect(await waiter.ended).toMatchObject({ code: 143 })
    expect(await chaos.record(VERSION)).toMatchObject({ status: 'running', owner: held?.owner, fence: 1 })
  })

  testAgain('a run ends though a task has left something open', async () => {
    await using chaos = await ChaosProject.create('sqlite-libsql')
    await chaos.project.task(`${VERSION}_leaves`, 'setInterval(() => {}, 1_000)')
    const { code, stderr } = await chaos.run(['run'])
    expect([code, stderr]).toEqual([0, expect.stringContaining('Exiting with open handles')])
  })

  testAgain('a task past its timeout is told to stop, and has failed', async () => {
    await using chaos = await ChaosProject.create('sqlite-libsql')
    await chaos.project.task(`${VERSION}_ignores`, IGNORES, `timeout: '200ms',`)
    const { code, stderr } = await chaos.run(['run', '--grace', '100ms'])
    expect([code, stderr]).toEqual([1, expect.stringContaining('took longer than its timeout of 200ms')])
    expect(await chaos.record(VERSION)).toMatchObject({ status: 'failed', leaseUntil: null })
  })
})
