/** The least that a script with this client can do. */
import { client } from '../client.js'

const prisma = client()
await prisma.post.findFirst()
await prisma.$disconnect()
