import type { TaskRequest } from '../../define/events.js'
import { defineCommand } from '../command.js'
import { EXIT } from '../exit-codes.js'
import { duration, project } from '../options.js'
import { untilSignal } from '../signals.js'
import { usingParty } from '../using-party.js'

const DESCRIBE = {
  pause: 'Pause tasks, whatever process runs them. They stay paused until they are resumed',
  resume: 'Let paused, cancelled or failed tasks run again',
  cancel: 'Stop tasks for good. A backfill keeps its checkpoint',
} as const satisfies Record<TaskRequest['kind'], string>

/** The three commands that ask something of tasks from outside. */
export const [pauseCommand, resumeCommand, cancelCommand] = [command('pause'), command('resume'), command('cancel')]

function command(kind: TaskRequest['kind']) {
  return defineCommand({
    command: `${kind} <names..>`,
    describe: DESCRIBE[kind],
    examples: [[`${kind} backfill_slugs`, 'One task, by its name or version']],
    options: (yargs) =>
      project(yargs)
        .positional('names', {
          type: 'string',
          array: true,
          demandOption: true,
          describe: 'Names or versions of tasks',
        })
        .option('reason', { type: 'string', requiresArg: true, describe: 'Why, for status and history' })
        .option('by', { type: 'string', requiresArg: true, describe: 'Who asks (the user and the host)' })
        .option('timeout', duration('How long to wait for the process that runs it to stop (2m)'))
        .option('wait', {
          type: 'boolean',
          default: true,
          describe: 'Wait until it has stopped; with --no-wait, only ask',
        })
        .option('json', { type: 'boolean', default: false, describe: 'Print one JSON object' }),
    run: async (args) =>
      usingParty(args, async (party) => {
        const { printRequested } = await import('../reporters/requested.js')
        const { names, reason, by, json } = args
        const timeout = args.wait ? args.timeout : 0
        const requested = await untilSignal((signal) =>
          party[kind](names, { reason, timeout, signal, ...(by !== undefined && { by }) }),
        )
        printRequested(kind, requested, { json })
        return EXIT.done
      }),
  })
}
