import { type BackfillCursor, type BackfillModel, defineBackfill, defineTask, type RegisteredClient } from 'after-party'
import { type Equal, same } from '../equal.js'
import type { client } from './after-party.config.js'

same<Equal<RegisteredClient, Awaited<ReturnType<typeof client>>>>()

export const task = defineTask({
  async run({ prisma }) {
    const published = await prisma.post.publish(1)
    same<Equal<typeof published, 'published'>>()
    const primary = prisma.$primary()
    same<Equal<typeof primary, 'the primary'>>()
    const post = await prisma.post.findFirstOrThrow()
    same<Equal<typeof post.shout, string>>()
    // @ts-expect-error there is no such field
    post.shuot
    // @ts-expect-error there is no such method
    prisma.post.unpublish
  },
})

export const inTransaction = defineTask({
  transaction: true,
  async run({ prisma }) {
    await prisma.post.publish(1)
    // @ts-expect-error it is in a transaction
    prisma.$transaction
    // @ts-expect-error it is in a transaction
    prisma.$connect
  },
})

same<Equal<BackfillModel, 'author' | 'post' | 'membership'>>()
same<Equal<Extract<BackfillCursor<'post'>, string>, 'id'>>()

export const computed = defineBackfill({
  model: 'post',
  select: { id: true, shout: true },
  update: (post) => {
    same<Equal<typeof post, { id: number; shout: string }>>()
    return { title: post.shout }
  },
})

export const wholeRow = defineBackfill({
  model: 'post',
  update: (post) => {
    same<Equal<typeof post.shout, string>>()
    same<Equal<typeof post.views, bigint>>()
    return { slug: post.shout }
  },
})

export const omitted = defineBackfill({
  model: 'author',
  update: (author) => {
    same<Equal<typeof author, { id: number; name: string | null }>>()
    // @ts-expect-error the client omits it
    return { name: author.email }
  },
})

export const inBatch = defineBackfill({
  model: 'post',
  run: async (posts, { prisma }) => {
    for (const post of posts) await prisma.post.publish(post.id)
    // @ts-expect-error it is in the batch's transaction
    prisma.$transaction
  },
})

export const computedWhere = defineBackfill({
  model: 'post',
  // @ts-expect-error a computed field is not in the table
  where: { shout: 'X' },
  update: () => null,
})

export const computedData = defineBackfill({
  model: 'post',
  // @ts-expect-error a computed field is not in the table
  update: () => ({ slug: 'x', shout: 'X' }),
})

export const computedCursor = defineBackfill({
  model: 'post',
  // @ts-expect-error a computed field is not in the table
  cursor: ['shout', 'id'],
  update: () => null,
})

export const wrongModel = defineBackfill({
  // @ts-expect-error it is post
  model: 'posts',
  update: () => null,
})

export const wrongSelect = defineBackfill({
  model: 'post',
  // @ts-expect-error it is shout
  select: { id: true, shuot: true },
  update: () => null,
})
