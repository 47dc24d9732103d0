import { Controller, Get } from '@nestjs/common'
import { BillingService } from './billing.service'

@Controller('invoices')
export class BillingController {
  constructor(private readonly billing: BillingService) {}

  @Get()
  all() {
    return this.billing.invoices()
  }
}
