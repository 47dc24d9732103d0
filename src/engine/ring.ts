import { messageOf } from '../define/errors.js'
import type { TaskRef } from '../define/events.js'
import type { Engine } from './engine.js'
import type { RunOptions } from './run-options.js'

/** What of a task is for users' eyes. */
export function refOf({ version, name }: TaskRef): TaskRef {
  return { version, name }
}

/**
 * Notes that these tasks wait for a worker, and rings for one, in one transaction where the queue can. A queue that is
 * down fails no deploy: workers look at the ledger, too.
 */
export async function ring(
  { ledger, queue }: Engine,
  tasks: readonly TaskRef[],
  { emit }: Pick<RunOptions, 'emit'>,
): Promise<void> {
  if (tasks.length === 0) return
  const messages = tasks.map(({ version }) => ({ version, part: null }))
  const together = queue?.inTransaction === true
  try {
    await ledger.enlist(
      tasks,
      'background',
      together ? async (transaction) => void (await queue.ring(messages, transaction)) : undefined,
    )
    if (!together) await queue?.ring(messages)
  } catch (error) {
    if (!queue) throw error
    if (together) await ledger.enlist(tasks, 'background')
    emit({ type: 'queue-failed', error: messageOf(error) })
  }
}
