import { headline } from '../../define/errors.js'
import type { Reason, TaskState } from '../../define/events.js'
import type { Status, TaskStatus } from '../../engine/status.js'
import { shownPath } from '../../project/shown-path.js'
import { asCalled } from '../runner.js'
import { table } from '../table.js'
import { clip, formatMs, stderr, stdout } from '../terminal.js'
import { printJson } from './json.js'
import { describeReason } from './reason.js'

const COLOURS: Record<TaskState, 'green' | 'yellow' | 'red' | 'cyan' | 'dim'> = {
  pending: 'yellow',
  running: 'cyan',
  done: 'green',
  recurring: 'green',
  failed: 'red',
  interrupted: 'yellow',
  paused: 'yellow',
  skipped: 'dim',
  baseline: 'dim',
  missing: 'yellow',
}

const STOPPED = new Set<TaskState>(['failed', 'interrupted', 'paused'])

/** Prints the status: a table, or one JSON object. What is wrong with files goes to stderr. */
export function printStatus(
  status: Status,
  { json, directory, byTag = false }: { json: boolean; directory: string; byTag?: boolean },
): void {
  const { tasks, summary, faults } = status
  if (json) printJson('status', { tasks, summary })
  else if (tasks.length === 0 && byTag) stderr.line('No task has these tags.')
  else if (tasks.length === 0)
    stderr.line(asCalled(`No tasks in ${shownPath(directory)} yet. Create one: npx after-party new <name>`))
  else {
    stdout.line(
      table(
        ['STATE', 'VERSION', 'TASK', 'FINISHED (UTC)', 'TOOK', ''].map((text) => stdout.style('dim', text)),
        tasks.map(row),
      ),
    )
    const counts = Object.entries(summary).filter(([, n]) => n > 0)
    stderr.line(`\n${counts.map(([state, n]) => `${n} ${state}`).join(', ')}`)
  }
  for (const { file, message } of faults) stderr.line(`${stderr.style('red', '✖')} ${file}: ${message}`)
}

function row(task: TaskStatus): string[] {
  const state = stdout.style(COLOURS[task.state], task.state)
  const finished = task.finishedAt === null ? '' : task.finishedAt.toISOString().slice(0, 19).replace('T', ' ')
  const took = task.durationMs === null ? '' : formatMs(task.durationMs)
  return [state, task.version, task.name, finished, took, remark(task)]
}

/** The one thing worth a reader's while: why it failed, how far it is, or what it is. */
function remark({ state, flags, reason, error, processed, total, leftMs, description, onlyIn }: TaskStatus): string {
  const waits = flags.includes('waiting') && reason ? describeReason(reason) : ''
  const stopped = [headline(error ?? ''), waits].filter(Boolean).join(', ') || why(reason, error)
  const told = STOPPED.has(state)
    ? [total === null ? '' : rows(processed, total), clip(stopped)].filter(Boolean).join(', ')
    : waits
      ? clip(waits)
      : state === 'running' && (processed || reason)
        ? [progress(processed ?? 0, total, leftMs), clip(why(reason, null))].filter(Boolean).join(', ')
        : onlyIn
          ? `only in ${onlyIn.join(', ')}`
          : clip(description ?? '')
  return [...flags.filter((flag) => flag !== 'waiting'), told].filter(Boolean).join(', ')
}

/** What it threw, or why it ended without that. */
function why(reason: Reason | null, error: string | null): string {
  return headline(error ?? '') || (reason ? describeReason(reason) : '')
}

/** How far a task is that runs elsewhere, and when it would end at its pace so far. */
function progress(processed: number, total: number | null, leftMs: number | null): string {
  return `${rows(processed, total)}${leftMs === null ? '' : `, about ${formatMs(leftMs)} left`}`
}

function rows(processed: number | null, total: number | null): string {
  const of = total === null ? '' : ` of ${total.toLocaleString('en')}`
  return `${(processed ?? 0).toLocaleString('en')}${of} rows`
}
