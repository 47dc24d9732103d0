import { describeOwner } from '../../attempt/owner.js'
import { headline } from '../../define/errors.js'
import type { Reason, TaskState } from '../../define/events.js'
import type { Status, TaskStatus } from '../../engine/status.js'
import type { WorkerStatus } from '../../engine/worker-status.js'
import { shownPath } from '../../project/shown-path.js'
import { asCalled } from '../runner.js'
import { table } from '../table.js'
import { clip, count, formatMs, stderr, stdout } from '../terminal.js'
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
  cancelled: 'dim',
  skipped: 'dim',
  baseline: 'dim',
  missing: 'yellow',
}

const STOPPED = new Set<TaskState>(['failed', 'interrupted', 'paused', 'cancelled'])

/** Prints the status: a table, or one JSON object. What is wrong with files goes to stderr. */
export function printStatus(
  status: Status,
  { json, directory, byTag = false }: { json: boolean; directory: string; byTag?: boolean },
): void {
  const { tasks, summary, faults, worker } = status
  if (json) printJson('status', { tasks, summary, worker })
  else if (tasks.length === 0 && byTag) stderr.line('No task matches.')
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
    if (worker) stderr.line(asCalled(ofWorkers(worker)))
  }
  for (const { file, message } of faults) stderr.line(`${stderr.style('red', '✖')} ${file}: ${message}`)
}

/** Whether somebody looks after what waits. */
function ofWorkers({ waiting, seenAt, overdue }: WorkerStatus): string {
  const wait = `${count(waiting, 'task')} ${waiting === 1 ? 'waits' : 'wait'} for a worker`
  if (!overdue) return `› ${wait}`
  const seen = seenAt === null ? 'No worker has been seen yet' : `No worker has been seen since ${utc(seenAt)} UTC`
  return `${stderr.style('yellow', '⚠')} ${wait}. ${seen}.\n→ Start one: npx after-party work`
}

function utc(date: Date): string {
  return date.toISOString().slice(0, 19).replace('T', ' ')
}

function row(task: TaskStatus): string[] {
  const state = stdout.style(COLOURS[task.state], task.state)
  const finished = task.finishedAt === null ? '' : utc(task.finishedAt)
  const took = task.durationMs === null ? '' : formatMs(task.durationMs)
  return [state, task.version, task.name, finished, took, remark(task)]
}

/** The one thing worth a reader's while: why it failed, how far it is, or what it is. */
function remark(task: TaskStatus): string {
  const { state, flags, reason, error, processed, total, leftMs, description, onlyIn } = task
  const waits = flags.includes('waiting') && reason ? describeReason(reason) : ''
  const betweenSlices = flags.includes('background') && reason?.code === 'max-duration'
  const stopped = isAsked(task)
    ? byWhom(task)
    : [headline(error ?? ''), waits].filter(Boolean).join(', ') ||
      (betweenSlices ? 'waits for its next slice' : why(reason, error))
  const told = STOPPED.has(state)
    ? [total === null ? '' : rows(processed, total), clip(stopped), retry(task)].filter(Boolean).join(', ')
    : waits
      ? clip(waits)
      : state === 'running'
        ? [progress(processed, total, leftMs), asked(task) || clip(why(reason, null)), holders(task)]
            .filter(Boolean)
            .join(', ')
        : onlyIn
          ? `only in ${onlyIn.join(', ')}`
          : clip(description ?? '')
  return [...flags.filter((flag) => flag !== 'waiting'), told].filter(Boolean).join(', ')
}

/** It stands as it does because somebody asked for that, whatever happened before. */
function isAsked({ state, request }: TaskStatus): boolean {
  return state === 'cancelled' || (state === 'paused' && request?.kind === 'pause')
}

/** Who asked, and why. */
function byWhom({ request, reason }: TaskStatus): string {
  if (request === null) return why(reason, null)
  return [`by ${request.by ?? 'request'}`, request.reason].filter(Boolean).join(': ')
}

/** What becomes of a background task that failed. */
function retry({ state, flags, retryAt }: TaskStatus): string {
  if (state !== 'failed' || !flags.includes('background')) return ''
  return retryAt === null ? 'left alone' : `next try ${utc(retryAt).slice(11, 16)} UTC`
}

/** What somebody asked of a task that still runs. */
function asked({ request }: TaskStatus): string {
  if (request === null) return ''
  return `asked to ${request.kind}${request.by === null ? '' : ` by ${request.by}`}`
}

/** Who works on it: of a backfill in parts, everybody who has one. */
function holders({ owner, parts }: TaskStatus): string {
  const ofParts = (parts ?? []).flatMap((part) => (part.state === 'running' && part.owner !== null ? part.owner : []))
  const all = new Set([...(owner === null ? [] : [owner]), ...ofParts].map(describeOwner))
  const done = parts && `${parts.filter(({ state }) => state === 'done').length} of ${count(parts.length, 'part')} done`
  return [done, [...all].join(' and ')].filter(Boolean).join(', ')
}

/** What it threw, or why it ended without that. */
function why(reason: Reason | null, error: string | null): string {
  return headline(error ?? '') || (reason ? describeReason(reason) : '')
}

/** How far a task is that runs elsewhere, and when it would end at its pace so far. */
function progress(processed: number | null, total: number | null, leftMs: number | null): string {
  if (!processed) return ''
  return `${rows(processed, total)}${leftMs === null ? '' : `, about ${formatMs(leftMs)} left`}`
}

function rows(processed: number | null, total: number | null): string {
  const of = total === null ? '' : ` of ${total.toLocaleString('en')}`
  return `${(processed ?? 0).toLocaleString('en')}${of} rows`
}
