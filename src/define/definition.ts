import type { BackfillDefinition } from './backfill.js'
import type { TaskDefinition } from './task.js'

/** What a task file exports as its default: a task or a backfill, as plain data. */
export type Definition = TaskDefinition | BackfillDefinition

/** Whether it runs at every deploy. A backfill ends, so it never does. */
export function isEveryDeploy(definition: Definition): boolean {
  return definition.kind === 'task' && definition.everyDeploy === true
}
