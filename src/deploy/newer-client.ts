/** What the client of the newest schema refused, which the client of an older release did not. */
export interface ClientRefusal {
  /** The field, or the filter on it, by Prisma's name. */
  name: string
  /** `required`: it can't be null any more. `unknown`: it is not there any more. */
  why: 'required' | 'unknown'
}

/**
 * What the client refused in a task because of a later release: a null where the newest schema has a required field, or
 * a field that it no longer has. Undefined for other errors. Pure.
 *
 * @example clientRefusal('Argument `slug` must not be null.') // { name: 'slug', why: 'required' }
 */
export function clientRefusal(error: string): ClientRefusal | undefined {
  const [, required] = /Argument `(\w+)` must not be null/.exec(error) ?? []
  if (required !== undefined) return { name: required, why: 'required' }
  const [, unknown] = /Unknown (?:argument|field) `(\w+)`/.exec(error) ?? []
  return unknown === undefined ? undefined : { name: unknown, why: 'unknown' }
}
