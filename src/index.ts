export type {
  AdaptiveBatchSize,
  Backfill,
  BackfillContext,
  BackfillCursor,
  BackfillData,
  BackfillDefinition,
  BackfillModel,
  BackfillOptions,
  BackfillRow,
  BackfillSelect,
  BackfillWhere,
  Throttle,
  ThrottleContext,
  UnknownRow,
} from './backfill.js'
export { defineBackfill } from './backfill.js'
export type {
  Config,
  PrismaClientLike,
  Register,
  RegisteredClient,
  TransactionClient,
  UnregisteredClient,
} from './config.js'
export { defineConfig } from './config.js'
export type { Duration } from './duration.js'
export type { LogLevel, Outcome, RunEvent, RunListener, RunResult, TaskRef, TaskResult } from './engine/events.js'
export type { Marked, MarkOptions } from './engine/mark.js'
export type { PlannedTask, PlanReason, TaskFlag, TaskState } from './engine/plan.js'
export type { Rehearsal, RehearsedRow } from './engine/rehearse.js'
export type { Status, StatusSummary, TaskStatus } from './engine/status.js'
export type { ErrorCode } from './errors.js'
export { AfterPartyError } from './errors.js'
export type { TaskRecord, TaskRun } from './ledger/contract.js'
export type { AfterParty, AfterPartyOptions, PartyRunOptions } from './party.js'
export { createAfterParty } from './party.js'
export type {
  Log,
  RetryOptions,
  Task,
  TaskContext,
  TaskDefinition,
  TransactionOption,
  TransactionOptions,
} from './task.js'
export { defineTask } from './task.js'
