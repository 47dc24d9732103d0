/**
 * A worker on a backfill in parts, until it is told to stop: `tsx worker.ts '{"batch":500,"parts":8}'`; with
 * `"handOver":true`, the run that leaves the backfill to workers, and waits until they are done. Says `ready`, and how
 * many ms it took.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { createAfterParty, defineBackfill } from 'after-party'
import { client } from '../client.js'
import { slugOf } from './slug.js'

const { batch, parts, handOver = false } = JSON.parse(process.argv[2] ?? '{}') as Record<string, number>
const stop = new AbortController()
process.once('SIGTERM', () => stop.abort())
const party = createAfterParty({
  client: () => client(),
  ledgerClient: () => client(),
  tasks: {
    '20260101000000_slugs': defineBackfill({
      model: 'post',
      where: { slug: null },
      select: { id: true, title: true },
      background: true,
      batchSize: batch ?? 500,
      concurrency: parts ?? 1,
      update: (post) => ({ slug: slugOf(post as { id: number; title: string }) }),
    }),
  },
})
if (handOver) {
  await party.run()
  const began = performance.now()
  // Closer than `wait` looks.
  while ((await party.status({ onlyOpen: true })).pending) await sleep(20)
  process.stdout.write(JSON.stringify({ ms: performance.now() - began }))
} else {
  await party.work({
    signal: stop.signal,
    poll: 100,
    onEvent: ({ type }) => type === 'idle' && process.stdout.write('ready\n'),
  })
}
await party.close()
