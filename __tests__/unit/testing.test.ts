import { describe, expect, it } from '@jest/globals'
import { defineBackfill, defineTask, type TaskContext } from '../../src/index.js'
import { runTask } from '../../src/testing.js'

/** What the tests need of a client: rows, and transactions that roll back. */
class Client {
  rows: string[] = []
  transactions: object[] = []
  /** Thrown by the next commits. */
  commitErrors: Error[] = []

  async $transaction(work: (transaction: object) => Promise<unknown>, options: object): Promise<unknown> {
    this.transactions.push(options)
    const transaction = { rows: [...this.rows] }
    const result = await work(transaction)
    const error = this.commitErrors.shift()
    if (error) throw error
    this.rows = transaction.rows
    return result
  }
}

const rowsOf = ({ prisma }: TaskContext<object>) => (prisma as Client).rows

describe('a task that a test runs', () => {
  it('is done when it ends, and its logs and progress are there', async () => {
    const prisma = new Client()
    const task = defineTask({
      run(context) {
        rowsOf(context).push('slug')
        context.log('gave %d slug', 1)
        context.log.warn('one was blank')
        context.progress(1, 2)
      },
    })
    expect(await runTask(task, { prisma })).toEqual({
      outcome: 'done',
      processed: 1,
      logs: [
        { level: 'info', message: 'gave 1 slug' },
        { level: 'warn', message: 'one was blank' },
      ],
    })
    expect(prisma.rows).toEqual(['slug'])
    expect(prisma.transactions).toEqual([])
  })

  it('has the client itself, the deploy id and a version', async () => {
    const prisma = new Client()
    let given: Partial<TaskContext> = {}
    const task = defineTask({
      run(context) {
        given = context
      },
    })
    await runTask(task, { prisma, deployId: 'abc' })
    expect(given.prisma).toBe(prisma)
    expect(given).toMatchObject({ deployId: 'abc', version: expect.stringMatching(/^\d{14}$/) })
  })

  it('that throws has failed, with the error and where it was thrown', async () => {
    const task = defineTask({
      async run({ log }) {
        log('began')
        throw new RangeError('no such post')
      },
    })
    expect(await runTask(task, { prisma: new Client() })).toEqual({
      outcome: 'failed',
      error: 'no such post',
      stack: expect.stringContaining('testing.test'),
      logs: [{ level: 'info', message: 'began' }],
    })
  })

  it('runs in a transaction when it has one, with its options in ms', async () => {
    const prisma = new Client()
    const task = defineTask({
      transaction: { timeout: '2m', maxWait: '1s', isolationLevel: 'Serializable' },
      run: (context) => rowsOf(context).push('slug'),
    })
    expect(await runTask(task, { prisma })).toMatchObject({ outcome: 'done' })
    expect(prisma.rows).toEqual(['slug'])
    expect(prisma.transactions).toEqual([{ timeout: 120_000, maxWait: 1_000, isolationLevel: 'Serializable' }])
  })

  it('leaves nothing behind when it fails in its transaction', async () => {
    const prisma = new Client()
    const task = defineTask({
      transaction: true,
      run(context) {
        rowsOf(context).push('slug')
        throw new Error('after the write')
      },
    })
    expect(await runTask(task, { prisma })).toMatchObject({ outcome: 'failed', error: 'after the write' })
    expect(prisma.rows).toEqual([])
  })

  it('has failed when its transaction can not commit', async () => {
    const prisma = new Client()
    prisma.commitErrors = [new Error('a post without an author')]
    const task = defineTask({ transaction: true, run: (context) => rowsOf(context).push('slug') })
    expect(await runTask(task, { prisma })).toMatchObject({ outcome: 'failed', error: 'a post without an author' })
    expect(prisma.rows).toEqual([])
  })

  it('is tried again after a write conflict at its commit', async () => {
    const prisma = new Client()
    prisma.commitErrors = [Object.assign(new Error('write conflict'), { code: 'P2034' })]
    const task = defineTask({ transaction: true, run: (context) => rowsOf(context).push('slug') })
    expect(await runTask(task, { prisma })).toMatchObject({ outcome: 'done' })
    expect(prisma.rows).toEqual(['slug'])
    expect(prisma.transactions).toHaveLength(2)
  })

  it('runs in the transaction that the test has open, when the client is one', async () => {
    const transaction = { rows: [] as string[] }
    const task = defineTask({ transaction: true, run: (context) => rowsOf(context).push('slug') })
    expect(await runTask(task, { prisma: transaction })).toMatchObject({ outcome: 'done' })
    expect(transaction.rows).toEqual(['slug'])
  })

  it('is tried again as its `retry` says', async () => {
    const prisma = new Client()
    const task = defineTask({
      retry: { attempts: 3, delay: 1 },
      run(context) {
        if (rowsOf(context).push('try') < 3) throw new Error('not yet')
      },
    })
    expect(await runTask(task, { prisma })).toMatchObject({ outcome: 'done' })
    expect(prisma.rows).toEqual(['try', 'try', 'try'])
  })

  it('fails when it takes longer than its timeout, even when it does not look at its signal', async () => {
    const task = defineTask({ timeout: 10, run: () => new Promise(() => {}) })
    const result = await runTask(task, { prisma: new Client(), grace: 10 })
    expect(result).toMatchObject({ outcome: 'failed', error: expect.stringContaining('timeout') })
  })

  it('is interrupted by the signal of the test', async () => {
    const stop = new AbortController()
    const task = defineTask({
      async run({ signal, log }) {
        const aborted = new Promise((resolve) => signal.addEventListener('abort', resolve))
        stop.abort()
        await aborted
        log('tidied up')
        signal.throwIfAborted()
      },
    })
    const result = await runTask(task, { prisma: new Client(), signal: stop.signal })
    expect(result).toMatchObject({ outcome: 'interrupted', logs: [{ level: 'info', message: 'tidied up' }] })
  })

  it('runs whatever its environments', async () => {
    const task = defineTask({ environments: ['production'], run() {} })
    expect(await runTask(task, { prisma: new Client() })).toMatchObject({ outcome: 'done' })
  })
})

describe('what is not a task', () => {
  it('is refused, with every fault', async () => {
    const misspelt = { kind: 'task', everyDeply: true, timeout: '5 minuts', run() {} } as never
    await expect(runTask(misspelt, { prisma: new Client() })).rejects.toMatchObject({
      name: 'AfterPartyError',
      code: 'tasks-invalid',
      why: expect.stringMatching(/timeout must be a duration[\s\S]*everyDeply is not an option/),
    })
  })

  it('is refused when it is a backfill', async () => {
    const backfill = defineBackfill({ model: 'post', update: () => null }) as never
    await expect(runTask(backfill, { prisma: new Client() })).rejects.toMatchObject({ code: 'tasks-invalid' })
  })
})
