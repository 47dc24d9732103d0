import { Injectable } from '@nestjs/common'

@Injectable()
export class TaxRatesService {
  percentOf(country: string): number {
    return country === 'DE' ? 19 : 20
  }
}
