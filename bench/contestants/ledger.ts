/** Sets the stage: `tsx ledger.ts clear`, or `done <directory>`, which notes every file there as done, for both. */
import { readdirSync } from 'node:fs'
import { client } from '../client.js'

const [what, directory = ''] = process.argv.slice(2)
const prisma = client()
await prisma.afterPartyTaskRun.deleteMany()
await prisma.afterPartyTaskRecord.deleteMany()
await prisma.umzugMigration.deleteMany()
if (what === 'done') {
  const at = new Date()
  const files = readdirSync(directory)
  const records = files.map((file) => ({
    version: file.slice(0, 14),
    name: file.slice(15, -3),
    status: 'done',
    attempts: 1,
    startedAt: at,
    finishedAt: at,
    checksum: 'c'.repeat(64),
    owner: 'host-name-of-a-pod-5d8f7c:1:0a1b2c3d',
    fence: 1,
    deployId: 'd'.repeat(40),
  }))
  for (let i = 0; i < files.length; i += 500) {
    await prisma.afterPartyTaskRecord.createMany({ data: records.slice(i, i + 500) })
    await prisma.umzugMigration.createMany({ data: files.slice(i, i + 500).map((name) => ({ name })) })
  }
}
await prisma.$disconnect()
