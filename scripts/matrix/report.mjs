import { styleText } from 'node:util'

const MARKS = /** @type {const} */ ({ passed: ['green', '✔'], failed: ['red', '✖'], skipped: ['yellow', '-'] })

/** @param {string} text */
export function say(text) {
  process.stdout.write(`${text}\n`)
}

/** @param {import('./row.mjs').Result} result */
export function sayResult({ row, outcome, reason, output, seconds }) {
  const [color, mark] = MARKS[outcome]
  const why = reason && `: ${outcome === 'skipped' ? `skipped, ${reason}` : reason}`
  say(`${styleText(color, mark, { stream: process.stdout })} ${row.name} ${seconds.toFixed(0)}s${why}`)
  if (output) say(output.trimEnd().replaceAll(/^/gm, '    '))
}

/** @param {import('./row.mjs').Result[]} results */
export function saySummary(results) {
  const count = (/** @type {string} */ wanted) => results.filter(({ outcome }) => outcome === wanted).length
  const numbers = ['passed', 'failed', 'skipped'].map((outcome) => `${count(outcome)} ${outcome}`)
  say(`${results.length} kinds of projects: ${numbers.join(', ')}`)
}
