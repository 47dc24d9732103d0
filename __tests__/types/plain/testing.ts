import { defineBackfill, defineTask } from 'after-party'
import { runTask, type TaskRunResult } from 'after-party/testing'
import { type Equal, same } from '../equal.js'
import { client } from './after-party.config.js'

const task = defineTask({ run: ({ prisma }) => prisma.post.count() })
const prisma = client()

const result = await runTask(task, { prisma })
same<Equal<typeof result, TaskRunResult>>()

await prisma.$transaction((transaction) => runTask(task, { prisma: transaction }))

// @ts-expect-error it is not a client of this project
await runTask(task, { prisma: {} })
// @ts-expect-error it has no client
await runTask(task, {})
// @ts-expect-error it is not a task
await runTask({ run() {} }, { prisma })
// @ts-expect-error a backfill is not run by this
await runTask(defineBackfill({ model: 'post', update: () => null }), { prisma })
