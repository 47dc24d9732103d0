/**
 * How long it takes from `pause` to paused, again and again: `tsx pause.ts '{"batch":500,"times":20}'`. The backfill and
 * the one who asks have clients of their own, as in two processes. Answers with ms, and with the batches in between.
 */
import { once } from 'node:events'
import { createAfterParty, defineBackfill } from 'after-party'
import { client } from '../client.js'
import { slugOf } from './slug.js'

const { batch, times } = JSON.parse(process.argv[2] ?? '{}') as { batch: number; times: number }
const batches = new EventTarget()
let done = 0
const tasks = {
  '20260101000000_slugs': defineBackfill({
    model: 'post',
    where: { slug: null },
    select: { id: true, title: true },
    background: true,
    batchSize: batch,
    update: (post) => ({ slug: slugOf(post as { id: number; title: string }) }),
  }),
}
const given = { client: () => client(), ledgerClient: () => client(), tasks }
const [worker, asker] = [createAfterParty(given), createAfterParty(given)]
const stop = new AbortController()
await worker.run()
const working = worker.work({
  signal: stop.signal,
  poll: 50,
  onEvent: (event) => {
    if (event.type !== 'progress' || event.batch === undefined) return
    done += 1
    batches.dispatchEvent(new Event('batch'))
  },
})
const took: { ms: number; batches: number }[] = []
while (took.length < times) {
  await once(batches, 'batch')
  await once(batches, 'batch')
  const [began, before] = [performance.now(), done]
  const [{ effect, to } = {}] = await asker.pause(['slugs'])
  if (effect !== 'done' || to !== 'paused') throw new Error(`${effect}, ${to}: more rows are needed`)
  took.push({ ms: performance.now() - began, batches: done - before })
  await asker.resume(['slugs'])
}
stop.abort()
await working
process.stdout.write(JSON.stringify(took))
await Promise.all([worker.close(), asker.close()])
