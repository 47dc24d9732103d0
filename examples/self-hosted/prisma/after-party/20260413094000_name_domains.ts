import { defineBackfill } from 'after-party'

export default defineBackfill({
  description: 'Note the domain of every email',
  model: 'customer',
  // The column has a default that means "not yet", so it is never null: this works with the client of any release.
  where: { domain: '' },
  // Only what is needed: the newest client knows columns that this database doesn't have yet.
  select: { id: true, email: true },
  update: ({ email }) => ({ domain: email.slice(email.indexOf('@') + 1).toLowerCase() }),
})
