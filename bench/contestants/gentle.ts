/** A backfill of the first rows, with adaptive batches, that goes on until it is told to stop: `tsx gentle.ts 50000`. */
import { createAfterParty, defineBackfill } from 'after-party'
import { client } from '../client.js'
import { slugOf } from './slug.js'

const stop = new AbortController()
process.once('SIGTERM', () => stop.abort())
const party = createAfterParty({
  client: () => client(),
  ledgerClient: () => client(),
  tasks: {
    '20260101000000_slugs': defineBackfill({
      model: 'post',
      select: { id: true, title: true },
      where: { id: { lte: Number(process.argv[2]) } },
      batchSize: { target: '50ms' },
      update: (post) => ({ slug: slugOf(post as { id: number; title: string }) }),
    }),
  },
})
process.stdout.write('begun\n')
while (!stop.signal.aborted) {
  const { outcome } = await party.run({ signal: stop.signal })
  if (outcome === 'failed') throw new Error(outcome)
  await party.mark({ names: ['slugs'], as: 'pending' })
}
await party.close()
