import { defineBackfill } from 'after-party'
import { companyOf } from '../../src/company.js'

export default defineBackfill({
  description: 'Find the company of every ticket',
  // The deploy hands it over to the workers and ends.
  background: true,
  // Eight parts, so that up to eight workers share it.
  concurrency: 8,
  model: 'ticket',
  where: { company: null },
  select: { id: true, email: true },
  update: ({ email }) => ({ company: companyOf(email) }),
})
