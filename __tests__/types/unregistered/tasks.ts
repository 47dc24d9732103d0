import {
  createAfterParty,
  defineBackfill,
  defineTask,
  type RegisteredClient,
  type UnknownRow,
  type UnregisteredClient,
} from 'after-party'
import { PrismaClient } from '#prisma'
import { type Equal, same } from '../equal.js'

same<Equal<RegisteredClient, UnregisteredClient>>()

export const task = defineTask({
  async run({ prisma }) {
    same<Equal<typeof prisma, UnregisteredClient>>()
    await prisma.$connect()
    // @ts-expect-error no client is registered, so no model is known
    await prisma.post.count()
  },
})

export const inTransaction = defineTask({
  transaction: true,
  async run({ prisma }) {
    // @ts-expect-error it is in a transaction
    prisma.$connect
    // @ts-expect-error no client is registered, so no model is known
    prisma.post
  },
})

export const backfill = defineBackfill({
  model: 'anything',
  where: { slug: null },
  select: { id: true },
  cursor: 'key',
  update: (row) => {
    same<Equal<typeof row, UnknownRow>>()
    // @ts-expect-error nothing is known of a row
    row.title.toUpperCase()
    return { slug: String(row.title) }
  },
})

export const inBatch = defineBackfill({
  model: 'anything',
  cursor: ['a', 'b'],
  run: (rows, { prisma }) => {
    same<Equal<typeof rows, UnknownRow[]>>()
    // @ts-expect-error no client is registered, so no model is known
    prisma.post
  },
})

export const party = createAfterParty({
  client: () => new PrismaClient({ accelerateUrl: 'prisma://x' }),
  tasks: { '20261122103000_task': task },
})
