const IMPORTS = `import { PrismaLibSql } from '@prisma/adapter-libsql'
import { PrismaClient } from '../generated/prisma/client.js'
`
const ADAPTER = 'new PrismaLibSql({ url: process.env.DATABASE_URL!, timeout: 5000 })'

const EXTENDED = `${IMPORTS}
export function createClient() {
  return new PrismaClient({ adapter: ${ADAPTER} }).$extends({
    model: { note: { hello: (name: string) => \`hello \${name}\` } },
  })
}
`

const SINGLETON = `${IMPORTS}
const globalForPrisma = globalThis as unknown as { prisma: PrismaClient | undefined }

export const prisma = globalForPrisma.prisma ?? new PrismaClient({ adapter: ${ADAPTER} })

if (process.env.NODE_ENV !== 'production') globalForPrisma.prisma = prisma
`

const EXTENDED_SINGLETON = `${IMPORTS}
const createClient = () =>
  new PrismaClient({ adapter: ${ADAPTER} }).$extends({
    model: { note: { hello: (name: string) => \`hello \${name}\` } },
  })

const globalForPrisma = globalThis as unknown as { prisma: ReturnType<typeof createClient> | undefined }

export const prisma = globalForPrisma.prisma ?? createClient()

if (process.env.NODE_ENV !== 'production') globalForPrisma.prisma = prisma
`

/**
 * Clients that the project makes itself, and where its URL comes from.
 *
 * @type {import('../row.mjs').Row[]}
 */
export const clientRows = [
  {
    name: 'A client with $extends',
    task: 'nothing; calls a method of the extension',
    files: { 'src/db.ts': EXTENDED },
    body: { imports: '', value: "prisma.note.hello('task')" },
  },
  {
    name: 'A singleton in lib/prisma.ts',
    task: 'the singleton',
    files: { 'lib/prisma.ts': SINGLETON },
    body: {
      imports: "import { prisma as app } from '../../lib/prisma.js'\n",
      value: "(await app.note.count()) === 0 ? 'hello task' : 'not empty'",
    },
  },
  {
    name: 'A singleton with $extends',
    task: 'nothing; calls a method of the extension',
    files: { 'lib/prisma.ts': EXTENDED_SINGLETON },
    body: { imports: '', value: "prisma.note.hello('task')" },
  },
  { name: '.env, loaded by dotenv', task: 'a module of `src`' },
  {
    name: '.env, loaded by Node.js',
    task: 'a module of `src`',
    packages: { dotenv: '' },
    files: {
      'prisma.config.ts': `import { defineConfig } from 'prisma/config'

process.loadEnvFile()

export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
  datasource: { url: process.env['DATABASE_URL'] },
})
`,
    },
  },
  {
    name: 'No .env, a variable of the environment',
    task: 'a module of `src`',
    files: { '.env': null },
    env: { DATABASE_URL: 'file:./dev.db' },
  },
]
