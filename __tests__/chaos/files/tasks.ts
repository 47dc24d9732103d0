/**
 * The tasks of the chaos suite, as what `defineTask` and `defineBackfill` are given. What each does shows how often
 * it was done: a task adds one post named after itself, a backfill counts up the views of its own posts.
 */
import { awaited } from './extension.js'

interface Post {
  id: number
  views: number
  slug: string | null
}

interface Client {
  post: {
    create(args: object): Promise<unknown>
    updateMany(args: object): Promise<unknown>
  }
}

interface Context {
  prisma: Client
  version: string
  signal: AbortSignal
  log(message: string): void
  step<Result>(name: string, run: () => Promise<Result>): Promise<Result>
}

/** Short: on SQLite the lease of a claim is made to last for the whole transaction. */
const transaction = { timeout: '5s', maxWait: '1s' } as const

async function addPost(context: Context): Promise<void> {
  await awaited(context)
  const { prisma, version } = context
  await prisma.post.create({ data: { title: version } })
}

/** Three steps, of which each adds a post of its own; the last has the results of the others. */
async function addInSteps({ prisma, version, step }: Context): Promise<void> {
  const add = async (title: string) => {
    await prisma.post.create({ data: { title: `${version} ${title}` } })
    return title
  }
  const [one, two] = [await step('one', () => add('one')), await step('two', () => add('two'))]
  await step('last', () => add(`after ${one} and ${two}`))
}

async function countUp(posts: Post[], context: Omit<Context, 'version' | 'step'>): Promise<void> {
  await awaited(context)
  const { prisma } = context
  const ids = posts.map(({ id }) => id)
  await prisma.post.updateMany({ where: { id: { in: ids } }, data: { views: { increment: 1 } } })
}

/** Ms after each batch: a slice of a worker ends in the middle of a backfill. */
const pause = Number(process.env.CHAOS_PAUSE ?? 0)

const walk = (version: string) => ({ model: 'post', where: { title: version }, batchSize: 4, pause })

/** SQLite with Prisma 6 does not wait for another writer: what a task writes by itself must be tried again. */
export const plain = () => ({ retry: { attempts: 8, delay: '100ms' as const }, run: addPost })

export const transactional = () => ({ transaction, run: addPost })

export const stepped = () => ({ ...plain(), run: addInSteps })

export const steppedInTransaction = () => ({ transaction, run: addInSteps })

export const backfill = (version: string) => ({ ...walk(version), transaction, run: countUp })

/** One statement for each batch. */
export const updating = (version: string) => ({
  ...walk(version),
  transaction,
  update: ({ views }: Post) => ({ views: views + 1 }),
})

/** Its batches are not exactly once. */
export const loose = (version: string) => ({ ...walk(version), transaction: false as const, run: countUp })

/** It keeps the parts that it began with: more than a later process works on at once, so that others can help. */
const concurrency = Number(process.env.CHAOS_WORKERS ?? 3)

export const concurrent = (version: string) => ({ ...backfill(version), concurrency })

/** It can't change some of its rows. */
export const leaving = (version: string) => ({
  ...concurrent(version),
  run: undefined,
  onError: 'skip' as const,
  update: ({ views, slug }: Post) => {
    if (slug === 'bad') throw new Error('it is bad')
    return { views: views + 1 }
  },
})
