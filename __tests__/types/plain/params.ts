import { defineBackfill, defineTask, type TaskDefinition } from 'after-party'
import { runTask } from 'after-party/testing'
import * as v from 'valibot'
import { z } from 'zod'
import type { PrismaClient } from '#prisma'
import { type Equal, same } from '../equal.js'

const zodTask = defineTask({
  params: z.object({ limit: z.coerce.number().default(100), since: z.date().optional() }),
  secretParams: ['since'],
  transaction: true,
  async run({ params, prisma }) {
    same<Equal<typeof params, { limit: number; since?: Date | undefined }>>()
    await prisma.post.count()
    // @ts-expect-error there is no such param
    params.limt
  },
  verify: ({ params }) => params.limit > 0,
})
same<Equal<typeof zodTask, TaskDefinition>>()

export const valibotTask = defineTask({
  run({ params }) {
    same<Equal<typeof params, { limit: number }>>()
  },
  params: v.object({ limit: v.optional(v.number(), 100) }),
})

export const without = defineTask({
  run({ params }) {
    same<Equal<typeof params, undefined>>()
  },
})

export const wrongSecret = defineTask({
  params: z.object({ token: z.string() }),
  // @ts-expect-error it is token
  secretParams: ['tokn'],
  run() {},
})

export const notASchema = defineTask({
  // @ts-expect-error it is no schema
  params: { limit: 100 },
  run() {},
})

export const updated = defineBackfill({
  model: 'post',
  select: { id: true },
  params: v.object({ slug: v.optional(v.string(), 'x') }),
  tags: ['search'],
  throttle: ({ params, prisma }) => {
    same<Equal<typeof prisma, PrismaClient>>()
    return params.slug === ''
  },
  update: (post, { params }) => {
    same<Equal<typeof post, { id: number }>>()
    same<Equal<typeof params, { slug: string }>>()
    return { slug: params.slug }
  },
  verify: ({ params }) => params.slug,
})

export const inBatches = defineBackfill({
  model: 'post',
  params: z.object({ limit: z.number().default(1) }),
  run(posts, { params }) {
    same<Equal<typeof params, { limit: number }>>()
    posts.slice(0, params.limit)
  },
})

export const inRanges = defineBackfill({
  model: 'post',
  params: z.object({ limit: z.number().default(1) }),
  execute({ params }) {
    same<Equal<typeof params, { limit: number }>>()
  },
})

export const withoutParams = defineBackfill({
  model: 'post',
  update: (post, { params }) => {
    same<Equal<typeof params, undefined>>()
    return { slug: post.title }
  },
})

export const tested = (prisma: PrismaClient) => runTask(zodTask, { prisma, params: { limit: 5 } })
