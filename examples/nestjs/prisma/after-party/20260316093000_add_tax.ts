import { NestFactory } from '@nestjs/core'
import { defineTask } from 'after-party'
import { AppModule } from '../../src/app.module'
import { BillingService } from '../../src/billing.service'

export default defineTask({
  description: 'Add the tax to every invoice',
  transaction: true,
  async run({ prisma, log }) {
    // The app without its server. Its services compute, and the task writes, in its own transaction.
    const app = await NestFactory.createApplicationContext(AppModule, { logger: ['error', 'warn'] })
    try {
      const billing = app.get(BillingService)
      const invoices = await prisma.invoice.findMany({ where: { grossCents: null } })
      for (const invoice of invoices)
        await prisma.invoice.update({ where: { id: invoice.id }, data: { grossCents: billing.grossOf(invoice) } })
      log(`${invoices.length} invoices`)
    } finally {
      await app.close()
    }
  },
})
