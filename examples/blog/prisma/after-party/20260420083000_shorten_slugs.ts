import { defineTask } from 'after-party'
import { slugOf } from '../../src/slug.js'

const LONGEST = 40

export default defineTask({
  description: 'Cut slugs to 40 characters of the title',
  transaction: { timeout: '2m' },
  async run({ prisma, log }) {
    const posts = await prisma.post.findMany({ where: { slug: { not: null } } })
    const long = posts.filter((post) => post.slug !== slugOf(post, LONGEST))
    for (const post of long) {
      await prisma.post.update({ where: { id: post.id }, data: { slug: slugOf(post, LONGEST) } })
    }
    log(`${long.length} slugs are shorter now`)
  },
})
