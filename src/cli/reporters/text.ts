import { headline } from '../../define/errors.js'
import type { Reason, RunDatabase, RunEvent, RunResult, StopReason, TaskRef, TaskResult } from '../../define/events.js'
import { asCalled } from '../runner.js'
import { count, formatMs, indent, stderr } from '../terminal.js'
import { describeFailure } from './failure.js'
import { hintFor } from './hints.js'
import { Progress } from './progress.js'
import { describeReason, ownerOf } from './reason.js'

/** How to report a run. */
interface TextOptions {
  verbose?: boolean
  /** The command to type again. */
  command?: 'run' | 'deploy' | 'work'
}

/** Tells a run as lines of text on stderr. */
export function reportText({ verbose = false, command = 'run' }: TextOptions = {}): (event: RunEvent) => void {
  const began = performance.now()
  const progress = new Map<string, Progress>()
  let named = false
  return (event) => {
    if (event.type !== 'progress') for (const shown of progress.values()) shown.hide()
    if (event.type === 'finished') progress.delete(event.task.version)
    switch (event.type) {
      case 'planned':
        named = event.tasks.some(({ reason }) => reason.code === 'named' || reason.code === 'named-done')
        return stderr.line(planned(event))
      case 'baseline':
        return stderr.line(`› ${count(event.tasks.length, 'task')} recorded as baseline: this database is new`)
      case 'started':
        return stderr.line(`→ ${title(event.task)}${event.attempt > 1 ? dim(` (attempt ${event.attempt})`) : ''}`)
      case 'waiting':
        return stderr.line(
          `› ${event.task.name}: waiting for ${ownerOf(event.holder.owner)}, which holds it${since(event.holder.since)}`,
        )
      case 'log':
        return stderr.line(indent(`${LOG_MARKS[event.level]()}${event.message}`))
      case 'skipped':
        return stderr.line(indent(`${warn()} Skipped row ${event.row.key}: ${event.row.error}`))
      case 'step-skipped':
        return stderr.line(indent(dim(`› step '${event.step}' is already done`)))
      case 'progress':
        if (!progress.has(event.task.version))
          progress.set(event.task.version, new Progress(process.stderr, event.task.name, (line) => stderr.line(line)))
        return progress.get(event.task.version)?.update(event.processed, event.total)
      case 'retrying':
        return stderr.line(
          indent(`${warn()} try ${event.attempt} of ${event.attempts} failed: ${headline(event.error)}; retrying`),
        )
      case 'stopping':
        return stderr.line(
          indent(`${warn()} stopping (${STOPPING[event.reason]}): ${formatMs(event.graceMs)} to finish`),
        )
      case 'finished':
        return stderr.line(finished(event.task, event.result, { stack: event.stack, verbose, command }))
      case 'idle':
        return stderr.line(
          event.waiting.length === 0
            ? '› Nothing to do. Waiting for tasks.'
            : `› Nothing to do now. ${count(event.waiting.length, 'task')} ${event.waiting.length === 1 ? 'waits' : 'wait'}.`,
        )
      case 'left-alone':
        return stderr.line(
          asCalled(
            `${warn()} ${event.task.name} failed ${event.failures} times in a row. Workers leave it alone. Fix it, then: npx after-party resume ${event.task.name}`,
          ),
        )
      case 'work-failed':
        return stderr.line(`${warn()} ${event.error}`)
      case 'queue-failed':
        return stderr.line(
          `${warn()} The queue could not be reached: ${event.error}. Workers look at the database, too.`,
        )
      case 'listener-failed':
        return stderr.line(`${warn()} An \`onEvent\` listener failed: ${event.error}`)
      case 'ended':
        return ended(event, { ms: performance.now() - began, named, command })
    }
  }
}

function planned({ tasks, database }: Extract<RunEvent, { type: 'planned' }>): string {
  const due = tasks.filter(({ runs }) => runs).length
  if (due > 0) return `› ${count(due, 'task')} to run ${inDatabase(database)}`
  const nothing = tasks.some(({ reason }) => reason.code === 'fresh-baseline') ? 'Nothing to run' : 'Nothing to do'
  return `${stderr.style('green', '✔')} ${nothing} ${inDatabase(database)}.`
}

function inDatabase({ provider, name, host }: RunDatabase): string {
  return `in ${name ?? `a ${provider} database`}${host === undefined ? '' : ` on ${host}`}`
}

const STOPPING: Record<StopReason, string> = {
  signal: 'signal',
  timeout: 'timeout',
  lost: 'lost claim',
  request: 'by request',
}

const LOG_MARKS = {
  info: () => '',
  warn: () => `${warn()} `,
  error: () => `${stderr.style('red', '✖')} `,
}

