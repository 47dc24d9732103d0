import type { PlannedTask, PlanReason } from '../../define/events.js'
import { table } from '../table.js'
import { count, stderr, stdout } from '../terminal.js'
import { printJson } from './json.js'

/** Prints what a run would do: the tasks that would run, or that somebody might expect to, each with its reason. */
export function printPlan(tasks: readonly PlannedTask[], { json }: { json: boolean }): void {
  if (json) printJson('plan', { tasks: [...tasks] })
  else printTable(tasks)
}

function printTable(tasks: readonly PlannedTask[]): void {
  const due = tasks.filter(({ runs }) => runs)
  const worthSaying = tasks.filter(
    ({ runs, state, reason }) => runs || !(state === 'done' || state === 'baseline' || reason.code === 'not-named'),
  )
  const head = ['', 'VERSION', 'TASK', 'WHY'].map((text) => stdout.style('dim', text))
  const rows = worthSaying.map(({ runs, version, name, flags, reason }) => [
    runs ? stdout.style('green', '→') : stdout.style('dim', '·'),
    version,
    name,
    [reasonText(reason), ...flags].join(', '),
  ])
  if (rows.length > 0) stdout.line(table(head, rows))
  stderr.line(due.length === 0 ? 'Nothing would run.' : `${count(due.length, 'task')} would run. Nothing was run.`)
}

function reasonText(reason: PlanReason): string {
  switch (reason.code) {
    case 'other-environment':
      return `only in ${reason.only.join(', ')}; this is ${reason.environment}`
    case 'other-tag':
      return `not tagged ${reason.only.join(' or ')}`
    case 'excluded-tag':
      return `tagged ${reason.tag}`
    case 'ran-in-deploy':
      return `already ran in deploy ${reason.deployId}`
    default:
      return REASONS[reason.code]
  }
}

const REASONS: Record<
  Exclude<PlanReason['code'], 'other-environment' | 'other-tag' | 'excluded-tag' | 'ran-in-deploy'>,
  string
> = {
  new: 'new',
  'marked-pending': 'marked pending',
  failed: 'failed last time',
  interrupted: 'was interrupted',
  paused: 'paused, resumes',
  resumed: 'resumed by request',
  'every-deploy': 'every deploy',
  named: 'named explicitly',
  'named-done': 'named explicitly, already done',
  running: 'running in another process, waits for it',
  done: 'done',
  skipped: 'marked skipped',
  baseline: 'recorded as baseline',
  'fresh-baseline': 'the database is new, is recorded as baseline',
  missing: 'its file is missing',
  'not-named': 'not named',
  background: 'waits for a worker',
  foreground: 'waits for a deploy',
  'paused-by-request': 'paused by request',
  cancelled: 'cancelled',
  newer: 'runs after more migrations',
}
