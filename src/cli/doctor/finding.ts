import { AfterPartyError } from '../../define/errors.js'
import { asFileError } from '../../project/file-error.js'

/** What `doctor` looked at. */
export type CheckName =
  | 'versions'
  | 'schema'
  | 'config'
  | 'types'
  | 'tasks'
  | 'clients'
  | 'database'
  | 'migrations'
  | 'clock'
  | 'locking'
  | 'pooler'
  | 'times'

/** What one look found: `problem` stops `run`, `warning` may hurt later, `unknown` could not be looked at. */
export interface Finding {
  check: CheckName
  state: 'ok' | 'warning' | 'problem' | 'unknown'
  what: string
  why?: string | undefined
  next?: string | undefined
}

/** What a check found without its name. */
export type Found = Omit<Finding, 'check'>

/** Does a check; what can be fixed and stops it is what it found. */
export async function look(
  check: CheckName,
  work: () => Promise<Found | Found[]> | Found | Found[],
): Promise<Finding[]> {
  try {
    return [await work()].flat().map((found) => ({ check, ...found }))
  } catch (thrown) {
    const error = asFileError(thrown)
    if (!(error instanceof AfterPartyError)) throw error
    const { what, why, next } = error
    return [{ check, state: 'problem', what, why, next }]
  }
}
