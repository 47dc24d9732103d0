const { defineBackfill } = require('after-party')
const { domainOf } = require('../../src/domain.js')

module.exports = defineBackfill({
  description: 'Give every reader a domain',
  model: 'reader',
  where: { domain: null },
  select: { id: true, email: true },
  update: ({ email }) => ({ domain: domainOf(email) }),
  verify: true,
})
