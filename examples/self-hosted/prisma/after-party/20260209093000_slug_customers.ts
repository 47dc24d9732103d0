import { defineBackfill } from 'after-party'

export default defineBackfill({
  description: 'Give every customer a slug',
  model: 'customer',
  // In SQL, because the newest client takes the slug for required: it refuses `where: { slug: null }`.
  execute: ({ range, prisma }) =>
    prisma.$executeRawUnsafe(
      `UPDATE "Customer" SET "slug" = lower(replace("name", ' ', '-')) || '-' || "id"
       WHERE "slug" IS NULL AND ${range.sql}`,
      ...range.values,
    ),
})
