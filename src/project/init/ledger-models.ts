import type { LedgerAddition, LedgerModel } from '../../ledger/models.js'
import { LONG_TEXT, type Provider } from '../schema/column-types.js'
import { renderTemplate } from '../templates.js'

/** What the text of the models depends on. */
export interface LedgerModelsOptions {
  provider: Provider
  /** For `@@schema("…")`, under multiSchema. */
  schema?: string | undefined
  /** Which of the two; both by default. */
  models?: readonly LedgerModel[] | undefined
  /** What the datasource is called: native types carry its name. `db` by default. */
  datasource?: string | undefined
}

/**
 * The text of the ledger's models for a provider, with its columns aligned as `prisma format` aligns them.
 *
 * @example ledgerModels({ provider: 'sqlite' }) // '/// Deploy tasks that ran, …\nmodel AfterPartyTaskRecord {\n  …'
 */
export function ledgerModels({ provider, schema, models, datasource = 'db' }: LedgerModelsOptions): string {
  const longText = LONG_TEXT[provider][0]?.replace(/^db\./, `${datasource}.`)
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

/** The lines of a model's text that hold these fields and attributes, in the order of the model. */
export function ledgerLines(
  model: LedgerModel,
  { fields, attributes }: LedgerAddition,
  options: Omit<LedgerModelsOptions, 'models' | 'schema'>,
): string[] {
  const wanted = (line: string) =>
    fields.includes(/^ {2}(\w+)/.exec(line)?.[1] ?? '') || attributes.includes(line.trim())
  return ledgerModels({ ...options, models: [model] })
    .split('\n')
    .filter(wanted)
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
