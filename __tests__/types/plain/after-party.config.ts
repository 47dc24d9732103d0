import { PrismaPg } from '@prisma/adapter-pg'
import { defineConfig } from 'after-party'
import { PrismaClient } from '#prisma'

export const client = () => new PrismaClient({ adapter: new PrismaPg({ connectionString: 'postgres://db' }) })

export default defineConfig({ client })

declare module 'after-party' {
  interface Register {
    client: ReturnType<typeof client>
  }
}
