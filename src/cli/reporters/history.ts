import { headline } from '../../define/errors.js'
import type { TaskAttempt } from '../../engine/status.js'
import { isFrame, ownFrames } from '../stack.js'
import { table } from '../table.js'
import { clip, count, formatMs, indent, stderr, stdout } from '../terminal.js'
import { printJson } from './json.js'
import { describeReason } from './reason.js'

/** Prints attempts: a table, or, for one task, each with its error and its log. */
export function printHistory(
  runs: readonly TaskAttempt[],
  { json, detailed }: { json: boolean; detailed: boolean },
): void {
  if (json) printJson('history', { runs: [...runs] })
  else if (runs.length === 0) stderr.line('No attempts yet.')
  else if (detailed) stdout.line(runs.map(details).join('\n\n'))
  else stdout.line(overview(runs))
}

function overview(runs: readonly TaskAttempt[]): string {
  const head = ['STATUS', 'VERSION', 'TASK', 'STARTED (UTC)', 'TOOK', ''].map((text) => stdout.style('dim', text))
  const rows = runs.map((run) => [
    ...row(run),
    clip([worked(run), headline(run.error ?? '') || why(run)].filter(Boolean).join('; ')),
  ])
  return table(head, rows)
}

function row(run: TaskAttempt): string[] {
  return [run.status, run.version, run.name, time(run.startedAt), took(run)]
}

function details(run: TaskAttempt): string {
  const where = [run.owner && `by ${run.owner}`, run.deployId && `deploy ${run.deployId}`].filter(Boolean).join(', ')
  const head = `${stdout.style('bold', run.status)} ${run.name}, ${time(run.startedAt)}, ${[took(run) || 'not finished', worked(run)].filter(Boolean).join(', ')}`
  const parts = [
    head,
    stdout.style('dim', indent(where)),
    run.params && indent(`params ${paramsText(run.params)}`),
    why(run) && indent(why(run)),
    run.error && indent(readable(run.error)),
    ...run.skippedRows.map(({ key, error }) => indent(`skipped row ${key}: ${error}`)),
    run.log && indent(run.log),
  ]
  return parts.filter(Boolean).join('\n').trimEnd()
}

function paramsText(params: Record<string, unknown>): string {
  const plain = (value: unknown) => typeof value === 'string' && /^\S+$/.test(value)
  const words = Object.entries(params).map(([name, value]) => `${name}=${plain(value) ? value : JSON.stringify(value)}`)
  return words.join(', ')
}

function why({ reason }: TaskAttempt): string {
  return reason ? describeReason(reason) : ''
}

function worked({ processed, changedMeanwhile, skippedRows }: TaskAttempt): string {
  const parts = [
    processed > 0 && count(processed, 'row'),
    changedMeanwhile > 0 && `${changedMeanwhile} changed meanwhile`,
    skippedRows.length > 0 && `${skippedRows.length} skipped`,
  ]
  return parts.filter(Boolean).join(', ')
}

function took({ startedAt, finishedAt }: TaskAttempt): string {
  return finishedAt === null ? '' : formatMs(Math.max(0, finishedAt.getTime() - startedAt.getTime()))
}

function time(date: Date): string {
  return date.toISOString().slice(0, 19).replace('T', ' ')
}

/** The message, and of the stack what leads to the team's own code; `--json` has it all. */
function readable(error: string): string {
  const lines = error.split('\n')
  const message = lines.filter((line) => !isFrame(line))
  return [...message, ...ownFrames(lines)].join('\n')
}
