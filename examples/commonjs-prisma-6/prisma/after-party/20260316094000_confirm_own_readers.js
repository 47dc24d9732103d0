const { defineTask } = require('after-party')

module.exports = defineTask({
  description: 'Confirm the readers of our own domain',
  transaction: true,
  async run({ prisma, log }) {
    const { count } = await prisma.reader.updateMany({ where: { domain: 'acme.example' }, data: { confirmed: true } })
    log(`${count} readers`)
  },
})
