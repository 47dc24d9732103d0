import { defineConfig } from 'after-party'
import { createClient } from './src/prisma.js'
import { provider } from './src/provider.js'

/** Called twice: for the ledger and for the tasks. */
export const client = createClient

export default defineConfig({
  client,
  tasks: 'prisma/after-party',
  migrations: `prisma/${provider}/migrations`,
})

// Gives every task the types of this client.
declare module 'after-party' {
  interface Register {
    client: ReturnType<typeof client>
  }
}
