import { AfterPartyError, codeOf } from '../define/errors.js'

/** Loads a package that only the users of one queue have. Throws `config-invalid` where it is missing. */
export async function optionalPackage(
  name: string,
  load: () => Promise<unknown>,
  install: string = name,
): Promise<Record<string, unknown>> {
  try {
    return (await load()) as Record<string, unknown>
  } catch (error) {
    if (!/MODULE_NOT_FOUND$/.test(codeOf(error) ?? '')) throw error
    throw missingPackage(name, install, error)
  }
}

/** What to do about a package that is missing. */
export function missingPackage(name: string, install: string, cause: unknown): AfterPartyError {
  return new AfterPartyError('config-invalid', {
    what: `The queue needs the package ${name}.`,
    next: `npm install ${install}`,
    cause,
  })
}
