import { messageOf } from '../../errors.js'
import { isBusy, isConnectionLost, isWriteConflict } from '../../ledger/database-errors.js'
import { Lost } from '../stop.js'
import { TransactionEnded, TransactionTimeout } from '../transaction.js'
import { Unawaited } from '../unawaited.js'
import { CursorError } from './walk.js'

/** The checkpoint was not written: the claim is lost, or an earlier try was committed after all. Rolls the batch back. */
export class Displaced extends Error {
  constructor() {
    super('the checkpoint was not where this batch began')
  }
}

/** What no other batch could get past, nor the same one later. */
export function isFinal(error: unknown): boolean {
  return (
    error instanceof Lost ||
    error instanceof CursorError ||
    error instanceof TransactionEnded ||
    error instanceof Unawaited
  )
}

/** What a smaller batch, or a later one, may get past. */
export function isPassing(error: unknown): boolean {
  return (
    error instanceof TransactionTimeout ||
    isWriteConflict(error) ||
    isBusy(error) ||
    isConnectionLost(error) ||
    /lock wait timeout|lock timeout|statement timeout|canceling statement/i.test(messageOf(error))
  )
}

/** Prisma's messages end with what happened. */
export function lastLine(text: string): string {
  return (
    text
      .split('\n')
      .filter((line) => line.trim() !== '')
      .at(-1)
      ?.trim() ?? text
  )
}
