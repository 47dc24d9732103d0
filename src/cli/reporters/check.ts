import type { CheckResult } from '../../deploy/check.js'
import { asCalled } from '../runner.js'
import { count, indent, stderr } from '../terminal.js'
import { describeGates } from './gates.js'
import { printJson } from './json.js'

/** Prints what `check` found. */
export function printCheck(result: CheckResult, { json }: { json: boolean }): void {
  if (json) printJson('check', result)
  const { faults, warnings, closed } = result
  for (const { file, message } of warnings) stderr.line(`${stderr.style('yellow', '⚠')} ${file}: ${message}.`)
  for (const { file, message } of faults) stderr.line(`${stderr.style('red', '✖')} ${file}: ${message}.`)
  if (faults.length > 0) stderr.line('→ Fix them before you deploy.')
  else if (closed && closed.length > 0) sayClosed(closed)
  else
    stderr.line(
      `${stderr.style('green', '✔')} ${count(result.tasks, 'task')} and ${count(result.gates, 'gate')} checked${closed === null ? ', without the database' : ''}`,
    )
}

function sayClosed(closed: NonNullable<CheckResult['closed']>): void {
  stderr.line(`${stderr.style('red', '✖')} ${count(closed.length, 'pending migration')} can't be applied yet:`)
  for (const { migration, requires } of closed) stderr.line(indent(`${migration} requires ${describeGates(requires)}`))
  stderr.line(
    asCalled('→ Run `npx after-party deploy` in place of `prisma migrate deploy`: it runs these tasks first.'),
  )
}
