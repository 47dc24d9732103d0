import { PrismaLibSQL } from '@prisma/adapter-libsql'
import { PrismaClient } from '@prisma/client'
import { defineConfig } from 'after-party'
import { prisma } from './src/prisma.js'

/** The Prisma client of the tasks. */
export const client = () => prisma

/** A separate client for the ledger: heartbeats must not join the tasks' transactions or pass through extensions. */
const ledgerClient = () => {
  const url = process.env.DATABASE_URL
  if (!url) throw new Error('DATABASE_URL is not set')
  return new PrismaClient({ adapter: new PrismaLibSQL({ url }) })
}

export default defineConfig({
  client,
  ledgerClient,
  tasks: 'prisma/after-party',
})
