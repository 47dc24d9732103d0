import { Injectable, type OnModuleDestroy } from '@nestjs/common'
import { PrismaLibSql } from '@prisma/adapter-libsql'
import { PrismaClient } from './generated/prisma/client'

@Injectable()
export class PrismaService extends PrismaClient implements OnModuleDestroy {
  constructor() {
    super({ adapter: new PrismaLibSql({ url: process.env.DATABASE_URL ?? 'file:./billing.db', timeout: 5000 }) })
  }

  async onModuleDestroy() {
    await this.$disconnect()
  }
}
