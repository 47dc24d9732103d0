import type { PlannedTask } from '../../engine/plan.js'
import { table } from '../table.js'
import { count, stderr, stdout } from '../terminal.js'

/** Prints what a run would do: the tasks that would run, or that somebody might expect to, each with its reason. */
export function printPlan(tasks: readonly PlannedTask[], { json }: { json: boolean }): void {
  if (json) stdout.line(JSON.stringify({ tasks: tasks.map(planned) }))
  else printTable(tasks)
}

function planned({ version, name, state, flags, runs, reason }: PlannedTask) {
  return { version, name, state, flags, runs, reason }
}

function printTable(tasks: readonly PlannedTask[]): void {
  const due = tasks.filter(({ runs }) => runs)
  const worthSaying = tasks.filter(({ runs, state, reason }) => runs || !(state === 'done' || reason === 'not named'))
  const head = ['', 'VERSION', 'TASK', 'WHY'].map((text) => stdout.style('dim', text))
  const rows = worthSaying.map(({ runs, version, name, flags, reason }) => [
    runs ? stdout.style('green', '→') : stdout.style('dim', '·'),
    version,
    name,
    [reason, ...flags].join(', '),
  ])
  if (rows.length > 0) stdout.line(table(head, rows))
  stderr.line(due.length === 0 ? 'Nothing would run.' : `${count(due.length, 'task')} would run. Nothing was run.`)
}
