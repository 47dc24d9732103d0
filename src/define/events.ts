/** The state of a task, as `status` shows it. */
export type TaskState =
  | 'pending'
  | 'running'
  | 'done'
  | 'recurring'
  | 'failed'
  | 'interrupted'
  | 'paused'
  | 'cancelled'
  | 'skipped'
  | 'baseline'
  | 'missing'

/**
 * Flags of a task. `late`: a newer task is already done. `changed`: the file changed after the task ran. `waiting`: its
 * `when` said not yet, or a task in its `after` is not done. `background`: deploys don't wait for it, workers run it.
 */
export type TaskFlag = 'late' | 'changed' | 'waiting' | 'background'

/** Who waits for a task: `foreground`, the deploy; `background`, nobody, a worker runs it. */
export type Lane = 'foreground' | 'background'

/** What somebody asked of a task from outside. */
export interface TaskRequest {
  kind: 'pause' | 'resume' | 'cancel'
  /** Who asked. */
  by: string | null
  at: Date | null
  /** Why. */
  reason: string | null
}

/** Why a run runs a task, or why it doesn't. */
export type PlanReason =
  /** The task runs. `named-done`: passed by name and already done. `running`: in another process, so the run waits for it. */
  | {
      code:
        | 'new'
        | 'marked-pending'
        | 'failed'
        | 'interrupted'
        | 'paused'
        | 'resumed'
        | 'every-deploy'
        | 'named'
        | 'named-done'
        | 'running'
    }
  /**
   * The task doesn't run. `fresh-baseline`: this run records it as `baseline`, because the database is new. `newer`:
   * newer than `upTo`. `background`: it waits for a worker. `foreground`: it waits for a deploy, and this run is for the
   * background. `paused-by-request` and `cancelled`: somebody asked for it.
   */
  | {
      code:
        | 'done'
        | 'skipped'
        | 'baseline'
        | 'fresh-baseline'
        | 'missing'
        | 'not-named'
        | 'newer'
        | 'background'
        | 'foreground'
        | 'paused-by-request'
        | 'cancelled'
    }
  | { code: 'other-environment'; only: string[]; environment: string }
  /** It has none of the tags of the run, or one that the run excludes. */
  | { code: 'other-tag'; only: string[] }
  | { code: 'excluded-tag'; tag: string }
  | { code: 'ran-in-deploy'; deployId: string }

/** A task, its state, and whether a run would run it. */
export interface PlannedTask {
  version: string
  name: string
  state: TaskState
  flags: TaskFlag[]
  /** Whether a run with these options runs the task. */
  runs: boolean
  reason: PlanReason
}

/**
 * How a run, or one task of it, ended. `locked`: another run holds the task. `paused`: `maxDuration` ran out, and the
 * next run resumes it.
 */
export type Outcome = 'done' | 'failed' | 'locked' | 'interrupted' | 'paused'

/**
 * How one task of a run ended. `waiting`: its `when` said not yet, or a task in its `after` is not done. `cancelled`, and
 * `paused` with the reason `requested`: somebody asked for it. The run went on without it in all of these cases.
 */
export type TaskOutcome = Outcome | 'waiting' | 'cancelled'

/** Why a task is not done, if it threw no error. */
export interface Reason {
  /**
   * `max-duration`: `maxDuration` ran out. `signal`: the process received a signal. `timeout`: the task took longer than
   * its `timeout`. `died`: its process died. `lost`: it sent no heartbeat within its lease, and another process took over.
   * `held`: another process holds the task. `failed-elsewhere`: the task failed in another process. `throttled`: the
   * backfill runs, and its `throttle` holds it back. `waiting`: its `when` said not yet. `after`: a task in its `after`
   * is not done. `requested`: somebody asked to pause or cancel it.
   */
  code:
    | 'max-duration'
    | 'signal'
    | 'timeout'
    | 'died'
    | 'lost'
    | 'held'
    | 'failed-elsewhere'
    | 'throttled'
    | 'waiting'
    | 'after'
    | 'requested'
  /**
   * Details: the timeout (`2m`), the other process (`<host>:<pid>:<random>`), the tasks that it comes after, or what the
   * throttle, `when` or the person who asked said.
   */
  text?: string
}

/** A row that a backfill skipped (`onError: 'skip'`), by its key, and why. */
export interface SkippedRow {
  key: string
  error: string
}

