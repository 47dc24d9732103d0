import type { Rehearsal } from '../../engine/rehearse.js'
import { count, formatMs, indent, stderr, stdout } from '../terminal.js'
import { describeFailure } from './failure.js'
import { jsonValue, printJson } from './json.js'

/** Prints what a rehearsal showed. */
export function printRehearsal(
  rehearsals: readonly Rehearsal[],
  { json, verbose }: { json: boolean; verbose: boolean },
): void {
  if (json) {
    printJson('rehearsal', { rehearsals: [...rehearsals] })
    return
  }
  for (const rehearsal of rehearsals) stdout.line(told(rehearsal, verbose))
  const rehearsed = rehearsals.filter(({ outcome }) => outcome === 'rehearsed').length
  stderr.line(`${count(rehearsed, 'task')} rehearsed. ${whatIsLeft(rehearsals)}`)
}

function whatIsLeft(rehearsals: readonly Rehearsal[]): string {
  const left = rehearsals.filter(({ mayBeCommitted }) => mayBeCommitted).map(({ name }) => name)
  if (left.length === 0) return 'All changes were rolled back.'
  return `${stderr.style('yellow', '⚠')} Some changes may be committed. Check the data that these tasks touched: ${left.join(', ')}.`
}

function told(rehearsal: Rehearsal, verbose: boolean): string {
  const { name, outcome, durationMs, error = '', stack, rows, total, batchMs, estimateMs, sample } = rehearsal
  if (outcome === 'skipped')
    return `${stdout.style('yellow', '⚠')} ${name} was not rehearsed: it has no transaction to roll back`
  if (outcome === 'failed')
    return `${stdout.style('red', '✖')} ${name} failed after ${formatMs(durationMs)}\n${describeFailure({ error, stack }, { verbose, terminal: stdout })}`
  const head = `${stdout.style('green', '✔')} ${name} ${stdout.style('dim', formatMs(durationMs))}`
  if (rows === undefined) return head
  const of = total === undefined ? '' : ` of ${total.toLocaleString('en')}`
  const all = estimateMs === undefined ? '' : `, about ${formatMs(estimateMs)} for all rows`
  const figures = `${count(rows, 'row')}${of} tried, ${formatMs(batchMs ?? 0)} per batch${all}`
  const changes = (sample ?? [])
    .filter(({ before }) => Object.keys(before).length > 0)
    .map(({ key, before, after }) => `${key}: ${shown(before)} → ${shown(after)}`)
  return [head, indent([figures, ...changes].join('\n'))].join('\n')
}

function shown(row: object): string {
  const text = JSON.stringify(row, jsonValue)
  return text.length > 100 ? `${text.slice(0, 99)}…` : text
}
