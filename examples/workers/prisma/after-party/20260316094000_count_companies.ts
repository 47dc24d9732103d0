import { defineTask } from 'after-party'

export default defineTask({
  description: 'Count the tickets of every company',
  background: true,
  // Without this, a free worker would start it beside the backfill.
  after: ['find_companies'],
  transaction: true,
  async run({ prisma, log }) {
    const counts = await prisma.ticket.groupBy({ by: 'company', where: { company: { not: null } }, _count: true })
    await prisma.company.deleteMany()
    await prisma.company.createMany({
      data: counts.map(({ company, _count }) => ({ domain: company ?? '', tickets: _count })),
    })
    log(`${counts.length} companies`)
  },
})
