import { defineBackfill } from 'after-party'
import { client } from '../client.js'
import { wholeRun } from './after-party.js'
import type { Contestant, Job } from './contestants.js'

const table = (provider: Job['provider']) => (provider === 'mysql' ? 'Post' : '"Post"')

/** The same change to every row: no row leaves the database. */
export function constant({ batch }: Job): Promise<Contestant> {
  return wholeRun(defineBackfill({ model: 'post', where: { slug: null }, batchSize: batch, update: { slug: 'none' } }))
}

/** The same by SQL of one's own. */
export function execute({ batch, provider }: Job): Promise<Contestant> {
  return wholeRun(
    defineBackfill({
      model: 'post',
      where: { slug: null },
      batchSize: batch,
      execute: ({ range, prisma }) =>
        (prisma as unknown as ReturnType<typeof client>).$executeRawUnsafe(
          `UPDATE ${table(provider)} SET slug = 'none' WHERE slug IS NULL AND ${range.sql}`,
          ...range.values,
        ),
    }),
  )
}

/** The whole table in one statement, which locks every row until its end. */
export async function oneUpdate({ provider }: Job): Promise<Contestant> {
  const prisma = client()
  await prisma.post.findFirst({ where: { id: 0 } })
  return {
    async work() {
      await prisma.$executeRawUnsafe(`UPDATE ${table(provider)} SET slug = 'none' WHERE slug IS NULL`)
    },
    end: () => prisma.$disconnect(),
  }
}
