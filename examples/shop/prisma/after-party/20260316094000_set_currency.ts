import { defineBackfill } from 'after-party'

export default defineBackfill({
  description: 'Old orders are in euros',
  model: 'order',
  where: { currency: null },
  // The same for every row: only the keys are read.
  update: { currency: 'EUR' },
})
