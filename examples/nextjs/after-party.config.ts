import { PrismaLibSql } from '@prisma/adapter-libsql'
import { defineConfig } from 'after-party'
import { PrismaClient } from './generated/prisma/client'
import { prisma } from './lib/prisma'

/** The Prisma client of the tasks. */
export const client = () => prisma

/** A separate client for the ledger: heartbeats must not join the tasks' transactions or pass through extensions. */
const ledgerClient = () => {
  const url = process.env.DATABASE_URL ?? 'file:./guestbook.db'
  return new PrismaClient({ adapter: new PrismaLibSql({ url, timeout: 5000 }) })
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
