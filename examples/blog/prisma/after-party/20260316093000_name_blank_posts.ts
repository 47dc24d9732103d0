import { defineTask } from 'after-party'

export default defineTask({
  description: 'Call posts without a title "Untitled"',
  // The posts and the task's record are committed together: exactly once, whatever happens to this process.
  transaction: true,
  async run({ prisma, log }) {
    const count = await prisma.$executeRaw`UPDATE "Post" SET "title" = 'Untitled' WHERE trim("title") = ''`
    log(`${count} posts were blank`)
  },
})
