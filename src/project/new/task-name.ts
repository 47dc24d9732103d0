import { snakeCase } from 'change-case'
import { AfterPartyError } from '../../define/errors.js'

const LONGEST = 100

/**
 * The name of a task as its file carries it, from the way somebody typed it.
 * Throws `task-name-invalid` for anything but letters, digits, `_`, `-` and spaces.
 *
 * @example
 * toTaskName('backfillSlugs') // 'backfill_slugs'
 * toTaskName('Backfill slugs') // 'backfill_slugs'
 */
export function toTaskName(input: string): string {
  const fault = faultOf(input)
  if (fault) {
    throw new AfterPartyError('task-name-invalid', {
      what:
        input.trim() === '' ? 'A task needs a name.' : `${JSON.stringify(shortened(input))} is not a valid task name.`,
      why: fault,
      next: 'Pass a valid name, such as `npx after-party new backfill_slugs`.',
    })
  }
  return snakeCase(input)
}

function faultOf(input: string): string | undefined {
  if (input.trim() === '') return 'The name is empty.'
  if (!/^[A-Za-z0-9_\- ]+$/.test(input)) return 'Use the letters a to z, digits, _, - and spaces.'
  if (/^[_\- ]*\d/.test(input)) return "A name can't start with a digit: it would look like a version"
  const name = snakeCase(input)
  if (name === '') return 'Use at least one letter.'
  if (name.length > LONGEST) return `The name has ${name.length} characters. The maximum is ${LONGEST}.`
  return undefined
}

function shortened(input: string): string {
  return input.length > 60 ? `${input.slice(0, 60)}…` : input
}