/** The result of one task in a run. */
export interface TaskResult {
  version: string
  name: string
  outcome: TaskOutcome
  durationMs: number
  /** Number of processed items, if the task reports it (`progress`). */
  processed?: number
  /** Of a backfill: rows that changed while a batch had them and were done again, in all attempts together. */
  changedMeanwhile?: number
  /** Of a backfill: rows skipped, in all attempts together. */
  skipped?: number
  /** Why it is not done. */
  reason?: Reason
  /** The error that the task threw, or the error of the database. */
  error?: string
  /** Which process holds the task, if it is `locked`, or was `paused` while it waited. */
  holder?: Holder
  /** True if another process ran the task while this one waited. */
  elsewhere?: true
}

/** Which database a run works in. It has neither a user nor a password. */
export interface RunDatabase {
  /** The provider, as in `schema.prisma`: `postgresql`. */
  provider: string
  /** The name. For SQLite, the path of the file, relative to the working directory. Null if it can't be found out. */
  name: string | null
  /** The host that the client connects to, or the name that the server gives itself, if known. */
  host?: string
}

/** The result of a run. A failed task is a result, not an exception. */
export interface RunResult {
  outcome: Outcome
  database: RunDatabase
  results: TaskResult[]
  /** The tasks that it recorded as `baseline` without running them, if there are any. */
  baseline?: TaskRef[]
  /** The tasks that wait for a worker, if there are any. */
  background?: TaskRef[]
  deployId?: string
}

/** Which process holds a task, and how long its lease is valid. */
export interface Holder {
  /** `<host>:<pid>:<random>`, or null if unknown. */
  owner: string | null
  since: Date | null
  /** Milliseconds until the claim expires without a heartbeat. */
  leaseLeftMs: number
}

/** The task of an event. */
export interface TaskRef {
  version: string
  name: string
}

/** The fields of every event. */
export interface EventBase {
  /** When the event happened, by the clock of this machine. */
  at: Date
  /** The id of the run: the same for all of its events. */
  run: string
}

/** An event of a run. */
export type RunEvent = EventBase & RunNews

/** Receives the events of a run. It is not awaited, and its errors don't affect the run. */
export type RunListener = (event: RunEvent) => unknown

/** Why a running task is asked to stop. */
export type StopReason = 'signal' | 'timeout' | 'lost' | 'request'

/** The fields of each type of event. */
export type RunNews =
  | { type: 'planned'; tasks: PlannedTask[]; database: RunDatabase }
  /** Tasks were recorded as `baseline` without running: the database is new. */
  | { type: 'baseline'; tasks: TaskRef[] }
  | { type: 'started'; task: TaskRef; attempt: number }
  | { type: 'waiting'; task: TaskRef; holder: Holder }
  | { type: 'log'; task: TaskRef; level: LogLevel; message: string }
  | { type: 'skipped'; task: TaskRef; row: SkippedRow }
  /** A worker has nothing to do. `waiting`: what it will do later, or others do now. */
  | { type: 'idle'; waiting: TaskRef[] }
  /** A background task failed so often in a row that workers leave it to people. */
  | { type: 'left-alone'; task: TaskRef; failures: number }
  /** A worker could not look at the tasks, or a file can't run. It goes on. */
  | { type: 'work-failed'; error: string }
  /** The queue could not be rung. Workers find the tasks in the ledger, later. */
  | { type: 'queue-failed'; error: string }
  /** A step is done already, by an earlier attempt or try: its result was kept. */
  | { type: 'step-skipped'; task: TaskRef; step: string }
  /** `batch`: which one of this attempt, in this process, where a backfill has done one. */
  | { type: 'progress'; task: TaskRef; processed: number; total: number | null; batch?: number }
  | { type: 'retrying'; task: TaskRef; error: string; attempt: number; attempts: number }
  | { type: 'stopping'; task: TaskRef; reason: StopReason; graceMs: number }
  | { type: 'finished'; task: TaskRef; result: TaskResult; stack?: string }
  | { type: 'ended'; result: RunResult; notRun: TaskRef[] }
  /** A listener threw or rejected. The other listeners receive this once per listener. */
  | { type: 'listener-failed'; error: string }

/** The levels of a task's log. */
export type LogLevel = 'info' | 'warn' | 'error'
