import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createClient } from './prisma.js'
import { work } from './work.js'

const prisma = createClient()
const stopping = new AbortController()
for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => stopping.abort())

const server = createServer(async (request, response) => {
  try {
    if (request.url === '/health') await prisma.$queryRaw`SELECT 1`
    const answer = request.url === '/health' ? { ok: true } : await overview()
    response.setHeader('content-type', 'application/json').end(JSON.stringify(answer))
  } catch (error) {
    console.error(error)
    response.writeHead(500).end()
  }
})

async function overview() {
  const [inboxes, tickets, open, companies] = await Promise.all([
    prisma.inbox.findMany({ select: { name: true } }),
    prisma.ticket.count(),
    prisma.ticket.count({ where: { company: null } }),
    prisma.company.findMany({ orderBy: { tickets: 'desc' }, take: 3 }),
  ])
  return { inboxes: inboxes.map(({ name }) => name), tickets, withoutCompany: open, companies }
}

server.listen(Number(process.env.PORT ?? 3000))
await once(server, 'listening')
console.log(`Listening on port ${(server.address() as AddressInfo).port}`)

// At a signal, requests and the worker's batch are finished, then the process ends by itself.
const closed = once(server, 'close')
stopping.signal.addEventListener('abort', () => server.close())
if (process.env.WEB_WORKER === '1') await work(stopping.signal)
await closed
await prisma.$disconnect()
