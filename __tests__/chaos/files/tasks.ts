/**
 * The tasks of the chaos suite, as what `defineTask` and `defineBackfill` are given. What each does shows how often
 * it was done: a task adds one post named after itself, a backfill counts up the views of its own posts.
 */
import { awaited } from './extension.js'

interface Post {
  id: number
  views: number
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
}

/** Short: on SQLite the lease of a claim is made to last for the whole transaction. */
const transaction = { timeout: '5s', maxWait: '1s' } as const

async function addPost({ prisma, version }: Context): Promise<void> {
  await awaited()
  await prisma.post.create({ data: { title: version } })
}

async function countUp(posts: Post[], { prisma }: Pick<Context, 'prisma'>): Promise<void> {
  await awaited()
  const ids = posts.map(({ id }) => id)
  await prisma.post.updateMany({ where: { id: { in: ids } }, data: { views: { increment: 1 } } })
}

const walk = (version: string) => ({ model: 'post', where: { title: version }, batchSize: 4 })

export const plain = () => ({ run: addPost })

export const transactional = () => ({ transaction, run: addPost })

export const backfill = (version: string) => ({ ...walk(version), transaction, run: countUp })

/** One statement for each batch. */
export const updating = (version: string) => ({
  ...walk(version),
  transaction,
  update: ({ views }: Post) => ({ views: views + 1 }),
})

/** Its batches are not exactly once. */
export const loose = (version: string) => ({ ...walk(version), transaction: false as const, run: countUp })

export const concurrent = (version: string) => ({ ...backfill(version), concurrency: 3 })
