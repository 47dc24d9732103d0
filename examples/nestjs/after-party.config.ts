import { PrismaLibSql } from '@prisma/adapter-libsql'
import { defineConfig } from 'after-party'
import { PrismaClient } from './src/generated/prisma/client'

/** Called twice: for the ledger and for the tasks. */
export const client = () => {
  const url = process.env.DATABASE_URL ?? 'file:./billing.db'
  return new PrismaClient({ adapter: new PrismaLibSql({ url, timeout: 5000 }) })
}

export default defineConfig({
  client,
  tasks: 'prisma/after-party',
})

// Gives every task the types of this client.
declare module 'after-party' {
  interface Register {
    client: ReturnType<typeof client>
  }
}
