import { defineBackfill } from 'after-party'
import { excerptOf } from '@/lib/entries'

export default defineBackfill({
  description: 'Give every entry an excerpt',
  model: 'entry',
  where: { excerpt: null },
  select: { id: true, text: true },
  update: ({ text }) => ({ excerpt: excerptOf(text) }),
  verify: true,
})
