import { client } from '../client.js'
import type { Contestant, Job } from './contestants.js'
import { slugOf } from './slug.js'

/** What people write. */
export async function rowByRow({ batch, upTo }: Job): Promise<Contestant> {
  const prisma = client()
  await prisma.post.findFirst({ where: { id: 0 } })
  return {
    async work() {
      for (let last = 0; ; ) {
        const posts = await prisma.post.findMany({
          where: { slug: null, id: { gt: last, lte: upTo } },
          orderBy: { id: 'asc' },
          take: batch,
        })
        for (const post of posts) await prisma.post.update({ where: { id: post.id }, data: { slug: slugOf(post) } })
        if (posts.length < batch) return
        last = posts.at(-1)?.id ?? last
      }
    },
    end: () => prisma.$disconnect(),
  }
}
