import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'

const PAGE = path.join(import.meta.dirname, '..', '..', 'docs', 'compatibility.md')
const BETWEEN = /(<!-- matrix -->\n)([\s\S]*?)(<!-- \/matrix -->)/
const HEAD = `| project | the task imports | the deploy, after \`prisma migrate deploy\` | result | tried with |
| --- | --- | --- | --- | --- |`

/**
 * Puts results into the table of docs/compatibility.md. Rows that were not run keep what they have there.
 *
 * @param {import('./row.mjs').Result[]} results
 * @param {import('./row.mjs').Row[]} rows all of them, in the order of the table
 */
export async function writeResults(results, rows) {
  const page = await readFile(PAGE, 'utf8')
  const before = BETWEEN.exec(page)?.[2]
  if (before === undefined) throw new Error('docs/compatibility.md has no markers')
  const kept = new Map(before.split('\n').map((line) => [/^\| (.+?) +\|/.exec(line)?.[1], line]))
  const made = new Map(results.map((result) => [result.row.name, lineOf(result)]))
  const lines = rows.flatMap(({ name }) => made.get(name) ?? kept.get(name) ?? [])
  const table = aligned([...HEAD.split('\n'), ...lines])
  await writeFile(
    PAGE,
    page.replace(BETWEEN, (_, open, __, close) => `${open}\n${table}\n\n${close}`),
  )
}

/** @param {import('./row.mjs').Result} result */
function lineOf({ row, outcome, reason, command, versions }) {
  const date = new Date().toISOString().slice(0, 10)
  const told = outcome === 'passed' ? 'works' : outcome === 'failed' ? `**fails**: ${reason}` : `skipped: ${reason}`
  const cells = [row.name, row.task, `\`${command}\``, told, [versions, date].filter(Boolean).join('; ')]
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`
}

/** A table as the formatter writes it: columns as wide as their widest cell. @param {string[]} lines */
function aligned(lines) {
  const table = lines.map((line) =>
    line
      .slice(1, -1)
      .split(/(?<!\\)\|/)
      .map((cell) => cell.trim()),
  )
  const widths = (table[0] ?? []).map((_, column) => Math.max(...table.map((cells) => (cells[column] ?? '').length)))
  return table
    .map((cells) => cells.map((cell, column) => cell.padEnd(widths[column] ?? 0, cell === '---' ? '-' : ' ')))
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n')
}
