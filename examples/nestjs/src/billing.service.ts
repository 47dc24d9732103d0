import { Injectable } from '@nestjs/common'
import { PrismaService } from './prisma.service'
import { TaxRatesService } from './tax-rates.service'

@Injectable()
export class BillingService {
  // Injected by type: needs the decorator metadata that `nest build` and `tsc` emit.
  constructor(
    private readonly rates: TaxRatesService,
    private readonly prisma: PrismaService,
  ) {}

  grossOf({ netCents, country }: { netCents: number; country: string }): number {
    return Math.round((netCents * (100 + this.rates.percentOf(country))) / 100)
  }

  invoices() {
    return this.prisma.invoice.findMany()
  }
}
