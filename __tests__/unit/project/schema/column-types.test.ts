import { describe, expect, test } from '@jest/globals'
import { ledgerModels } from '../../../../src/project/init/ledger-models.js'
import { keepsWhatIsWritten, LEDGER_FIELDS, type Provider } from '../../../../src/project/schema/column-types.js'
import { readModel } from '../../../../src/project/schema/fields.js'
import { scanBlocks } from '../../../../src/project/schema/scan.js'

const PROVIDERS = ['sqlite', 'postgresql', 'mysql', 'sqlserver', 'cockroachdb', 'mongodb'] as const

const keeps = (line: string, provider: Provider) => readModel(line).fields.map((f) => keepsWhatIsWritten(f, provider))

describe('the columns of the ledger', () => {
  test.each(PROVIDERS)('as init writes them on %s keep what is written', (provider) => {
    const fields = scanBlocks(ledgerModels({ provider })).flatMap(({ body }) => readModel(body).fields)
    // `cursor` is of the first release, and stays where it was upgraded.
    expect(new Set([...fields.map(({ name }) => name), 'cursor'])).toEqual(new Set(LEDGER_FIELDS))
    expect(fields.filter((field) => !keepsWhatIsWritten(field, provider))).toEqual([])
  })

  test.each<[Provider, string]>([
    ['postgresql', 'leaseUntil DateTime? @db.Timestamp(3)'],
    ['postgresql', 'leaseUntil DateTime? @db.Timestamptz'],
    ['postgresql', 'leaseUntil DateTime? @database.Timestamptz(6)'],
    ['postgresql', 'owner String? @db.VarChar(255)'],
    ['postgresql', 'name String @db.Text'],
    ['mysql', 'leaseUntil DateTime? @db.DateTime(3)'],
    ['mysql', 'version String @id @db.VarChar(191)'],
    ['sqlserver', 'startedAt DateTime @db.DateTime2'],
    ['sqlserver', 'log String? @db.NVarChar(Max)'],
    ['cockroachdb', 'processed BigInt @db.Int8'],
    ['mongodb', 'total BigInt? @db.Long'],
  ])('on %s may be: %s', (provider, line) => {
    expect(keeps(line, provider)).toEqual([true])
  })

  test.each<[Provider, string]>([
    ['postgresql', 'leaseUntil DateTime? @db.Timestamp(0)'],
    ['postgresql', 'leaseUntil DateTime? @db.Timestamptz(2)'],
    ['postgresql', 'startedAt DateTime @db.Date'],
    ['postgresql', 'startedAt DateTime @db.Time(6)'],
    ['postgresql', 'startedAt DateTime @db.Timetz(6)'],
    // Gives texts back filled up with spaces: `done       ` is no status.
    ['postgresql', 'status String @db.Char(11)'],
    ['postgresql', 'status String @db.VarChar(8)'],
    // The record of a part has a longer one: 20261122103000/03.
    ['postgresql', 'version String @id @db.VarChar(14)'],
    ['postgresql', 'owner String? @db.VarChar(64)'],
    ['postgresql', 'fence Int @default(0) @db.SmallInt'],
    ['postgresql', 'log String? @db.VarChar(2000)'],
    ['mysql', 'leaseUntil DateTime? @db.DateTime'],
    ['mysql', 'leaseUntil DateTime? @db.DateTime(0)'],
    ['mysql', 'leaseUntil DateTime? @db.Timestamp(3)'],
    ['mysql', 'leaseUntil DateTime? @db.Date'],
    ['mysql', 'fence Int @default(0) @db.TinyInt'],
    ['sqlserver', 'leaseUntil DateTime? @db.DateTime'],
    ['sqlserver', 'leaseUntil DateTime? @db.SmallDateTime'],
    ['sqlserver', 'owner String? @db.Text'],
    ['mongodb', 'version String @id @map("_id") @db.ObjectId'],
  ])('on %s may not be: %s', (provider, line) => {
    expect(keeps(line, provider)).toEqual([false])
  })
})
