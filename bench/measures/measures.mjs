import { measureBackfill } from './backfill.mjs'
import { measureBatches } from './batches.mjs'
import { measureConcurrency } from './concurrency.mjs'
import { measureLatency } from './latency.mjs'
import { measureMemory } from './memory.mjs'
import { measureNetwork } from './network.mjs'
import { measurePause } from './pause.mjs'
import { measureSameForAll } from './same-for-all.mjs'
import { measureStartup } from './startup.mjs'
import { measureTasks } from './tasks.mjs'
import { measureWorkers } from './workers.mjs'

/**
 * What can be measured: each answers with lines of Markdown.
 *
 * @type {Record<string, (databases: import('../databases/databases.mjs').Database[], options: import('../support/options.mjs').Options) => Promise<string[]>>}
 */
export const MEASURES = {
  backfill: measureBackfill,
  batches: measureBatches,
  latency: measureLatency,
  memory: measureMemory,
  network: measureNetwork,
  'same-for-all': measureSameForAll,
  concurrency: measureConcurrency,
  workers: measureWorkers,
  pause: measurePause,
  tasks: measureTasks,
  startup: measureStartup,
}
