import { createAfterParty } from 'after-party'
import { createClient } from './prisma.js'
import { createQueue } from './queue.js'

/** Runs background tasks in this process until the signal aborts, side by side with workers in other processes. */
export async function work(signal: AbortSignal): Promise<void> {
  await using party = createAfterParty({
    client: createClient,
    queue: createQueue(),
    tasks: 'prisma/after-party',
    migrations: 'prisma/migrations',
  })
  await party.work({
    signal,
    onEvent(event) {
      if (event.type === 'started') console.log(`${event.task.name} started`)
      if (event.type === 'finished') console.log(`${event.task.name} ${event.result.outcome}`)
      if (event.type === 'work-failed' || event.type === 'queue-failed') console.error(event.error)
    },
  })
}
