import { createAfterParty, defineBackfill } from 'after-party'
import { client } from '../client.js'
import type { Contestant, Job } from './contestants.js'

const table = (provider: Job['provider']) => (provider === 'mysql' ? 'Post' : '"Post"')

/** The same change to every row, by an object or by SQL of one's own: no row leaves the database. */
export const sameForAll =
  (how: 'object' | 'execute') =>
  async ({ batch, provider }: Job): Promise<Contestant> => {
    const [ledger, tasks] = [client(), client()]
    for (const each of [ledger, tasks]) await each.post.findFirst({ where: { id: 0 } })
    const walk = { model: 'post', where: { slug: null }, batchSize: batch } as const
    const backfill =
      how === 'object'
        ? defineBackfill({ ...walk, update: { slug: 'none' } })
        : defineBackfill({
            ...walk,
            execute: ({ range, prisma }) =>
              (prisma as unknown as ReturnType<typeof client>).$executeRawUnsafe(
                `UPDATE ${table(provider)} SET slug = 'none' WHERE slug IS NULL AND ${range.sql}`,
                ...range.values,
              ),
          })
    const party = createAfterParty({
      client: () => tasks,
      ledgerClient: () => ledger,
      tasks: { '20260101000000_slugs': backfill },
    })
    return {
      async work() {
        const { outcome, results } = await party.run()
        if (outcome !== 'done') throw new Error(JSON.stringify(results))
      },
      async end() {
        await ledger.afterPartyTaskRecord.deleteMany()
        await ledger.afterPartyTaskRun.deleteMany()
        await party.close()
      },
    }
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
