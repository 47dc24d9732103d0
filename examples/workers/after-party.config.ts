import { defineConfig } from 'after-party'
import { createClient } from './src/prisma.js'
import { createQueue } from './src/queue.js'

/** Called twice: for the ledger and for the tasks. */
export const client = createClient

export default defineConfig({
  client,
  queue: createQueue(),
  tasks: 'prisma/after-party',
})

// Gives every task the types of this client.
declare module 'after-party' {
  interface Register {
    client: ReturnType<typeof client>
  }
}
