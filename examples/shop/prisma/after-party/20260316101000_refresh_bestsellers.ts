import { defineTask } from 'after-party'

export default defineTask({
  description: 'Find the bestsellers for the front page',
  everyDeploy: true,
  transaction: true,
  async run({ prisma, log }) {
    const best = await prisma.orderItem.groupBy({
      by: 'productId',
      _sum: { quantity: true },
      orderBy: [{ _sum: { quantity: 'desc' } }, { productId: 'asc' }],
      take: 3,
    })
    await prisma.bestseller.deleteMany()
    await prisma.bestseller.createMany({
      data: best.map(({ productId, _sum }) => ({ productId, sold: _sum.quantity ?? 0 })),
    })
    log(`${best.length} bestsellers`)
  },
})
