import { AfterPartyError } from '../../define/errors.js'
import { LEDGER_ADDITIONS } from '../../ledger/models.js'
import { attributeText, type Field } from './fields.js'

/** The databases that the ledger can live in. */
export type Provider = 'sqlite' | 'postgresql' | 'mysql' | 'sqlserver' | 'cockroachdb' | 'mongodb'

/** A native type in a schema: `VarChar` and `64` of `@db.VarChar(64)`. */
interface NativeType {
  name: string
  args: string
}

/**
 * Per provider, the native types that hold a text of any length, the one that is written first. `undefined` among
 * them means that a plain String does too. MySQL's TEXT ends at 64 KB, so LongText is written; the others are accepted.
 */
export const LONG_TEXT: Record<Provider, readonly (string | undefined)[]> = {
  sqlite: [undefined],
  mongodb: [undefined, 'db.String'],
  cockroachdb: [undefined, 'db.String'],
  postgresql: ['db.Text', undefined],
  mysql: ['db.LongText', 'db.MediumText', 'db.Text'],
  sqlserver: ['db.NVarChar(Max)', 'db.VarChar(Max)', 'db.NText', 'db.Text'],
}

/** The fields of the ledger's models; what else a team has there is its own. */
export const LEDGER_FIELDS: ReadonlySet<string> = new Set([
  ...'version name status attempts startedAt finishedAt error checksum owner fence leaseUntil'.split(' '),
  ...'cursor processed total deployId id log'.split(' '),
  ...Object.values(LEDGER_ADDITIONS).flatMap((additions) => additions.flatMap(({ fields }) => fields)),
])

const LONG_TEXTS: ReadonlySet<string> = new Set('error cursor checkpoint skippedRows state params log'.split(' '))

/** Characters. The others need as many as a name or a deploy id may have: what MySQL's column for a String holds. */
const SHORTEST_TEXT: Readonly<Record<string, number>> = {
  ...{ version: 20, partOf: 20, id: 32, status: 11, checksum: 64, lane: 10, request: 6 },
}
const USUAL_TEXT = 191

/** Whether the ledger can live there. Throws `prisma-unsupported` when it can't. */
export function providerOf(name: string): Provider {
  if (Object.hasOwn(LONG_TEXT, name)) return name as Provider
  throw new AfterPartyError('prisma-unsupported', {
    what: name ? `The datasource provider "${name}" is not supported.` : 'The datasource has no provider.',
    why: `After Party supports ${Object.keys(LONG_TEXT).join(', ')}.`,
  })
}

type Fits = (args: string, field: string) => boolean

const always: Fits = () => true
const longEnough: Fits = (args, field) => args === '' || Number(args) >= (SHORTEST_TEXT[field] ?? USUAL_TEXT)
const longEnoughOrMax: Fits = (args, field) => args === 'Max' || (args !== '' && longEnough(args, field))
/** Leases are compared to the millisecond. */
const milliseconds =
  (usual: number): Fits =>
  (args) =>
    (args === '' ? usual : Number(args)) >= 3

const TEXT = { VarChar: longEnough, Text: always }
const DATE = { Timestamp: milliseconds(6), Timestamptz: milliseconds(6) }

/**
 * The native types in which a column keeps what the ledger writes, and gives it back as it was. Not among them: dates
 * that are rounded, or that follow a session's time zone on MySQL and change by themselves; texts that are padded or
 * cut; numbers that end too soon.
 */
const FITTING: Record<Provider, Partial<Record<string, Record<string, Fits>>>> = {
  postgresql: { String: TEXT, DateTime: DATE, Int: { Integer: always }, BigInt: { BigInt: always } },
  cockroachdb: { String: { String: longEnough }, DateTime: DATE, Int: { Int4: always }, BigInt: { Int8: always } },
  mysql: {
    String: { VarChar: longEnough, Text: always, MediumText: always, LongText: always },
    DateTime: { DateTime: milliseconds(0) },
    Int: { Int: always, UnsignedInt: always },
    BigInt: { BigInt: always, UnsignedBigInt: always },
  },
  sqlserver: {
    String: { NVarChar: longEnoughOrMax, VarChar: longEnoughOrMax },
    DateTime: { DateTime2: always },
    Int: { Int: always },
    BigInt: { BigInt: always },
  },
  mongodb: {
    String: { String: always },
    DateTime: { Date: always },
    Int: { Int: always },
    BigInt: { Long: always },
  },
  sqlite: {},
}

/** Whether a provider is one that the ledger can live on. */
export function isKnown(provider: string): provider is Provider {
  return Object.hasOwn(FITTING, provider)
}

/** Whether a column of the ledger, as a schema has it, keeps what is written to it. */
export function keepsWhatIsWritten(field: Field, provider: Provider): boolean {
  const native = nativeTypeOf(field)
  if (LONG_TEXTS.has(field.name)) return LONG_TEXT[provider].includes(native && textOf(native))
  return native === undefined || (FITTING[provider][field.type]?.[native.name]?.(native.args, field.name) ?? false)
}

/** Whether a column keeps dates by the time zone of whoever writes them, when the adapter sends them without one. */
export function followsTimeZone(field: Field): boolean {
  return nativeTypeOf(field)?.name === 'Timestamptz'
}

/** The prefix is the datasource's name, which is a team's own choice. */
function nativeTypeOf({ attributes }: Field): NativeType | undefined {
  const native = attributes.find(({ name }) => name.includes('.'))
  return native && { name: native.name.slice(native.name.indexOf('.') + 1), args: native.args }
}

function textOf({ name, args }: NativeType): string {
  return attributeText({ name: `db.${name}`, args }).slice(1)
}