function rowsOf({ processed = 0, changedMeanwhile = 0, skipped = 0 }: TaskResult): string {
  const parts = [
    count(processed, 'row'),
    changedMeanwhile > 0 && `${changedMeanwhile} changed meanwhile`,
    skipped > 0 && `${skipped} skipped`,
  ]
  return parts.filter(Boolean).join(', ')
}

function finished(
  task: TaskRef,
  result: TaskResult,
  { stack, verbose, command }: { stack: string | undefined; verbose: boolean; command: string },
): string {
  const took = dim(formatMs(result.durationMs))
  const rows = result.processed === undefined ? '' : dim(`, ${rowsOf(result)}`)
  switch (result.outcome) {
    case 'done':
      return `${stderr.style('green', '✔')} ${task.name} ${took}${rows}${result.elsewhere ? dim(' (in another process)') : ''}`
    case 'failed':
      return `${stderr.style('red', '✖')} ${task.name} failed after ${took}${rows}\n${failure(result, stack, verbose)}`
    case 'interrupted':
      return `${warn()} ${task.name} was interrupted after ${took}${rows}`
    case 'paused':
      return `› ${task.name} paused after ${took}${rows}: ${command === 'work' && result.reason?.code === 'max-duration' ? 'its slice ended' : why(result)}`
    case 'cancelled':
      return `› ${task.name} cancelled ${why(result)}`
    case 'waiting':
      return `› ${task.name} waits${waitsFor(result.reason)}`
    case 'locked':
      return `${stderr.style('red', '✖')} ${task.name}: ${why(result)}`
  }
}

function waitsFor(reason: Reason | undefined): string {
  if (!reason?.text) return ''
  return reason.code === 'after' ? ` for ${reason.text}` : `: ${reason.text}`
}

function why({ reason, holder }: TaskResult): string {
  return reason ? describeReason(reason, holder) : ''
}

function failure(result: TaskResult, stack: string | undefined, verbose: boolean): string {
  const error = [result.reason && why(result), result.error].filter(Boolean).join(': ')
  return describeFailure({ error, stack }, { verbose, terminal: stderr })
}

function ended(
  { result, notRun }: Extract<RunEvent, { type: 'ended' }>,
  { ms, named, command }: { ms: number; named: boolean; command: string },
): void {
  const { outcome, results } = result
  const last = results.at(-1)
  const name = last?.name ?? ''
  if (outcome === 'done') {
    summary(result, { ms, named })
    return
  }
  const hint = hintFor(last?.error ?? '')
  if (hint) stderr.line(`\n› ${hint}`)
  stderr.line(asCalled(`\n${whatNext(outcome, name, notRun.length, `npx after-party ${command}`)}`))
}

function summary(
  { results, background = [] }: Pick<RunResult, 'results' | 'background'>,
  { ms, named }: { ms: number; named: boolean },
): void {
  const waiting = results.filter((result) => result.outcome === 'waiting')
  const done = results.filter((result) => result.outcome === 'done').length
  const waits =
    waiting.length === 0 ? '' : `${count(waiting.length, 'task')} ${waiting.length === 1 ? 'waits' : 'wait'}`
  if (done > 0)
    stderr.line(
      `${stderr.style('green', '✔')} ${[`${count(done, 'task')} done in ${formatMs(ms)}`, waits].filter(Boolean).join(', ')}`,
    )
  else if (waits) stderr.line(`› ${waits}`)
  if (background.length > 0)
    stderr.line(
      `› ${count(background.length, 'background task')} ${background.length === 1 ? 'waits' : 'wait'} for a worker`,
    )
  const name = waiting.find(({ reason }) => reason?.code === 'waiting')?.name
  if (named && name !== undefined)
    stderr.line(
      asCalled(
        `\n\`when\` decides for named tasks too. To record the task as done without running it: npx after-party mark ${name} --done`,
      ),
    )
}

function whatNext(outcome: RunResult['outcome'], name: string, notRun: number, again: string): string {
  const rest = notRun === 0 ? '' : `${count(notRun, 'task')} after it ${notRun === 1 ? 'was' : 'were'} not run. `
  switch (outcome) {
    case 'paused':
      return `Paused: --max-duration ran out. The next \`${again}\` resumes where it stopped.`
    case 'failed':
      return `${rest}Fix the task and run \`${again}\` again. A backfill resumes where it stopped. \`npx after-party history ${name}\` shows the log of the task.`
    case 'locked':
      return `${rest}Run \`${again}\` again when the other run has finished, or increase --lock-timeout.`
    default:
      return `Stopped by a signal. The next \`${again}\` resumes where it stopped.`
  }
}

function title({ version, name }: TaskRef): string {
  return `${stderr.style('bold', name)} ${dim(version)}`
}

function since(date: Date | null): string {
  return date === null ? '' : ` since ${date.toISOString()}`
}

function dim(text: string): string {
  return stderr.style('dim', text)
}

function warn(): string {
  return stderr.style('yellow', '⚠')
}
