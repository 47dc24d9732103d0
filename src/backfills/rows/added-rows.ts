import type { BackfillDefinition } from '../../define/backfill.js'
import type { Walked } from './target.js'
import type { Column } from './walked-model.js'

const GROWS =
  /^(?:autoincrement\(|sequence\(|auto\(|now\(|uuid\(7\)|ulid\(|cuid\(1?\)|dbgenerated\(.*(?:v7|nextval|now\(|current_timestamp))/i

/**
 * What to say of a backfill whose own code may add rows of the model, where they may come after the row that the walk is
 * at, and before its last one: it would take its own copies for rows to copy. Undefined where new keys come last.
 */
export function addedRowsWarning(
  { run, execute, follow }: BackfillDefinition,
  { model, walk: { fields } }: Walked,
): string | undefined {
  const [first] = fields.flatMap((field) => model.columns.get(field) ?? [])
  const own = run ? 'run' : execute && 'execute'
  if (!own || follow || !first || comesLast(first, fields.length === 1)) return undefined
  return `New rows of ${model.key} can sort anywhere by ${fields.join(', ')}, so the backfill may also process rows that are added while it runs, even by its own \`${own}\`. Exclude them with \`where\`, set \`cursor\` to an increasing field, or set \`follow: true\` if that is fine.`
}

/** Of a number or a date that the team gives itself, nobody knows: most of them grow. */
function comesLast({ type, default: value }: Column, alone: boolean): boolean {
  return value === undefined ? alone && type !== 'String' : GROWS.test(value)
}
