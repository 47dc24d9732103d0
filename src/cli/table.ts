import { stripVTControlCharacters } from 'node:util'
import Table from 'cli-table3'

const NO_LINES = Object.fromEntries(
  [
    ...['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right'],
    ...['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid'],
  ].map((name) => [name, '']),
)

const GAP = 2
/** Narrower than that, the last column is no better for being wrapped. */
const NARROWEST = 16

/** Rows in aligned columns, without lines, as one text. On a terminal, the last column is wrapped to fit. */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  columns: number | undefined = process.stdout.columns,
): string {
  const others = head.slice(0, -1).map((_, at) => Math.max(...[head, ...rows].map((row) => widthOf(row[at] ?? ''))))
  const left = (columns ?? Number.POSITIVE_INFINITY) - others.reduce((sum, width) => sum + width + GAP, 0)
  const widest = Math.max(0, ...rows.map((row) => widthOf(row.at(-1) ?? '')))
  const wraps = left >= NARROWEST && widest > left
  const made = new Table({
    ...(wraps && { colWidths: [...others, left], wordWrap: true }),
    chars: { ...NO_LINES, middle: '  ' },
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
  })
  made.push([...head], ...rows.map((row) => [...row]))
  return made
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
}

function widthOf(text: string): number {
  return stripVTControlCharacters(text).length
}
