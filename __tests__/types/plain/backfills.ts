import {
  type BackfillCursor,
  type BackfillDefinition,
  type BackfillModel,
  defineBackfill,
  type TransactionClient,
} from 'after-party'
import type { $Enums, Post, Prisma, PrismaClient } from '#prisma'
import { type Equal, same } from '../equal.js'

same<Equal<BackfillModel, 'author' | 'post' | 'membership'>>()
same<Equal<Extract<BackfillCursor<'post'>, string>, 'id'>>()
same<Equal<Extract<BackfillCursor<'author'>, string>, 'id' | 'email'>>()
same<Equal<Extract<BackfillCursor<'membership'>, string>, never>>()

const slugs = defineBackfill({
  description: 'Give every post a slug',
  environments: ['production'],
  model: 'post',
  where: { slug: null },
  select: { id: true, title: true, author: { select: { name: true } } },
  cursor: 'id',
  batchSize: { target: '500ms', min: 10, max: 5_000 },
  pause: '50ms',
  throttle: async ({ prisma, signal }) => {
    same<Equal<typeof prisma, PrismaClient>>()
    return signal.aborted || ((await prisma.author.count()) > 1 ? '2s' : false)
  },
  transaction: { timeout: '30s', isolationLevel: 'ReadCommitted' },
  concurrency: 4,
  follow: true,
  onError: 'skip',
  maxSkipped: 10,
  timeout: '8h',
  retry: { attempts: 3, delay: '1s' },
  update: (post) => {
    same<Equal<typeof post, { id: number; title: string; author: { name: string | null } }>>()
    // @ts-expect-error it was not selected
    post.slug
    return { slug: post.title }
  },
})
same<Equal<typeof slugs, BackfillDefinition>>()

export const wholeRow = defineBackfill({
  model: 'post',
  update: (post) => {
    same<Equal<typeof post, Post>>()
    // @ts-expect-error there is no such field
    post.titel
    return post.slug === null ? { slug: post.title, status: 'PUBLISHED', tags: ['new'] } : null
  },
})

export const inMethod = defineBackfill({
  model: 'post',
  update(post) {
    if (post.status === 'DRAFT') return
    return { views: { increment: 1 }, author: { connect: { id: post.authorId } } }
  },
})

export const oneOrTheOther = defineBackfill({
  model: 'post',
  update: (post) => (post.slug ? { slug: 'a' } : { title: 'b' }),
})

export const oneOfMany = defineBackfill({
  model: 'post',
  update: async (post) => {
    if (post.id === 1) return { slug: 'a', createdAt: new Date() }
    if (post.id === 2) return { title: 'b', slug: null }
    if (post.id === 3) return {}
    return post.id === 4 ? undefined : null
  },
})

export const asynchronous = defineBackfill({
  model: 'post',
  select: { title: true },
  update: async (post) => ({ slug: await Promise.resolve(post.title), status: 'DRAFT' as $Enums.Status }),
})

export const elsewhere = defineBackfill({
  model: 'author',
  cursor: 'email',
  update: slugOf,
})

function slugOf({ email }: { email: string }): Prisma.AuthorUpdateInput {
  return { name: email }
}

export const byComposite = defineBackfill({
  model: 'membership',
  cursor: ['teamId', 'userId'],
  where: { role: { in: ['owner'] } },
  async run(rows, { prisma, log, signal, version, deployId }) {
    same<Equal<typeof rows, { teamId: number; userId: string; role: string }[]>>()
    same<Equal<typeof prisma, TransactionClient<PrismaClient>>>()
    same<Equal<typeof signal, AbortSignal>>()
    log(version, deployId)
    await prisma.membership.deleteMany({ where: { teamId: { in: rows.map((row) => row.teamId) } } })
    // @ts-expect-error it is in the batch's transaction
    prisma.$transaction
  },
})

export const outside = defineBackfill({
  model: 'post',
  select: { id: true },
  transaction: false,
  run: async (posts, { prisma }) => {
    same<Equal<typeof posts, { id: number }[]>>()
    same<Equal<typeof prisma, PrismaClient>>()
  },
})

export const wrongModel = defineBackfill({
  // @ts-expect-error it is post
  model: 'posts',
  update: () => null,
})

export const ledgerModel = defineBackfill({
  // @ts-expect-error the ledger is not the team's
  model: 'afterPartyTaskRun',
  update: () => null,
})

export const wrongWhere = defineBackfill({
  model: 'post',
  // @ts-expect-error it is slug
  where: { slag: null },
  update: () => null,
})

export const wrongWhereValue = defineBackfill({
  model: 'post',
  // @ts-expect-error a title is a text
  where: { title: 1 },
  update: () => null,
})

export const wrongSelect = defineBackfill({
  model: 'post',
  // @ts-expect-error it is title
  select: { id: true, titel: true },
  update: () => null,
})

export const wrongNestedSelect = defineBackfill({
  model: 'post',
  // @ts-expect-error it is name
  select: { id: true, author: { select: { id: true, nmae: true } } },
  update: () => null,
})

