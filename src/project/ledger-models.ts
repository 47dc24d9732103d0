import { AfterPartyError } from '../errors.js'
import { LONG_TEXT } from './ledger-columns.js'
import { renderTemplate } from './templates.js'

/** The databases that the ledger can live in. */
export type Provider = 'sqlite' | 'postgresql' | 'mysql' | 'sqlserver' | 'cockroachdb' | 'mongodb'

/** A model of the ledger and the table behind it. */
export const LEDGER_MODELS = [
  { key: 'record', model: 'AfterPartyTaskRecord', table: 'after_party_task_records' },
  { key: 'run', model: 'AfterPartyTaskRun', table: 'after_party_task_runs' },
] as const

/** The name of a ledger model. */
export type LedgerModel = (typeof LEDGER_MODELS)[number]['model']

/** Whether the ledger can live there. Throws `prisma-unsupported` when it can't. */
export function providerOf(name: string): Provider {
  if (Object.hasOwn(LONG_TEXT, name)) return name as Provider
  throw new AfterPartyError('prisma-unsupported', {
    what: name ? `The datasource's provider is "${name}"` : 'The datasource has no provider',
    why: `After Party knows ${Object.keys(LONG_TEXT).join(', ')}`,
  })
}

/** What the text of the models depends on. */
export interface LedgerModelsOptions {
  provider: Provider
  /** For `@@schema("…")`, under multiSchema. */
  schema?: string | undefined
  /** Which of the two; both by default. */
  models?: readonly LedgerModel[] | undefined
}

/**
 * The text of the ledger's models for a provider, with its columns aligned as `prisma format` aligns them.
 *
 * @example ledgerModels({ provider: 'sqlite' }) // '/// Deploy tasks that ran, …\nmodel AfterPartyTaskRecord {\n  …'
 */
export function ledgerModels({ provider, schema, models }: LedgerModelsOptions): string {
  const longText = LONG_TEXT[provider][0]
  const text = renderTemplate('models', {
    record: models?.includes('AfterPartyTaskRecord') ?? true,
    run: models?.includes('AfterPartyTaskRun') ?? true,
    longText: longText ? ` @${longText}` : '',
    id: provider === 'mongodb' ? '@id @map("_id")' : '@id',
    schema: schema === undefined ? '' : JSON.stringify(schema),
  })
  return `${text
    .trim()
    .split(/(?<=\n\})\n+/)
    .map(alignFields)
    .join('\n\n')}\n`
}

/** Aligns name, type and attributes of every field of one model; a comment follows at once. */
function alignFields(model: string): string {
  const lines = model.split('\n').map((line) => ({ line, cells: cellsOf(line) }))
  const width = (column: 0 | 1) => Math.max(...lines.map(({ cells }) => cells?.[column].length ?? 0))
  const [names, types] = [width(0), width(1)]
  return lines
    .map(({ line, cells }) => {
      if (!cells) return line
      const [name, type, attributes, comment] = cells
      const field = `  ${name.padEnd(names)} ${type.padEnd(types)} ${attributes}`.trimEnd()
      return comment ? `${field} ${comment}` : field
    })
    .join('\n')
}

function cellsOf(line: string): [name: string, type: string, attributes: string, comment: string] | undefined {
  const [matched, name = '', type = '', attributes = '', comment = ''] =
    /^ {2}(\w+) (\S+) ?((?:(?!\/\/).)*?) ?(\/\/.*)?$/.exec(line) ?? []
  return matched === undefined ? undefined : [name, type, attributes, comment]
}
