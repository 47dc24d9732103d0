import { PrismaPg } from '@prisma/adapter-pg'
import { defineConfig } from 'after-party'
import { PrismaClient } from './generated/prisma/client.js'
import { prisma } from './src/prisma.js'

/** The Prisma client of the tasks. */
export const client = () => prisma

/** A separate client for the ledger: heartbeats must not join the tasks' transactions or pass through extensions. */
const ledgerClient = () => {
  const connectionString = process.env.DATABASE_URL
  if (!connectionString) throw new Error('DATABASE_URL is not set')
  return new PrismaClient({ adapter: new PrismaPg({ connectionString }) })
}

export default defineConfig({
  client,
  ledgerClient,
  tasks: 'prisma/after-party',
})

// Gives every task the types of this client.
declare module 'after-party' {
  interface Register {
    client: ReturnType<typeof client>
  }
}
