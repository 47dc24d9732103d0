import { Module } from '@nestjs/common'
import { BillingController } from './billing.controller'
import { BillingService } from './billing.service'
import { PrismaService } from './prisma.service'
import { TaxRatesService } from './tax-rates.service'

@Module({ controllers: [BillingController], providers: [BillingService, PrismaService, TaxRatesService] })
export class AppModule {}
