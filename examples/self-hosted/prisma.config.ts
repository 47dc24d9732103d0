import { defineConfig } from 'prisma/config'
import { provider } from './src/provider.js'

export default defineConfig({
  schema: `prisma/${provider}/schema.prisma`,
  migrations: { path: `prisma/${provider}/migrations` },
  datasource: { url: process.env.DATABASE_URL ?? '' },
})
