import { describe, expect, test } from '@jest/globals'
import { AfterPartyError } from '../../../../src/define/errors.js'
import { LEDGER_ADDITIONS } from '../../../../src/ledger/models.js'
import { ledgerGaps } from '../../../../src/project/init/ledger-gaps.js'
import { ledgerModels } from '../../../../src/project/init/ledger-models.js'
import type { Provider } from '../../../../src/project/schema/column-types.js'
import { readSchema } from '../../../../src/project/schema/schema-info.js'

function missing(text: string, provider: Provider = 'sqlite') {
  return ledgerGaps(readSchema([{ path: 'schema.prisma', text }]), provider).models
}

function conflict(text: string, provider: Provider = 'sqlite'): string[] {
  try {
    missing(text, provider)
  } catch (error) {
    if (error instanceof AfterPartyError && error.code === 'schema-conflict') return error.why?.split('\n') ?? []
    throw error
  }
  return []
}

const models = ledgerModels({ provider: 'sqlite' })
const change = (from: string | RegExp, to: string) => {
  const changed = models.replace(from, to)
  expect(changed).not.toBe(models)
  return changed
}

describe('a schema that has the ledger', () => {
  test('needs nothing', () => {
    expect(missing(models)).toEqual([])
    expect(missing(models.replaceAll('\n', '\r\n'))).toEqual([])
    expect(missing('model Post {\n  id Int @id\n}\n')).toEqual(['AfterPartyTaskRecord', 'AfterPartyTaskRun'])
  })

  test('needs the one that is not there', () => {
    expect(missing(ledgerModels({ provider: 'sqlite', models: ['AfterPartyTaskRecord'] }))).toEqual([
      'AfterPartyTaskRun',
    ])
  })

  test.each(['sqlite', 'postgresql', 'mysql', 'sqlserver', 'cockroachdb', 'mongodb'] as const)(
    'is known again on %s',
    (provider) => {
      expect(missing(ledgerModels({ provider, schema: 'public' }), provider)).toEqual([])
    },
  )

  test('may be formatted and commented as its team likes', () => {
    const own = change(/ +/g, '  ')
      .replace(/ \/\/ .*/g, '')
      .replace('checksum', '/* { */ checksum')
      .replace('{', '{ // ours')
    expect(missing(own)).toEqual([])
  })

  test('may have native types, names of columns and another name of a table', () => {
    const own = change('startedAt        DateTime?', 'startedAt DateTime? @map("started_at") @db.Timestamptz(6)')
      .replace('checksum         String?', 'checksum String? @db.VarChar(64)')
      .replace('@@map("after_party_task_records")', '@@map("deploy_tasks")\n  @@index([status])')
    expect(missing(own, 'postgresql')).toEqual([])
  })

  test('may have further fields that can be left out', () => {
    const own = change(
      'deployId         String?',
      'deployId String?\n  note String?\n  tags String[]\n  n Int @default(1)',
    )
    expect(missing(own)).toEqual([])
  })
})

