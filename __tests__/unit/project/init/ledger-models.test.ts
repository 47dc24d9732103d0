import { describe, expect, test } from '@jest/globals'
import { ledgerModels } from '../../../../src/project/init/ledger-models.js'
import { type Provider, providerOf } from '../../../../src/project/schema/column-types.js'
import { readModel } from '../../../../src/project/schema/fields.js'
import { scanBlocks } from '../../../../src/project/schema/scan.js'

const PROVIDERS: Provider[] = ['sqlite', 'postgresql', 'mysql', 'sqlserver', 'cockroachdb', 'mongodb']

function nativeTypes(provider: Provider): Record<string, string> {
  const natives = scanBlocks(ledgerModels({ provider })).flatMap(({ name, body }) =>
    readModel(body).fields.flatMap((field) => {
      const native = field.attributes.find((attribute) => attribute.name.startsWith('db.'))
      return native ? [[`${name}.${field.name}`, `${native.name}${native.args && `(${native.args})`}`] as const] : []
    }),
  )
  return Object.fromEntries(natives)
}

const long = (type: string) => ({
  'AfterPartyTaskRecord.error': type,
  'AfterPartyTaskRecord.checkpoint': type,
  'AfterPartyTaskRecord.skippedRows': type,
  'AfterPartyTaskRecord.state': type,
  'AfterPartyTaskRecord.params': type,
  'AfterPartyTaskRun.skippedRows': type,
  'AfterPartyTaskRun.params': type,
  'AfterPartyTaskRun.error': type,
  'AfterPartyTaskRun.log': type,
})

describe('the models of the ledger', () => {
  test('on SQLite they are these', () => {
    expect(ledgerModels({ provider: 'sqlite' })).toBe(`\
/// Deploy tasks that ran, or are running, in this database. Written by After Party.
model AfterPartyTaskRecord {
  version          String    @id // "20261122103000"; a part of a backfill: "20261122103000/03"
  partOf           String? // of a part: the version of its backfill
  part             Int?
  name             String
  status           String // pending | running | done | recurring | failed | interrupted | paused | cancelled | skipped | baseline
  reason           String? // a code: why it has this status
  reasonText       String?
  attempts         Int       @default(0)
  startedAt        DateTime?
  finishedAt       DateTime?
  error            String?
  checksum         String?
  owner            String? // host, pid and a random id
  fence            Int       @default(0)
  leaseUntil       DateTime?
  checkpoint       String?
  processed        BigInt    @default(0)
  total            BigInt?
  changedMeanwhile BigInt    @default(0)
  skippedRows      String?
  state            String? // results of steps
  params           String?
  lane             String? // foreground | background
  seenAt           DateTime? // when a worker last looked at it
  request          String? // pause | resume | cancel
  requestedBy      String?
  requestedAt      DateTime?
  deployId         String?
  runner           String? // the version of After Party

  @@map("after_party_task_records")
}

/// Every attempt at a deploy task. Append-only. Written by After Party.
model AfterPartyTaskRun {
  id               String    @id // made by the runner, not the database
  version          String
  part             Int? // of a part of a backfill
  name             String
  fence            Int
  status           String
  reason           String? // a code: why it ended so
  reasonText       String?
  startedAt        DateTime
  finishedAt       DateTime?
  owner            String
  deployId         String?
  processed        BigInt    @default(0)
  changedMeanwhile BigInt    @default(0)
  skippedRows      String?
  error            String?
  log              String? // the tail of what the task logged, capped
  params           String?
  runner           String? // the version of After Party

  @@index([version])
  @@index([startedAt])
  @@map("after_party_task_runs")
}
`)
  })

  test.each<[Provider, Record<string, string>]>([
    ['sqlite', {}],
    ['cockroachdb', {}],
    ['mongodb', {}],
    ['postgresql', long('db.Text')],
    ['mysql', long('db.LongText')],
    ['sqlserver', long('db.NVarChar(Max)')],
  ])('on %s the long columns hold a text of any length', (provider, natives) => {
    expect(nativeTypes(provider)).toEqual(natives)
  })

  test.each(PROVIDERS)('on %s they differ in native types and names of columns alone', (provider) => {
    const plain = ledgerModels({ provider })
      .replace(/ +@db\.\w+(\(Max\))?/g, '')
      .replaceAll(' @map("_id")', '')
      .replace(/ +/g, ' ')
    expect(plain).toBe(ledgerModels({ provider: 'sqlite' }).replace(/ +/g, ' '))
  })

  test('on MongoDB the ids are mapped to _id', () => {
    expect(ledgerModels({ provider: 'mongodb' }).match(/@id @map\("_id"\)/g)).toHaveLength(2)
  })

  test('under multiSchema each says its schema', () => {
    expect(ledgerModels({ provider: 'postgresql', schema: 'a "b"' }).match(/@@schema\("a \\"b\\""\)/g)).toHaveLength(2)
    expect(ledgerModels({ provider: 'postgresql' })).not.toContain('@@schema')
  })

  test('either can be had alone', () => {
    const names = (text: string) => scanBlocks(text).map(({ name }) => name)
    expect(names(ledgerModels({ provider: 'sqlite', models: ['AfterPartyTaskRun'] }))).toEqual(['AfterPartyTaskRun'])
    expect(ledgerModels({ provider: 'sqlite', models: ['AfterPartyTaskRun'] })).toMatch(/^\/\/\/ Every attempt/)
  })

  test('a provider that is not known is refused by name', () => {
    expect(() => providerOf('oracle')).toThrow(/"oracle"[\s\S]*sqlite, /)
    expect(() => providerOf('toString')).toThrow(/"toString"/)
    expect(() => providerOf('')).toThrow(/no provider/)
  })
})
