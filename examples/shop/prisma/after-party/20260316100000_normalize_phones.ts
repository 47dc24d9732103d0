import { defineBackfill } from 'after-party'
import { e164Of } from '../../src/phone.js'

export default defineBackfill({
  description: 'Write phone numbers in one format',
  model: 'customer',
  where: { phone: { not: null }, e164: null },
  select: { id: true, phone: true },
  update: ({ phone }) => (phone === null ? null : { e164: e164Of(phone) }),
  // A number that nobody can dial is left out and named: `npx after-party history normalize_phones`.
  onError: 'skip',
  maxSkipped: 20,
})
