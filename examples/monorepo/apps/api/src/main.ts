import { createServer } from 'node:http'
import { createClient } from '@acme/db'

const prisma = createClient()

createServer(async (_request, response) => {
  const teams = await prisma.team.findMany({ select: { key: true, name: true } })
  response.setHeader('content-type', 'application/json').end(JSON.stringify(teams))
}).listen(Number(process.env.PORT ?? 3000))
