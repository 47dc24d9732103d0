import { codeOf, messageOf } from '../../define/errors.js'
import { describeKey, type Key } from './keys.js'

/** What failed with one row: its message names the row, its reason does not. */
export class RowFault extends Error {
  readonly reason: string
  readonly code?: string

  constructor(fields: readonly string[], key: Key, reason: string, options?: ErrorOptions) {
    super(`row ${describeKey(fields, key)}: ${reason}`, options)
    this.reason = reason
  }

  /** An error of one row, with the stack and the code that it had. */
  static of(error: unknown, fields: readonly string[], key: Key): RowFault {
    const fault = new RowFault(fields, key, messageOf(error), { cause: error })
    if (!(error instanceof Error) || !error.stack) return fault
    const stack = error.stack.replace(error.message, () => fault.message)
    return Object.assign(fault, { stack, code: codeOf(error) })
  }
}
