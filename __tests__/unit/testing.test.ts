import { describe, expect, it } from '@jest/globals'
import { defineBackfill, defineTask, type TaskContext } from '../../src/index.js'
import { runBackfill, runTask } from '../../src/testing.js'

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
    expect(result).toMatchObject({ outcome: 'failed', reason: { code: 'timeout', text: '10ms' } })
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

interface Post {
  id: number
  edits: number
}

interface Query {
  where?: object
  orderBy: [{ id: 'asc' | 'desc' }]
  take: number
}

/** What the tests need of a model: posts that are read by ranges of ids, and edited. */
class Posts {
  readonly _engineConfig = { inlineSchema: 'model Post {\n  id Int @id\n  edits Int\n}' }
  readonly post = {
    findMany: async ({ where = {}, orderBy: [{ id }], take }: Query) => {
      const found = this.posts.filter((post) => matches(post, where))
      return (id === 'asc' ? found : found.reverse()).slice(0, take).map((post) => ({ ...post }))
    },
    count: async ({ where }: { where: object }) => this.posts.filter((post) => matches(post, where)).length,
    update: async ({ where, data }: { where: Partial<Post>; data: Partial<Post> }) => {
      Object.assign(this.posts.find((post) => post.id === where.id) ?? {}, data)
    },
  }

  constructor(public posts: Post[]) {}

  get edits(): number[] {
    return this.posts.map(({ edits }) => edits)
  }
}

/** A client of them. Its `commitErrors` are thrown by the commits, one each; undefined lets one pass. */
class Blog extends Posts {
  commitErrors: (Error | undefined)[] = []
  begun: Posts[] = []

  constructor(posts: number) {
    super(Array.from({ length: posts }, (_, i) => ({ id: i + 1, edits: 0 })))
  }

  async $transaction(work: (transaction: Posts) => Promise<unknown>): Promise<unknown> {
    const transaction = new Posts(this.posts.map((post) => ({ ...post })))
    this.begun.push(transaction)
    const result = await work(transaction)
    const error = this.commitErrors.shift()
    if (error) throw error
    this.posts = transaction.posts
    return result
  }
}

function matches({ id }: Post, where: object): boolean {
  const { AND = [], id: range = {} } = where as { AND?: object[]; id?: { gt?: number; lte?: number } }
  return AND.every((one) => matches({ id, edits: 0 }, one)) && id > (range.gt ?? 0) && id <= (range.lte ?? id)
}

const editOf = (row: object) => ({ edits: (row as Post).edits + 1 })
const editEach = { model: 'post', batchSize: 2, update: editOf } as const

