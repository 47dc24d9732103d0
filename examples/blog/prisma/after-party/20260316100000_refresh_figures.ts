import { defineTask } from 'after-party'

export default defineTask({
  description: 'Count the posts for the front page',
  everyDeploy: true,
  async run({ prisma, log }) {
    const value = await prisma.post.count()
    await prisma.figure.upsert({ where: { name: 'posts' }, create: { name: 'posts', value }, update: { value } })
    log(`${value} posts`)
  },
})
