import { defineBackfill } from 'after-party'

export default defineBackfill({
  description: 'Add up the items of every order',
  model: 'order',
  where: { totalCents: null },
  batchSize: 1_000,
  // A statement of your own for each batch. `range.sql` has the batch's keys, and not the `where` from above.
  execute: ({ range, prisma }) =>
    prisma.$executeRawUnsafe(
      `UPDATE "Order" SET "totalCents" =
         (SELECT coalesce(sum("quantity" * "unitCents"), 0) FROM "OrderItem" WHERE "orderId" = "Order"."id")
       WHERE "totalCents" IS NULL AND ${range.sql}`,
      ...range.values,
    ),
})
