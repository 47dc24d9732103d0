export type { RehearsedRow } from './attempt/work.js'
export { throttles } from './backfills/throttles.js'
export type {
  AdaptiveBatchSize,
  Backfill,
  BackfillContext,
  BackfillCursor,
  BackfillData,
  BackfillDataForAll,
  BackfillDefinition,
  BackfillModel,
  BackfillOptions,
  BackfillRange,
  BackfillRow,
  BackfillSelect,
  BackfillWhere,
  ExecuteContext,
  RunPace,
  Throttle,
  ThrottleContext,
  Throttled,
  UnknownRow,
  UpdateContext,
} from './define/backfill.js'
export { defineBackfill } from './define/backfill.js'
export type {
  Config,
  OnFresh,
  PrismaClientLike,
  Register,
  RegisteredClient,
  TransactionClient,
  UnregisteredClient,
} from './define/config.js'
export { defineConfig } from './define/config.js'
export type { Duration } from './define/duration.js'
export type { ErrorCode } from './define/errors.js'
export { AfterPartyError } from './define/errors.js'
export type {
  Holder,
  Lane,
  LogLevel,
  Outcome,
  PlannedTask,
  PlanReason,
  Reason,
  RunDatabase,
  RunEvent,
  RunListener,
  RunResult,
  SkippedRow,
  StopReason,
  TaskFlag,
  TaskOutcome,
  TaskRef,
  TaskRequest,
  TaskResult,
  TaskState,
} from './define/events.js'
export type { ParamName, ParamsOf, ParamsSchema, SchemaIssue, SchemaResult } from './define/params.js'
export type { WorkMessage, WorkQueue } from './define/queue.js'
export type {
  Log,
  RetryOptions,
  Step,
  Task,
  TaskContext,
  TaskDefinition,
  TransactionOption,
  TransactionOptions,
  Verified,
  VerifyContext,
  When,
  WhenContext,
} from './define/task.js'
export { defineTask } from './define/task.js'
export type { CheckResult } from './deploy/check.js'
export type { DeployResult, DeployStep } from './deploy/deploy.js'
export type { Gate, Migrations, PendingMigration } from './deploy/pending-migrations.js'
export type { PlannedSegment } from './deploy/plan-deploy.js'
export type { BlockedMigration, Segment } from './deploy/segments.js'
export type { Marked, MarkOptions } from './engine/mark.js'
export type { PartStatus } from './engine/part-status.js'
export type { Rehearsal } from './engine/rehearse.js'
export type { Requested } from './engine/requests.js'
export type { HistoryOptions, Status, StatusOptions, StatusSummary, TaskAttempt, TaskStatus } from './engine/status.js'
export type { TagFilter } from './engine/tags.js'
export type { Waited } from './engine/wait.js'
export type { WorkerStatus } from './engine/worker-status.js'
export type {
  AfterParty,
  AfterPartyOptions,
  PartyRequestOptions,
  PartyRunOptions,
  PartyWaitOptions,
  PartyWorkOptions,
} from './party.js'
export { createAfterParty } from './party.js'
export type { WorkResult } from './worker/worker.js'
