import type { Work } from '../attempt/work.js'
import type { Definition } from '../define/definition.js'

/** The work that a task file defines. With nothing to do, none of what does work is loaded. */
export async function workOf(definition: Definition): Promise<Work> {
  if (definition.kind === 'task') return (await import('../attempt/plain-task.js')).plainTask(definition)
  return (await import('../backfills/backfill-work.js')).backfillWork(definition)
}
