import { AfterPartyError } from '../define/errors.js'
import { ask } from '../prisma/ask.js'
import { withoutExtensions } from '../prisma/extensions.js'
import { hasAdapter, providerOf, schemaTextOf } from '../prisma/internals.js'
import { leaveConnection } from '../prisma/leave-connection.js'
import {
  followsTimeZone,
  isKnown,
  keepsWhatIsWritten,
  LEDGER_FIELDS,
  type Provider,
} from '../project/schema/column-types.js'
import { attributeText, type Field, readModel } from '../project/schema/fields.js'
import { scanBlocks } from '../project/schema/scan.js'

/** A whole schema may take long to read; these two models do not. */
const LEDGER_MODEL = /^[ \t]*model[ \t]+AfterPartyTask(?:Record|Run)\b[\s\S]*?^[ \t]*\}/gm

interface Column {
  name: string
  field: Field
}

/**
 * Throws `schema-conflict` when the ledger's columns, as the client's schema has them, do not keep what is written to
 * them: a lease that is rounded, or hours off, is taken from the process that has it. Takes no query, unless dates
 * follow the time zone of the session, which must then be UTC.
 */
export async function demandLedgerColumns(client: object): Promise<void> {
  const columns = columnsOf(client)
  const provider = providerOf(client)
  if (provider === undefined || !isKnown(provider)) return
  demandFitting(columns, provider)
  const zoned = columns.filter(({ field }) => followsTimeZone(field))
  if (zoned.length > 0 && hasAdapter(client)) await demandUtc(client, zoned)
}

function columnsOf(client: object): Column[] {
  const models = scanBlocks((schemaTextOf(client).match(LEDGER_MODEL) ?? []).join('\n'))
  return models.flatMap(({ name: model, body }) =>
    readModel(body)
      .fields.filter(({ name }) => LEDGER_FIELDS.has(name))
      .map((field) => ({ name: `${model}.${field.name}`, field })),
  )
}

function demandFitting(columns: readonly Column[], provider: Provider): void {
  const faults = columns.filter(({ field }) => !keepsWhatIsWritten(field, provider))
  if (faults.length === 0) return
  throw new AfterPartyError('schema-conflict', {
    what: "Some columns of After Party's tables have types that change the values written to them.",
    why: faults.map(({ name, field }) => `${name} is ${typeText(field)}`).join('\n'),
    next: 'Run `npx after-party init` to see the types that these columns need. Change the models, create a migration, and apply it.',
  })
}

function typeText({ type, arity, attributes }: Field): string {
  return [`${type}${arity}`, ...attributes.filter(({ name }) => name.includes('.')).map(attributeText)].join(' ')
}

type Raw = { $queryRawUnsafe<Row>(query: string, ...parameters: unknown[]): Promise<Row[]> }

/** Both halves of the year: a zone may be UTC in winter alone. */
const ZONE_QUERY =
  "SELECT current_setting('TimeZone') AS zone, extract(timezone FROM timestamptz '2026-01-15 12:00:00Z')::int AS winter, extract(timezone FROM timestamptz '2026-07-15 12:00:00Z')::int AS summer"

async function demandUtc(client: object, zoned: readonly Column[]): Promise<void> {
  const raw = withoutExtensions(client) as Raw
  const [answer] = await ask(
    () => raw.$queryRawUnsafe<{ zone: string; winter: number; summer: number }>(ZONE_QUERY),
    () => leaveConnection(client),
  )
  if (!answer || (answer.winter === 0 && answer.summer === 0)) return
  throw new AfterPartyError('schema-conflict', {
    what: `The database session uses the time zone ${answer.zone}, which would make dates in After Party's tables wrong by hours.`,
    why: `These fields have the type Timestamptz: ${zoned.map(({ name }) => name).join(', ')}. Prisma's adapter sends and reads dates without a time zone.`,
    next: 'Remove the native type from these fields, create a migration, and apply it. Or set the time zone of the connection to UTC: add `?options=-c%20timezone%3DUTC` to the URL.',
  })
}

/**
 * Throws `client-invalid` when two clients of SQLite store dates in different ways (`timestampFormat`): SQLite compares
 * a text with a number without looking at either, and a lease that still runs would be over.
 */
export async function demandSameDates(ledgerClient: object, tasksClient: object): Promise<void> {
  if (providerOf(ledgerClient) !== 'sqlite' || providerOf(tasksClient) !== 'sqlite') return
  const [one, other] = [await storedAs(ledgerClient), await storedAs(tasksClient)]
  if (one === other) return
  throw new AfterPartyError('client-invalid', {
    what: '`client` and `ledgerClient` in the config store dates in different formats.',
    why: `One writes them as ${one}, the other as ${other}, and both write to After Party's tables.`,
    next: 'Set the same `timestampFormat` for both adapters: the one that the existing rows have.',
  })
}

async function storedAs(client: object): Promise<'texts' | 'numbers'> {
  const raw = withoutExtensions(client) as Raw
  const [answer] = await ask(
    () => raw.$queryRawUnsafe<{ type: string }>('SELECT typeof(?) AS type', new Date(0)),
    () => leaveConnection(client),
  )
  return answer?.type === 'text' ? 'texts' : 'numbers'
}
