import { PrismaLibSql } from '@prisma/adapter-libsql'
import { PrismaClient } from '../generated/prisma/client'

const create = () =>
  new PrismaClient({
    adapter: new PrismaLibSql({ url: process.env.DATABASE_URL ?? 'file:./guestbook.db', timeout: 5000 }),
  })

const kept = globalThis as unknown as { prisma?: ReturnType<typeof create> }

export const prisma = kept.prisma ?? create()

// `next dev` loads modules again and again.
if (process.env.NODE_ENV !== 'production') kept.prisma = prisma
