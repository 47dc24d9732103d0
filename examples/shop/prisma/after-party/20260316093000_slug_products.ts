import { defineBackfill } from 'after-party'
import { slugOf } from '../../src/slug.js'

export default defineBackfill({
  description: 'Give every product a slug',
  model: 'product',
  where: { slug: null },
  select: { id: true, name: true },
  // Called for every row. The batch is one statement, and leaves alone what the shop changes at the same time.
  update: ({ id, name }) => ({ slug: [slugOf(name), id].filter(Boolean).join('-') }),
  // Fails if a product is left without a slug.
  verify: true,
})