export const deepSelect = defineBackfill({
  model: 'author',
  select: {
    id: true,
    posts: { where: { createdAt: { gt: new Date() }, status: { in: ['DRAFT'] } }, orderBy: [{ id: 'asc' }], take: 1 },
    _count: { select: { posts: true } },
  },
  update: (author) => {
    same<Equal<typeof author, { id: number; posts: Post[]; _count: { posts: number } }>>()
    return {
      name: null,
      posts: { updateMany: { where: { createdAt: new Date(), tags: { has: 'x' } }, data: { views: 1n, tags: ['x'] } } },
    }
  },
})

export const wrongData = defineBackfill({
  model: 'post',
  select: { title: true },
  // @ts-expect-error it is slug
  update: (post) => ({ slag: post.title }),
})

export const excessData = defineBackfill({
  model: 'post',
  select: { title: true },
  // @ts-expect-error it is status
  update: (post) => ({ slug: post.title, state: 'DRAFT' }),
})

export const excessAsyncData = defineBackfill({
  model: 'post',
  select: { title: true },
  // @ts-expect-error it is status
  update: async (post) => ({ slug: post.title, state: 'DRAFT' }),
})

export const sometimesExcessData = defineBackfill({
  model: 'post',
  select: { title: true },
  // @ts-expect-error it is slug
  update: (post) => (post.title ? { slug: post.title } : { slag: '' }),
})

export const wrongValue = defineBackfill({
  model: 'post',
  // @ts-expect-error there is no such status
  update: () => ({ status: 'PUBLISHD' }),
})

export const wrongType = defineBackfill({
  model: 'post',
  // @ts-expect-error a slug is a text
  update: (post) => ({ slug: post.id }),
})

export const unknownCursor = defineBackfill({
  model: 'post',
  // @ts-expect-error there is no such field
  cursor: 'key',
  update: () => null,
})

export const notUnique = defineBackfill({
  model: 'post',
  // @ts-expect-error titles are not unique
  cursor: 'title',
  update: () => null,
})

export const nullableCursor = defineBackfill({
  model: 'post',
  // @ts-expect-error a slug may be null
  cursor: 'slug',
  update: () => null,
})

export const laterThan = defineBackfill({
  model: 'post',
  cursor: ['createdAt', 'id'],
  update: () => null,
})

export const wrongComposite = defineBackfill({
  model: 'post',
  // @ts-expect-error tags are many
  cursor: ['tags', 'id'],
  update: () => null,
})

export const everyDeploy = defineBackfill({
  model: 'post',
  // @ts-expect-error a backfill runs once
  everyDeploy: true,
  update: () => null,
})

export const misspelt = defineBackfill({
  model: 'post',
  // @ts-expect-error it is batchSize
  batchsize: 5,
  update: () => null,
})

export const misspeltTransaction = defineBackfill({
  model: 'post',
  // @ts-expect-error it is maxWait
  transaction: { timeout: '1m', maxwait: 1 },
  update: () => null,
})

export const wrongPause = defineBackfill({
  model: 'post',
  // @ts-expect-error it is 5m
  pause: '5 minuts',
  update: () => null,
})

export const wrongThrottle = defineBackfill({
  model: 'post',
  // @ts-expect-error it is 2s
  throttle: () => '2 secs',
  update: () => null,
})

// @ts-expect-error neither update nor run
export const neither = defineBackfill({ model: 'post' })

// @ts-expect-error one of update and run
export const both = defineBackfill({ model: 'post', update: () => null, run: async () => {} })

export const verified = defineBackfill({
  model: 'post',
  where: { slug: null },
  verify: async ({ prisma }) => (await prisma.post.count({ where: { slug: null } })) === 0 || 'some are left',
  parallel: 4,
  update: async () => null,
})

export const waits = defineBackfill({
  model: 'post',
  when: async ({ prisma }) => (await prisma.post.count()) > 0,
  update: () => null,
})

export const wrongWhen = defineBackfill({
  model: 'post',
  // @ts-expect-error a function, which is asked each time
  when: true,
  update: () => null,
})

export const stepped = defineBackfill({
  model: 'post',
  // @ts-expect-error the steps of a backfill are its batches
  run: async (_, { step }) => step('one', () => {}),
})

export const wrongVerify = defineBackfill({
  model: 'post',
  // @ts-expect-error true, or a function
  verify: false,
  update: () => null,
})

// @ts-expect-error rows go to `run` together
export const parallelRun = defineBackfill({ model: 'post', parallel: 2, run: async () => {} })

export const constant = defineBackfill({ model: 'post', where: { slug: null }, update: { slug: 'none' } })

export const wrongConstant = defineBackfill({
  model: 'post',
  // @ts-expect-error there is no such field
  update: { slugg: 'none' },
})

export const executed = defineBackfill({
  model: 'post',
  where: { slug: null },
  execute: async ({ range, prisma, log }) => {
    const { count } = await prisma.post.updateMany({ where: range.where, data: { slug: 'none' } })
    log(`${count}`, range.first, range.last, range.rows, range.sql, range.values)
  },
})

// @ts-expect-error it gets no rows
export const executedRows = defineBackfill({ model: 'post', select: { id: true }, execute: async () => {} })

// @ts-expect-error one of update, run and execute
export const executedTwice = defineBackfill({ model: 'post', update: () => null, execute: async () => {} })
