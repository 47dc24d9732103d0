import { createClient } from './prisma.js'

// Adds tickets of the release before, which have no company: `node --import tsx src/seed.ts 200000`

const count = Number(process.argv[2] ?? 10_000)
const prisma = createClient()
await prisma.$executeRaw`
  INSERT INTO "Ticket" ("email", "subject")
  SELECT 'customer-' || n || '@Company-' || n % 50 || '.example', 'Question ' || n
  FROM generate_series(1, ${count}::int) n`
console.log(`${count} tickets added`)
await prisma.$disconnect()
