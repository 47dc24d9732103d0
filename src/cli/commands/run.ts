import { defineCommand } from '../command.js'
import { deployIdOf } from '../deploy-id.js'
import { EXIT, exitCodeOf } from '../exit-codes.js'
import { duration, lease, project } from '../options.js'
import { untilSignal } from '../signals.js'
import { usingParty } from '../using-party.js'

export const runCommand = defineCommand({
  command: 'run [names..]',
  describe: 'Run everything pending, in order; with names, those tasks, even when they are done',
  options: (yargs) =>
    project(yargs)
      .positional('names', { type: 'string', array: true, describe: 'Tasks to run, by name or version' })
      .option('dry-run', { type: 'boolean', default: false, describe: 'Print what would run, and why; run nothing' })
      .option('rehearse', {
        type: 'boolean',
        default: false,
        describe: 'Run in transactions that are rolled back; tell what would change, and how long it would take',
      })
      .option('json', { type: 'boolean', default: false, describe: 'Print the result as one JSON object' })
      .option('deploy-id', {
        type: 'string',
        requiresArg: true,
        describe: 'Name of this deploy: everyDeploy tasks run once for it',
      })
      .option('lease', lease('How long a claim stands without a heartbeat (60s)'))
      .option('lock-timeout', duration('How long to wait for a task that another run has (10m)'))
      .option('wait', { type: 'boolean', default: true, describe: 'Wait for other runs; --no-wait exits 3 at once' })
      .option('max-duration', duration('Stop cleanly after this long; the next run goes on'))
      .option('skip-migration-check', {
        type: 'boolean',
        default: false,
        describe: 'Run though migrations are not applied',
      })
      .option('grace', duration('How long a task may go on after a signal (25s)'))
      .check(
        ({ rehearse, dryRun, maxDuration }) =>
          !rehearse ||
          !(dryRun || maxDuration !== undefined) ||
          '--rehearse goes without --dry-run and --max-duration.',
      ),
  run: async (args) => {
    return usingParty(args, async (party, _, crashed) => {
      const deployId = deployIdOf(args.deployId, process.env)
      const names = args.names ?? []
      if (args.dryRun) {
        const { printPlan } = await import('../reporters/plan.js')
        printPlan(await party.plan({ names, deployId }), { json: args.json })
        return EXIT.done
      }
      const { reportText } = await import('../reporters/text.js')
      if (args.rehearse) {
        const { printRehearsal } = await import('../reporters/rehearsal.js')
        const report = reportText()
        const rehearsals = await party.rehearse({
          names,
          deployId,
          grace: args.grace,
          skipMigrationCheck: args.skipMigrationCheck,
          // The rehearsals themselves are told when all are over.
          onEvent: (event) => event.type === 'log' && report(event),
        })
        printRehearsal(rehearsals, { json: args.json })
        return rehearsals.some(({ outcome }) => outcome === 'failed') ? EXIT.failed : EXIT.done
      }
      return untilSignal(async (signal, received) => {
        const result = await party.run({
          names,
          deployId,
          lease: args.lease,
          lockTimeout: args.wait ? args.lockTimeout : 0,
          grace: args.grace,
          maxDuration: args.maxDuration,
          skipMigrationCheck: args.skipMigrationCheck,
          signal,
          crashed,
          onEvent: reportText(),
        })
        if (args.json) process.stdout.write(`${JSON.stringify(result)}\n`)
        return result.outcome === 'interrupted' ? (received() ?? EXIT.sigterm) : exitCodeOf(result.outcome)
      })
    })
  },
})
