/** `umzug up` on the folder that BENCH_TASKS names, with what was done kept through the Prisma client. */
import { Umzug } from 'umzug'
import { client } from '../client.js'

const prisma = client()
const umzug = new Umzug({
  migrations: { glob: ['*.ts', { cwd: process.env.BENCH_TASKS ?? '.' }] },
  context: prisma,
  logger: undefined,
  storage: {
    executed: async () => (await prisma.umzugMigration.findMany({ orderBy: { name: 'asc' } })).map(({ name }) => name),
    logMigration: async ({ name }) => void (await prisma.umzugMigration.create({ data: { name } })),
    unlogMigration: async ({ name }) => void (await prisma.umzugMigration.delete({ where: { name } })),
  },
})
await umzug.runAsCLI(['up'])
await prisma.$disconnect()
