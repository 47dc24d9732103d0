/** How a task stands, as `status` shows it. */
export type TaskState =
  | 'pending'
  | 'running'
  | 'done'
  | 'recurring'
  | 'failed'
  | 'interrupted'
  | 'paused'
  | 'skipped'
  | 'missing'

/** What is worth knowing beside the state. */
export type TaskFlag = 'late' | 'changed'

/** Why a run runs a task, or why it does not. */
export type PlanReason =
  /** It runs. `named-done`: it was named by hand, and is done. `running`: in another process, which is waited for. */
  | {
      code:
        | 'new'
        | 'marked-pending'
        | 'failed'
        | 'interrupted'
        | 'paused'
        | 'every-deploy'
        | 'named'
        | 'named-done'
        | 'running'
    }
  /** It does not. */
  | { code: 'done' | 'skipped' | 'missing' | 'not-named' }
  | { code: 'other-environment'; only: string[]; environment: string }
  | { code: 'ran-in-deploy'; deployId: string }

/** A task, how it stands, and whether a run would run it. */
export interface PlannedTask {
  version: string
  name: string
  state: TaskState
  flags: TaskFlag[]
  /** Whether a run with these options runs it. */
  runs: boolean
  reason: PlanReason
}

/**
 * How a run, or one task of it, ended. `locked`: another run has the task. `paused`: the run's time was up, and the next
 * run resumes it.
 */
export type Outcome = 'done' | 'failed' | 'locked' | 'interrupted' | 'paused'

/** Why a task is not done, where no error that it threw says so. */
export interface Reason {
  /**
   * `max-duration`: the run's time was up. `signal`: the process was told to end. `timeout`: the task took longer than
   * its `timeout`. `died`: its process ended without a word. `lost`: it missed its heartbeats, and another process took
   * the task. `held`: another process has it. `failed-elsewhere`: it failed in another process.
   */
  code: 'max-duration' | 'signal' | 'timeout' | 'died' | 'lost' | 'held' | 'failed-elsewhere'
  /** What belongs to the code: the timeout (`2m`), or the other process (`<host>:<pid>:<random>`). */
  text?: string
}

/** A row that a backfill skipped (`onError: 'skip'`), by its key, and why. */
export interface SkippedRow {
  key: string
  error: string
}

/** What became of one task in a run. */
export interface TaskResult {
  version: string
  name: string
  outcome: Outcome
  durationMs: number
  /** Things done, where the task tells (`progress`). */
  processed?: number
  /** Of a backfill: rows skipped, in all attempts together. */
  skipped?: number
  /** Why it is not done. */
  reason?: Reason
  /** What it threw, or what the database said. */
  error?: string
  /** Who has it, when it is `locked`, or `paused` while it waited. */
  holder?: Holder
  /** True when another process ran it while this one waited. */
  elsewhere?: true
}

/** What became of a run. A failed task is a result, not an exception. */
export interface RunResult {
  outcome: Outcome
  results: TaskResult[]
  deployId?: string
}

/** Who holds a task, and for how long yet. */
export interface Holder {
  /** `<host>:<pid>:<random>`; null when the ledger does not say. */
  owner: string | null
  since: Date | null
  /** Ms until the claim lapses without a heartbeat. */
  leaseLeftMs: number
}

/** Which task an event is about. */
export interface TaskRef {
  version: string
  name: string
}

/** What every event has. */
export interface EventBase {
  /** When it was told, by this machine's clock. */
  at: Date
  /** Names the run: the same for all of its events. */
  run: string
}

/** What a run tells while it runs. Reporters turn it into text, JSON or a progress bar; the engine never prints. */
export type RunEvent = EventBase & RunNews

/** Hears what happens in a run. Nobody waits for it, and what it throws changes nothing. */
export type RunListener = (event: RunEvent) => unknown

/** Why a running task is told to end. */
export type StopReason = 'signal' | 'timeout' | 'lost'

/** What an event is about. */
export type RunNews =
  | { type: 'planned'; tasks: PlannedTask[] }
  | { type: 'started'; task: TaskRef; attempt: number }
  | { type: 'waiting'; task: TaskRef; holder: Holder }
  | { type: 'log'; task: TaskRef; level: LogLevel; message: string }
  | { type: 'skipped'; task: TaskRef; row: SkippedRow }
  /** `batch`: which one of this attempt, in this process, where a backfill has done one. */
  | { type: 'progress'; task: TaskRef; processed: number; total: number | null; batch?: number }
  | { type: 'retrying'; task: TaskRef; error: string; attempt: number; attempts: number }
  | { type: 'stopping'; task: TaskRef; reason: StopReason; graceMs: number }
  | { type: 'finished'; task: TaskRef; result: TaskResult; stack?: string }
  | { type: 'ended'; result: RunResult; notRun: TaskRef[] }
  /** A listener threw, or rejected. Told once for each, to the others. */
  | { type: 'listener-failed'; error: string }

/** The levels of a task's log. */
export type LogLevel = 'info' | 'warn' | 'error'
