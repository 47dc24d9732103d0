import type { BackfillDefinition } from '../define/backfill.js'
import { Displaced, isFinal, isPassing, isTooLarge } from './rows/batch-fault.js'
import type { Page } from './rows/pages.js'
import type { Obstacle } from './unreadable-rows.js'
import { RowsRefused } from './write/unmatched-rows.js'

/** What failed in a batch. */
export interface Fault {
  error: unknown
  /** The rows that it may be the fault of. */
  page: Page | undefined
  /** What kept the page from being read. */
  obstacle?: Obstacle
}

/**
 * What is done about it. `recall`: again, from what the ledger says; `later`: the same after a rest, with fewer rows;
 * `part`: the part of the page that can be read; `smaller`: fewer rows for a while; `without`: all but the rows that
 * were refused; `halve`: until the row at fault is alone; `skip`: that row; `retry`: as the definition says.
 */
export type NextTry = 'recall' | 'later' | 'part' | 'smaller' | 'without' | 'halve' | 'skip' | 'retry' | 'throw'

const BATCH_TRIES = 8

/** How a backfill goes on after a batch failed, at its nth attempt with so many rows. */
export function nextTry(
  { error, page, obstacle }: Fault,
  { attempt, size }: { attempt: number; size: number },
  { onError, retry }: Pick<BackfillDefinition, 'onError' | 'retry'>,
): NextTry {
  if (isFinal(error)) return 'throw'
  const few = attempt < BATCH_TRIES
  const skips = onError === 'skip'
  if (error instanceof Displaced) return few ? 'recall' : 'throw'
  const passing = isPassing(error)
  if (passing && few) return 'later'
  if (obstacle?.kind === 'later' || obstacle?.kind === 'size') return few ? 'part' : 'throw'
  if (skips && error instanceof RowsRefused) return 'without'
  if (page && !obstacle && size > 1 && isTooLarge(error)) return 'smaller'
  if (skips && !passing && page) return page.rows.length === 1 ? 'skip' : 'halve'
  return retry && attempt < retry.attempts ? 'retry' : 'throw'
}
