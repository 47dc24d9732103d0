import { runBackfill } from 'after-party/testing'
import { afterAll, beforeEach, expect, test } from 'vitest'
import slugProducts from '../prisma/after-party/20260316093000_slug_products.js'
import { prisma } from '../src/prisma.js'

// DATABASE_URL is a migrated database for tests.

beforeEach(async () => {
  await prisma.$executeRaw`TRUNCATE "Product" RESTART IDENTITY CASCADE`
})
afterAll(() => prisma.$disconnect())

test('every product gets a slug of its own', async () => {
  await prisma.product.createMany({ data: [{ name: 'Crème brûlée set' }, { name: 'Mug' }, { name: 'Mug' }] })

  const { outcome, processed } = await runBackfill(slugProducts, { prisma })

  expect({ outcome, processed }).toEqual({ outcome: 'done', processed: 3 })
  const products = await prisma.product.findMany({ orderBy: { id: 'asc' } })
  expect(products.map(({ slug }) => slug)).toEqual(['creme-brulee-set-1', 'mug-2', 'mug-3'])
})

test('a slug that is in use is kept', async () => {
  await prisma.product.create({ data: { name: 'Mug', slug: 'the-mug' } })

  expect(await runBackfill(slugProducts, { prisma })).toMatchObject({ outcome: 'done', processed: 0 })

  expect((await prisma.product.findFirstOrThrow()).slug).toBe('the-mug')
})