describe('a schema with something else in the place of the ledger', () => {
  test('is refused field by field', () => {
    const own = change(
      'processed        BigInt    @default(0)\n  total            BigInt?',
      'processed Int @default(0)\n  total Int',
    )
      .replace(/\n {2}fence .*/, '')
      .replace('attempts         Int       @default(0)', 'attempts Int')
      .replace('deployId         String?', 'deployId String?\n  team String')
    expect(conflict(own)).toEqual([
      'AfterPartyTaskRecord.attempts is Int, but must be Int @default(0)',
      'AfterPartyTaskRecord.fence is missing, but must be Int @default(0)',
      'AfterPartyTaskRecord.processed is Int @default(0), but must be BigInt @default(0)',
      'AfterPartyTaskRecord.total is Int, but must be BigInt?',
      'AfterPartyTaskRecord.team is String, but must be optional or have a default',
    ])
  })

  test('is refused when the key is another one, or a column got one', () => {
    const own = change('version          String    @id', 'version String @unique').replace(
      'name             String',
      'name String @unique',
    )
    expect(conflict(own)).toEqual([
      'AfterPartyTaskRecord.version is String @unique, but must be String @id',
      'AfterPartyTaskRecord.name is String @unique, but must be String',
    ])
  })

  test('is refused when Prisma is told to ignore it', () => {
    expect(conflict(change('@@map("after_party_task_runs")', '@@ignore'))).toEqual([
      'AfterPartyTaskRun must not have @@ignore',
    ])
    expect(conflict(change('checksum         String?', 'checksum String? @ignore'))).toHaveLength(1)
  })

  test('is refused when a long column would cut its text', () => {
    const mysql = ledgerModels({ provider: 'mysql' })
    expect(conflict(mysql.replace('error            String?   @db.LongText', 'error String?'), 'mysql')).toEqual([
      'AfterPartyTaskRecord.error is String?, but must be String? @db.LongText',
    ])
    expect(
      conflict(mysql.replace('error            String?   @db.LongText', 'error String? @mydb.Text'), 'mysql'),
    ).toEqual([])
    expect(
      conflict(models.replace('log              String?', 'log String? @db.VarChar(20)'), 'postgresql'),
    ).toHaveLength(1)
  })

  test('is refused when a column would round, cut or pad what is written', () => {
    const own = change('leaseUntil       DateTime?', 'leaseUntil DateTime? @db.Timestamp(0)')
      .replace('status           String', 'status String @db.Char(11)')
      .replace('fence            Int       @default(0)', 'fence Int @default(0) @db.SmallInt')
    expect(conflict(own, 'postgresql')).toEqual([
      'AfterPartyTaskRecord.status is String @db.Char(11), but must be String',
      'AfterPartyTaskRecord.fence is Int @default(0) @db.SmallInt, but must be Int @default(0)',
      'AfterPartyTaskRecord.leaseUntil is DateTime? @db.Timestamp(0), but must be DateTime?',
    ])
  })

  test('is refused when another model has the table', () => {
    expect(conflict('model Job {\n  id Int @id\n  @@map("after_party_task_runs")\n}')).toEqual([
      'Job is mapped to the table after_party_task_runs, which belongs to AfterPartyTaskRun',
    ])
    expect(conflict('model after_party_task_records {\n  id Int @id\n}')).toHaveLength(1)
  })

  test('is refused when the name is that of an enum, or is there twice', () => {
    expect(conflict('enum AfterPartyTaskRun {\n  A\n}')).toEqual([
      'AfterPartyTaskRun must be a model, but is defined as enum',
    ])
    expect(conflict(models + models)).toHaveLength(2)
  })
})

describe('a schema with the ledger of an older release', () => {
  const without = (...names: string[]) =>
    models
      .split('\n')
      .filter((line) => !names.includes(/^ {2}(\w+)/.exec(line)?.[1] ?? '') && !names.includes(line.trim()))
      .join('\n')
  const all = (model: 'AfterPartyTaskRecord' | 'AfterPartyTaskRun') =>
    LEDGER_ADDITIONS[model].flatMap(({ fields, attributes }) => [...fields, ...attributes])
  const gaps = (text: string) => ledgerGaps(readSchema([{ path: 'schema.prisma', text }]), 'sqlite')

  test('lacks what later releases added', () => {
    const old = without(...all('AfterPartyTaskRecord'), ...all('AfterPartyTaskRun'))
    expect(gaps(old)).toEqual({
      models: [],
      outdated: [
        { model: 'AfterPartyTaskRecord', lacks: LEDGER_ADDITIONS.AfterPartyTaskRecord[0] },
        { model: 'AfterPartyTaskRun', lacks: LEDGER_ADDITIONS.AfterPartyTaskRun[0] },
      ],
    })
  })

  test('is refused when a field of its own release is gone, renamed by hand', () => {
    expect(conflict(without('checkpoint'))).toEqual(['AfterPartyTaskRecord.checkpoint is missing, but must be String?'])
    const old = without(...all('AfterPartyTaskRecord')).replace(/\n {2}owner .*/, '')
    expect(conflict(old)).toEqual(['AfterPartyTaskRecord.owner is missing, but must be String?'])
  })

  test('keeps an index that its team made already', () => {
    const old = without(...all('AfterPartyTaskRecord'), ...all('AfterPartyTaskRun')).replace(
      '  @@index([version])',
      '  @@index([version])\n  @@index([startedAt])',
    )
    expect(gaps(old).outdated[1]?.lacks.attributes).toEqual([])
  })
})
