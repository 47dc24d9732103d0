import type { Argv, Options } from 'yargs'
import { type Duration, isDuration, isLease } from '../define/duration.js'
import type { ProjectArgs } from './using-party.js'

/** The options of every command that opens the project. */
export function project<T>(yargs: Argv<T>): Argv<T & ProjectArgs> {
  return yargs
    .option('config', { type: 'string', describe: 'Path to the config file', requiresArg: true })
    .option('env', { type: 'string', describe: 'Environment name (AFTER_PARTY_ENV, NODE_ENV)', requiresArg: true })
}

/** The options that choose tasks by their tags. */
export function tags<T>(yargs: Argv<T>) {
  return yargs
    .option('tag', repeatable('Only tasks with this tag; repeatable: with any of these tags'))
    .option('exclude-tag', repeatable('Leave out tasks with this tag; repeatable'))
}

/** The option that chooses between the tasks of deploys and those of workers. */
export function lane(describe: string) {
  return { choices: ['foreground', 'background'] as const, requiresArg: true, describe } satisfies Options
}

/** An option that may be passed more than once, with one value each time. */
export function repeatable(describe: string) {
  return { type: 'string', array: true, nargs: 1, describe } as const satisfies Options
}

/** An option that takes a duration. */
export function duration(describe: string) {
  return {
    type: 'string',
    requiresArg: true,
    describe,
    coerce: (value: string | undefined): Duration | undefined => {
      if (value === undefined) return undefined
      const given = /^\d+$/.test(value) ? Number(value) : value
      if (isDuration(given)) return given
      throw new Error(`${JSON.stringify(value)} is not a duration. Examples: 500ms, 10s, 5m, 1h.`)
    },
  } as const satisfies Options
}

/** An option that takes a lease: a duration that heartbeats fit into. */
export function lease(describe: string) {
  const option = duration(describe)
  return {
    ...option,
    coerce: (value: string | undefined): Duration | undefined => {
      const given = option.coerce(value)
      if (given === undefined || isLease(given)) return given
      throw new Error(`A lease of ${value} is too short: use 100ms or more.`)
    },
  } as const satisfies Options
}