describe('a backfill that a test runs', () => {
  it('walks all rows, each batch in a transaction, and says how many', async () => {
    const prisma = new Blog(5)
    const backfill = defineBackfill({ ...editEach })
    expect(await runBackfill(backfill, { prisma })).toMatchObject({ outcome: 'done', processed: 5 })
    expect(prisma.edits).toEqual([1, 1, 1, 1, 1])
    expect(prisma.begun).toHaveLength(3)
  })

  it('is done at once when there are no rows', async () => {
    const result = await runBackfill(defineBackfill({ ...editEach }), { prisma: new Blog(0), batches: 1 })
    expect(result).toMatchObject({ outcome: 'done', processed: 0 })
  })

  it('is interrupted after so many batches, and goes on there: no row is done twice', async () => {
    const prisma = new Blog(5)
    const backfill = defineBackfill({ ...editEach })
    const first = await runBackfill(backfill, { prisma, batches: 1 })
    expect(first).toMatchObject({ outcome: 'interrupted', processed: 2 })
    expect(prisma.edits).toEqual([1, 1, 0, 0, 0])
    const second = await runBackfill(backfill, { prisma, after: first, batches: 1 })
    expect(second).toMatchObject({ outcome: 'interrupted', processed: 2 })
    const third = await runBackfill(backfill, { prisma, after: second })
    expect(third).toMatchObject({ outcome: 'done', processed: 1 })
    expect(prisma.edits).toEqual([1, 1, 1, 1, 1])
  })

  it('that had as many batches as it may is done', async () => {
    const result = await runBackfill(defineBackfill({ ...editEach }), { prisma: new Blog(4), batches: 2 })
    expect(result).toMatchObject({ outcome: 'done', processed: 4 })
  })

  it('begins anew without `after`', async () => {
    const prisma = new Blog(3)
    const backfill = defineBackfill({ ...editEach })
    await runBackfill(backfill, { prisma, batches: 1 })
    await runBackfill(backfill, { prisma })
    expect(prisma.edits).toEqual([2, 2, 1])
  })

  it('leaves out rows that were added after it began', async () => {
    const prisma = new Blog(3)
    const backfill = defineBackfill({ ...editEach })
    const first = await runBackfill(backfill, { prisma, batches: 1 })
    prisma.posts.push({ id: 4, edits: 0 })
    await runBackfill(backfill, { prisma, after: first })
    expect(prisma.edits).toEqual([1, 1, 1, 0])
  })

  it('whose batch fails has failed with the row, keeps the batches before, and goes on when it is mended', async () => {
    const prisma = new Blog(5)
    let broken = true
    const backfill = defineBackfill({
      ...editEach,
      update(row) {
        if (broken && row.id === 4) throw new RangeError('no such word')
        return editOf(row)
      },
    })
    const first = await runBackfill(backfill, { prisma })
    expect(first).toMatchObject({ outcome: 'failed', processed: 2, error: 'row 4: no such word' })
    expect(first.stack).toContain('testing.test')
    expect(prisma.edits).toEqual([1, 1, 0, 0, 0])
    broken = false
    expect(await runBackfill(backfill, { prisma, after: first })).toMatchObject({ outcome: 'done', processed: 3 })
    expect(prisma.edits).toEqual([1, 1, 1, 1, 1])
  })

  it('does not count a checkpoint whose transaction could not commit', async () => {
    const prisma = new Blog(5)
    prisma.commitErrors = [undefined, new Error('a post without an author')]
    const backfill = defineBackfill({ ...editEach })
    const first = await runBackfill(backfill, { prisma })
    expect(first).toMatchObject({ outcome: 'failed', processed: 2, error: 'a post without an author' })
    expect(await runBackfill(backfill, { prisma, after: first })).toMatchObject({ outcome: 'done', processed: 3 })
    expect(prisma.edits).toEqual([1, 1, 1, 1, 1])
  })

  it('tries a batch again, with half the rows, after a deadlock', async () => {
    const prisma = new Blog(4)
    prisma.commitErrors = [Object.assign(new Error('write conflict'), { code: 'P2034' })]
    const result = await runBackfill(defineBackfill({ ...editEach }), { prisma })
    expect(result).toMatchObject({ outcome: 'done', processed: 4 })
    expect(result.logs).toContainEqual({ level: 'warn', message: expect.stringContaining('trying 1 rows') })
    expect(prisma.edits).toEqual([1, 1, 1, 1])
  })

  it('leaves out rows with `onError`, and its log names them', async () => {
    const prisma = new Blog(3)
    const backfill = defineBackfill({
      ...editEach,
      onError: 'skip',
      update(row) {
        if (row.id === 2) throw new Error('no such word')
        return editOf(row)
      },
    })
    const { outcome, logs } = await runBackfill(backfill, { prisma })
    expect(outcome).toBe('done')
    expect(logs).toContainEqual({ level: 'warn', message: 'left out: 2: no such word' })
    expect(prisma.edits).toEqual([1, 0, 1])
  })

  it('with `run` gives it the rows and the transaction of their batch', async () => {
    const prisma = new Blog(3)
    const batches: number[][] = []
    const backfill = defineBackfill({
      model: 'post',
      batchSize: 2,
      run(rows, { prisma: transaction, log }) {
        batches.push(rows.map(({ id }) => Number(id)))
        expect(transaction).toBe(prisma.begun.at(-1))
        for (const post of (transaction as unknown as Posts).posts)
          if (rows.some(({ id }) => id === post.id)) post.edits = 1
        log('%d posts', rows.length)
      },
    })
    const { outcome, logs } = await runBackfill(backfill, { prisma })
    expect({ outcome, logs }).toEqual({
      outcome: 'done',
      logs: [
        { level: 'info', message: '2 posts' },
        { level: 'info', message: '1 posts' },
      ],
    })
    expect(batches).toEqual([[1, 2], [3]])
    expect(prisma.edits).toEqual([1, 1, 1])
  })

  it('with `transaction: false` has the client itself, and a batch that fails half done is done again', async () => {
    const prisma = new Blog(4)
    let broken = true
    const backfill = defineBackfill({
      model: 'post',
      batchSize: 2,
      transaction: false,
      run(rows, { prisma: client }) {
        expect(client).toBe(prisma)
        for (const { id } of rows) {
          if (broken && id === 4) throw new Error('the mail server is gone')
          const post = prisma.posts.find((one) => one.id === id)
          if (post) post.edits += 1
        }
      },
    })
    const first = await runBackfill(backfill, { prisma })
    expect(first).toMatchObject({ outcome: 'failed', processed: 2, error: 'the mail server is gone' })
    broken = false
    await runBackfill(backfill, { prisma, after: first })
    expect(prisma.edits).toEqual([1, 1, 2, 1])
    expect(prisma.begun).toEqual([])
  })

  it('runs in the transaction that the test has open, where a failed batch leaves no checkpoint', async () => {
    const prisma = new Posts([1, 2, 3, 4].map((id) => ({ id, edits: 0 })))
    let broken = true
    const backfill = defineBackfill({
      ...editEach,
      update(row) {
        if (broken && row.id === 3) throw new Error('not yet')
        return editOf(row)
      },
    })
    const first = await runBackfill(backfill, { prisma })
    expect(first).toMatchObject({ outcome: 'failed', processed: 2 })
    broken = false
    expect(await runBackfill(backfill, { prisma, after: first })).toMatchObject({ outcome: 'done', processed: 2 })
    expect(prisma.edits).toEqual([1, 1, 1, 1])
  })

  it('is walked in one part, whatever its concurrency', async () => {
    const prisma = new Blog(8)
    const backfill = defineBackfill({ ...editEach, concurrency: 4 })
    const first = await runBackfill(backfill, { prisma, batches: 3 })
    expect(first).toMatchObject({ outcome: 'interrupted', processed: 6 })
    expect(prisma.edits).toEqual([1, 1, 1, 1, 1, 1, 0, 0])
    await runBackfill(backfill, { prisma, after: first })
    expect(prisma.edits).toEqual([1, 1, 1, 1, 1, 1, 1, 1])
  })

  it('does not rest between batches', async () => {
    const result = await runBackfill(defineBackfill({ ...editEach, pause: '1h' }), { prisma: new Blog(5) })
    expect(result).toMatchObject({ outcome: 'done', processed: 5 })
  })

  it('is interrupted by the signal of the test', async () => {
    const stop = new AbortController()
    const prisma = new Blog(4)
    const backfill = defineBackfill({
      ...editEach,
      update(row) {
        stop.abort()
        return editOf(row)
      },
    })
    const first = await runBackfill(backfill, { prisma, signal: stop.signal })
    expect(first).toMatchObject({ outcome: 'interrupted', processed: 2 })
    expect(await runBackfill(backfill, { prisma, after: first })).toMatchObject({ outcome: 'done', processed: 2 })
    expect(prisma.edits).toEqual([1, 1, 1, 1])
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

  it('is refused as a backfill when it is a task', async () => {
    const task = defineTask({ run() {} }) as never
    await expect(runBackfill(task, { prisma: new Client() })).rejects.toMatchObject({
      code: 'tasks-invalid',
      why: expect.stringContaining('runTask'),
    })
  })
})
