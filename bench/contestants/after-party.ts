import { type BackfillDefinition, createAfterParty, defineBackfill } from 'after-party'
import { client } from '../client.js'
import type { Contestant, Job } from './contestants.js'
import { slugOf } from './slug.js'

/** A whole run: the plan, the claim, the count, every batch with its checkpoint, the settled record. */
export async function wholeRun(backfill: BackfillDefinition): Promise<Contestant> {
  const ledger = client()
  const tasks = client()
  for (const each of [ledger, tasks]) await each.post.findFirst({ where: { id: 0 } })
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

/** A slug for every row, by `update`. */
export function afterParty({ batch, concurrency = 1 }: Job): Promise<Contestant> {
  return wholeRun(
    defineBackfill({
      model: 'post',
      where: { slug: null },
      select: { id: true, title: true },
      batchSize: batch,
      concurrency,
      update: (post) => ({ slug: slugOf(post as { id: number; title: string }) }),
    }),
  )
}
