import { defineTask } from 'after-party'

export default defineTask({
  description: 'Merge customers who signed up again in other letters',
  // All of it and the task's record commit together: exactly once, whatever happens to this process.
  transaction: true,
  async run({ prisma, log }) {
    const kept = new Map<string, number>()
    let merged = 0
    for (const { id, email } of await prisma.customer.findMany({ orderBy: { id: 'asc' } })) {
      const first = kept.get(email.toLowerCase())
      if (first === undefined) {
        kept.set(email.toLowerCase(), id)
        continue
      }
      await prisma.order.updateMany({ where: { customerId: id }, data: { customerId: first } })
      await prisma.customer.delete({ where: { id } })
      merged += 1
    }
    log(`${merged} customers merged`)
  },
  async verify({ prisma }) {
    const emails = (await prisma.customer.findMany()).map(({ email }) => email.toLowerCase())
    return new Set(emails).size === emails.length || 'two customers still have the same email'
  },
})
