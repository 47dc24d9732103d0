import type { Finding } from '../doctor/finding.js'
import { asCalled } from '../runner.js'
import { count, indent, stderr, stdout } from '../terminal.js'
import { printJson } from './json.js'

const MARKS = { ok: ['green', '✔'], warning: ['yellow', '⚠'], problem: ['red', '✖'], unknown: ['dim', '›'] } as const

/** Prints what `doctor` found: a line each, with what to do about it, or one JSON object. */
export function printFindings(findings: readonly Finding[], { json }: { json: boolean }): void {
  if (json) {
    printJson('doctor', {
      findings: findings.map(({ next, ...finding }) => ({ ...finding, ...(next && { next: asCalled(next) }) })),
    })
    return
  }
  for (const { check, state, what, why, next } of findings) {
    const [colour, mark] = MARKS[state]
    stdout.line(`${stdout.style(colour, mark)} ${check}: ${what}`)
    if (why) stdout.line(indent(why))
    if (next) stdout.line(indent(`→ ${asCalled(next)}`).trimEnd())
  }
  const [problems, warnings] = ['problem', 'warning'].map(
    (state) => findings.filter((each) => each.state === state).length,
  )
  if (problems || warnings)
    stderr.line(
      `\n${[problems && count(problems, 'problem'), warnings && count(warnings, 'warning')].filter(Boolean).join(', ')}`,
    )
}
