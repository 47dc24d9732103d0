import { defineCommand } from '../command.js'
import { EXIT } from '../exit-codes.js'
import { duration, lease, project } from '../options.js'
import { printJson } from '../reporters/json.js'
import { untilSignal } from '../signals.js'
import { usingParty } from '../using-party.js'

export const workCommand = defineCommand({
  command: 'work',
  describe: 'Run background tasks until stopped. Any number of workers may run at once',
  examples: [
    ['work', 'A worker, as a service of its own'],
    ['work --once --max-duration 50s', 'What a cron job runs every minute'],
  ],
  options: (yargs) =>
    project(yargs)
      .option('once', { type: 'boolean', default: false, describe: 'Run what is due, and exit' })
      .option('concurrency', {
        type: 'number',
        default: 1,
        requiresArg: true,
        describe: 'How many tasks, or parts of backfills, to work on at once',
      })
      .option('slice', duration('How long to work on one task before the others get their turn (60s)'))
      .option('poll', duration('How long to sleep when there is nothing to do (5s)'))
      .option('max-duration', duration('Stop cleanly after this long'))
      .option('json', { type: 'boolean', default: false, describe: 'Print the result as one JSON object at the end' })
      .option('expect-database', {
        type: 'string',
        requiresArg: true,
        describe: 'Work only in the database with this name; exit with code 2 in another',
      })
      .option('skip-migration-check', {
        type: 'boolean',
        default: false,
        describe: 'Work even if migrations are pending, rather than wait until they are applied',
      })
      .option('lease', lease('How long a claim is valid without a heartbeat (60s)'))
      .option('grace', duration('How long a task may take to finish after a signal (25s)'))
      .check(
        ({ concurrency }) =>
          (Number.isInteger(concurrency) && concurrency > 0) || '--concurrency takes a whole number above 0.',
      ),
  run: async (args) =>
    usingParty(args, async (party, _, crashed) => {
      const { reportText } = await import('../reporters/text.js')
      const { once, concurrency, slice, poll, maxDuration, lease, grace, expectDatabase, skipMigrationCheck, verbose } =
        args
      const times = { slice, poll, maxDuration, lease, grace }
      return untilSignal(async (signal) => {
        const onEvent = reportText({ verbose, command: 'work' })
        const given = { once, concurrency, expectDatabase, skipMigrationCheck, signal, crashed, onEvent }
        const result = await party.work({ ...times, ...given })
        if (args.json) printJson('work', result)
        // A signal is how a worker ends.
        return result.outcome === 'failed' ? EXIT.failed : EXIT.done
      })
    }),
})
