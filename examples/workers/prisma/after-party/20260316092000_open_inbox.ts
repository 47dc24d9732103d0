import { defineTask } from 'after-party'

export default defineTask({
  description: 'Open the inbox that everybody starts in',
  // In the foreground: the web process needs it, so the deploy waits.
  transaction: true,
  async run({ prisma }) {
    await prisma.inbox.upsert({ where: { name: 'Everything' }, create: { name: 'Everything' }, update: {} })
  },
})
