import { PrismaLibSql } from '@prisma/adapter-libsql'
import { PrismaPg } from '@prisma/adapter-pg'
import { PrismaClient } from '../generated/prisma/client.js'
import { provider } from './provider.js'

/** A client of this customer's database. */
export function createClient(): PrismaClient {
  const url = process.env.DATABASE_URL
  if (!url) throw new Error('DATABASE_URL is not set')
  const adapter =
    provider === 'postgresql' ? new PrismaPg({ connectionString: url }) : new PrismaLibSql({ url, timeout: 5000 })
  return new PrismaClient({ adapter })
}
