import { defineTask } from 'after-party'
import { geocode } from '../../src/geocoder.js'

export default defineTask({
  description: 'Find the place of every address',
  async run({ prisma, step, signal, progress }) {
    // In SQL, because the newest client doesn't know the address any more, which release 5 drops.
    const addresses = await prisma.$queryRaw<{ address: string }[]>`
      SELECT DISTINCT "address" FROM "Customer" WHERE "latitude" IS NULL ORDER BY "address"`
    for (const [index, { address }] of addresses.entries()) {
      signal.throwIfAborted()
      // Asked once: an attempt after a crash gets the answer of the one before.
      const { street, city, latitude, longitude } = await step(address, () => geocode(address, signal))
      await prisma.$executeRaw`
        UPDATE "Customer"
        SET "street" = ${street}, "city" = ${city}, "latitude" = ${latitude}, "longitude" = ${longitude}
        WHERE "address" = ${address} AND "latitude" IS NULL`
      progress(index + 1, addresses.length)
    }
  },
})
