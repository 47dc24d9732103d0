import { defineTask, type RegisteredClient, type TaskDefinition } from 'after-party'
import type { PrismaClient } from '#prisma'
import { type Equal, same } from '../equal.js'

same<Equal<RegisteredClient, PrismaClient>>()

const task = defineTask({
  description: 'Give every post a slug',
  everyDeploy: true,
  environments: ['staging', 'production'],
  timeout: '10m',
  retry: { attempts: 3, delay: '1s' },
  async run({ prisma, log, signal, progress, version, deployId }) {
    same<Equal<typeof prisma, PrismaClient>>()
    same<Equal<typeof signal, AbortSignal>>()
    same<Equal<typeof version, string>>()
    same<Equal<typeof deployId, string | undefined>>()
    const post = await prisma.post.findFirstOrThrow({ where: { slug: null } })
    same<Equal<typeof post.title, string>>()
    await prisma.$transaction([prisma.post.deleteMany()])
    log('slugs', post.slug)
    log.warn('one')
    progress(1, 2)

    // @ts-expect-error there is no such model
    prisma.posts
    // @ts-expect-error there is no such field
    await prisma.post.updateMany({ where: { slag: null }, data: { slug: 'x' } })
    // @ts-expect-error a slug is a text
    await prisma.post.updateMany({ data: { slug: 1 } })
    // @ts-expect-error a row has no such field
    post.titel
  },
})
same<Equal<typeof task, TaskDefinition>>()

export const inSteps = defineTask({
  async run({ prisma, step }) {
    const ids = await step('read', async () =>
      (await prisma.post.findMany({ select: { id: true } })).map(({ id }) => id),
    )
    same<Equal<typeof ids, number[]>>()
    const count = await step('count', () => ids.length)
    same<Equal<typeof count, number>>()
    // @ts-expect-error a step has a name
    await step(() => 1)
    // @ts-expect-error a step has something to run
    await step('nothing')
  },
  // @ts-expect-error what looks at the work has no steps
  verify: ({ step }) => step('look', () => true),
})

export const waits = defineTask({
  transaction: true,
  when: async ({ prisma, log, signal, version, deployId }) => {
    same<Equal<typeof prisma, PrismaClient>>()
    log(version, deployId, signal.aborted)
    return (await prisma.post.count()) > 0 || 'there are no posts yet'
  },
  run() {},
})

export const wrongWhen = defineTask({
  // @ts-expect-error true, false or a reason
  when: () => {},
  run() {},
})

export const inTransaction = defineTask({
  transaction: true,
  async run({ prisma }) {
    await prisma.post.updateMany({ data: { slug: 'x' } })
    await prisma.$executeRaw`SELECT 1`
    // @ts-expect-error it is in a transaction
    prisma.$transaction
    // @ts-expect-error it is in a transaction
    prisma.$connect
    // @ts-expect-error it is in a transaction
    prisma.$extends
    // @ts-expect-error there is no such model
    prisma.posts
  },
})

export const inThisTransaction = defineTask({
  run: async ({ prisma }) => {
    await prisma.author.count()
    // @ts-expect-error it is in a transaction
    prisma.$transaction
  },
  transaction: { timeout: '1m', maxWait: 500, isolationLevel: 'Serializable' },
})

export const outsideOne = defineTask({
  transaction: false,
  run: ({ prisma }) => prisma.$transaction([]),
})

export const misspelt = defineTask({
  // @ts-expect-error it is everyDeploy
  everyDeply: true,
  run() {},
})

export const misspeltInTransaction = defineTask({
  // @ts-expect-error it is maxWait
  transaction: { timeout: '1m', maxwait: '1s' },
  run() {},
})

// @ts-expect-error it has nothing to run
export const nothing = defineTask({ description: 'Nothing' })

export const wrongDuration = defineTask({
  // @ts-expect-error it is 5m
  timeout: '5 minuts',
  run() {},
})

export const wrongDurations = defineTask({
  // @ts-expect-error it is 1m
  transaction: { timeout: '1 min' },
  // @ts-expect-error a delay has a unit
  retry: { attempts: 2, delay: '1' },
  run() {},
})

export const wrongLevel = defineTask({
  // @ts-expect-error no database has it
  transaction: { isolationLevel: 'Chaos' },
  run() {},
})

export const wrongRun = defineTask({
  // @ts-expect-error a task is not given that
  run: ({ client }) => client,
})
