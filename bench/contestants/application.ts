/**
 * An application beside a backfill: `tsx application.ts '{"first":1,"rows":100000,"ms":5000}'` writes single rows,
 * one after the other with a short rest, and prints how long the writes took, as one JSON array of ms.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { client } from '../client.js'

const { first = 1, rows, ms } = JSON.parse(process.argv[2] ?? '') as { first?: number; rows: number; ms: number }
const prisma = client(2)
const took: number[] = []
const write = (id: number) => prisma.post.updateMany({ where: { id }, data: { title: `written ${id}` } })
for (let id = first; id < first + 50; id += 1) await write(id)
for (const end = performance.now() + ms; performance.now() < end; await sleep(5)) {
  const began = performance.now()
  await write(first + Math.floor(Math.random() * rows))
  took.push(performance.now() - began)
}
await prisma.$disconnect()
process.stdout.write(`${JSON.stringify(took)}\n`)
