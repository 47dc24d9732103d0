import type { Reason, TaskRequest } from '../define/events.js'
import type { ListedRecord, LongText, TaskRecord, TaskRun } from './contract.js'
import { readSkippedRows } from './skipped-rows.js'

/** The few model operations that the ledger uses: the same on every database of Prisma. */
interface Delegate<Row> {
  findMany(args?: object): Promise<Row[]>
  findUnique(args: object): Promise<Row | null>
  create(args: object): Promise<Row>
  updateMany(args: object): Promise<{ count: number }>
}

/**
 * A record as the database has it. Row counts can pass 2^31, so they are BigInt there; a number here is exact to 2^53.
 * A ledger of the first release has its checkpoint in `cursor`, and its parts do not say what they are parts of.
 */
export type RecordRow = Omit<
  TaskRecord,
  'processed' | 'changedMeanwhile' | 'total' | 'skippedRows' | 'reason' | 'request'
> & {
  request: string | null
  requestedBy: string | null
  requestedAt: Date | null
  requestReason: string | null
  skippedRows: string | null
  reason: string | null
  reasonText: string | null
  processed: bigint | number
  changedMeanwhile: bigint | number
  total: bigint | number | null
  /** Only where it was asked for. */
  state?: string | null
  cursor?: string | null
}
export type RunRow = Omit<TaskRun, 'processed' | 'changedMeanwhile' | 'skippedRows' | 'reason'> & {
  skippedRows: string | null
  processed: bigint | number
  changedMeanwhile: bigint | number
  reason: string | null
  reasonText: string | null
}

/** What the ledger needs of a client. */
export interface LedgerClient {
  afterPartyTaskRecord: Delegate<RecordRow>
  afterPartyTaskRun: Delegate<RunRow>
  $queryRawUnsafe?(query: string): Promise<unknown>
  $transaction<T>(work: (transaction: LedgerClient) => Promise<T>): Promise<T>
  $disconnect(): Promise<void>
  $primary?(): LedgerClient
}

/** Asked for by name, whatever the client's `omit` leaves out: a record without its checkpoint would start over. */
export const LISTED: Record<
  Exclude<keyof ListedRecord, 'error'> | 'reasonText' | 'requestedBy' | 'requestedAt' | 'requestReason',
  true
> = {
  version: true,
  part: true,
  name: true,
  status: true,
  attempts: true,
  startedAt: true,
  finishedAt: true,
  reason: true,
  reasonText: true,
  checksum: true,
  owner: true,
  fence: true,
  leaseUntil: true,
  processed: true,
  changedMeanwhile: true,
  total: true,
  deployId: true,
  lane: true,
  seenAt: true,
  request: true,
  requestedBy: true,
  requestedAt: true,
  requestReason: true,
}
export const LISTED_WITH_ERROR = { ...LISTED, error: true }
export const RECORD = { ...LISTED_WITH_ERROR, checkpoint: true, skippedRows: true, params: true }
export const RUN: Record<Exclude<keyof TaskRun, LongText> | 'reasonText', true> = {
  id: true,
  version: true,
  name: true,
  fence: true,
  status: true,
  startedAt: true,
  finishedAt: true,
  owner: true,
  deployId: true,
  processed: true,
  changedMeanwhile: true,
  reason: true,
  reasonText: true,
}

/** Characters: what MySQL's column for a String holds. */
const LONGEST_REASON = 191

/** A reason as two columns have it. */
export function reasonColumns(reason: Reason | null): { reason: string | null; reasonText: string | null } {
  return { reason: reason?.code ?? null, reasonText: reason?.text?.slice(0, LONGEST_REASON) ?? null }
}

/** A request as four columns have it; null takes it away. */
export function requestColumns(request: TaskRequest | null) {
  return {
    request: request?.kind ?? null,
    requestedBy: request?.by?.slice(0, LONGEST_REASON) ?? null,
    requestedAt: request?.at ?? null,
    requestReason: request?.reason?.slice(0, LONGEST_REASON) ?? null,
  }
}

function toRequest({ request, requestedBy, requestedAt, requestReason }: Omit<RecordRow, 'error'>): TaskRequest | null {
  if (request == null) return null
  return { kind: request as TaskRequest['kind'], by: requestedBy, at: requestedAt, reason: requestReason }
}

/** A code of a later release is given on as it is. */
function toReason({ reason, reasonText }: Pick<RecordRow, 'reason' | 'reasonText'>): Reason | null {
  return reason === null ? null : { code: reason as Reason['code'], ...(reasonText !== null && { text: reasonText }) }
}

/** Without the columns that nothing here reads. */
export function toListed(row: Omit<RecordRow, 'error'> & { error?: string | null }): ListedRecord {
  const { version, name, status, attempts, startedAt, finishedAt, error, checksum } = row
  const { owner, fence, leaseUntil, processed, total, deployId, lane, seenAt } = row
  return {
    part: partOf(row),
    ...{
      version,
      name,
      status,
      attempts,
      startedAt,
      finishedAt,
      checksum,
      owner,
      fence,
      leaseUntil,
      deployId,
      lane,
      seenAt,
    },
    request: toRequest(row),
    ...(error !== undefined && { error }),
    reason: toReason(row),
    processed: Number(processed),
    changedMeanwhile: Number(row.changedMeanwhile),
    total: total === null ? null : Number(total),
  }
}

export function toRecord(row: RecordRow): TaskRecord {
  const { checkpoint, cursor = null, skippedRows, params, error } = row
  const texts = { error, checkpoint: checkpoint ?? cursor, params }
  return { ...toListed(row), ...texts, skippedRows: readSkippedRows(skippedRows) }
}

export function toRun(row: Omit<RunRow, LongText> & Partial<RunRow>): TaskRun {
  const { id, version, name, fence, status, startedAt, finishedAt, owner, deployId, processed } = row
  const { error = null, log = null, params = null, skippedRows = null } = row
  return {
    ...{ id, version, name, fence, status, startedAt, finishedAt, owner, deployId, error, log, params },
    reason: toReason(row),
    skippedRows: readSkippedRows(skippedRows),
    processed: Number(processed),
    changedMeanwhile: Number(row.changedMeanwhile),
  }
}

/** The columns that say of a part's record, `20261122103000/03`, what it is a part of. */
export function partColumns(id: string): { partOf: string | null; part: number | null } {
  const [version = id, part] = id.split('/')
  return part === undefined ? { partOf: null, part: null } : { partOf: version, part: Number(part) }
}

/** Which part of a backfill a record is; null: it is a task's. In the first release only the id says it. */
export function partOf({ version, part }: Pick<TaskRecord, 'version' | 'part'>): number | null {
  return part ?? partColumns(version).part
}
