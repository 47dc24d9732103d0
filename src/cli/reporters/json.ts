import type { AfterPartyError, ErrorCode } from '../../define/errors.js'
import type { PlannedTask, RunResult } from '../../define/events.js'
import type { CheckResult } from '../../deploy/check.js'
import type { DeployResult } from '../../deploy/deploy.js'
import type { PlannedSegment } from '../../deploy/plan-deploy.js'
import type { Marked } from '../../engine/mark.js'
import type { Rehearsal } from '../../engine/rehearse.js'
import type { Requested } from '../../engine/requests.js'
import type { Status, TaskAttempt } from '../../engine/status.js'
import type { Waited } from '../../engine/wait.js'
import type { WorkResult } from '../../worker/worker.js'
import type { Finding } from '../doctor/finding.js'
import { stdout } from '../terminal.js'

/** What each command prints with `--json`: docs/json.md has the same shapes, and a test compares them. */
export interface JsonOutput {
  run: RunResult
  plan: { tasks: PlannedTask[] }
  rehearsal: { rehearsals: Rehearsal[] }
  status: Pick<Status, 'tasks' | 'summary' | 'worker'>
  work: WorkResult
  requested: { tasks: Requested[] }
  wait: Waited
  mark: { marked: Marked[] }
  history: { runs: TaskAttempt[] }
  doctor: { findings: Finding[] }
  check: CheckResult
  deploy: DeployResult
  'deploy plan': { segments: PlannedSegment[] }
  error: { error: { code: ErrorCode | 'bug' } & Pick<AfterPartyError, 'what'> & Partial<Texts> }
}

interface Texts {
  why: string | undefined
  next: string | undefined
}

/**
 * Prints a command's one object on stdout.
 *
 * @example printJson('mark', { marked })
 */
export function printJson<Command extends keyof JsonOutput>(_: Command, output: JsonOutput[Command]): void {
  stdout.line(JSON.stringify(output, jsonValue))
}

/** A BigInt of a row has no JSON of its own. */
export function jsonValue(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value
}
