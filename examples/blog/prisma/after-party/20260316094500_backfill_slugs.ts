import { defineTask } from 'after-party'
import { slugOf } from '../../src/slug.js'

const BATCH = 500

export default defineTask({
  description: 'Give every post a slug',
  // No transaction around 5,000 posts: each batch is one. After a crash the task starts again, and only finds
  // the posts that have no slug yet.
  async run({ prisma, log, signal, progress }) {
    const total = await prisma.post.count({ where: { slug: null } })
    let done = 0
    for (;;) {
      signal.throwIfAborted()
      const posts = await prisma.post.findMany({ where: { slug: null }, orderBy: { id: 'asc' }, take: BATCH })
      if (posts.length === 0) break
      await prisma.$transaction(
        posts.map((post) =>
          prisma.post.updateMany({ where: { id: post.id, slug: null }, data: { slug: slugOf(post) } }),
        ),
      )
      done += posts.length
      progress(done, total)
    }
    log(`${done} posts have a slug now`)
  },
})
