import type { AfterParty, PartyRunOptions } from '../../party.js'
import { defineCommand } from '../command.js'
import { deployIdOf } from '../deploy-id.js'
import { EXIT, exitCodeOf } from '../exit-codes.js'
import { duration, lease, project } from '../options.js'
import { printJson } from '../reporters/json.js'
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
  run: (args) =>
    usingParty(args, (party, _, crashed) => {
      const which = { names: args.names ?? [], deployId: deployIdOf(args.deployId, process.env) }
      const checks = { grace: args.grace, skipMigrationCheck: args.skipMigrationCheck }
      if (args.dryRun) return plan(party, which, args)
      if (args.rehearse) return rehearse(party, { ...which, ...checks }, args)
      const { lease, lockTimeout, maxDuration } = args
      const times = { lease, maxDuration, lockTimeout: args.wait ? lockTimeout : 0 }
      return run(party, { ...which, ...checks, ...times, crashed }, args)
    }),
})

async function plan(party: AfterParty, options: PartyRunOptions, { json }: { json: boolean }): Promise<number> {
  const { printPlan } = await import('../reporters/plan.js')
  printPlan(await party.plan(options), { json })
  return EXIT.done
}

async function rehearse(party: AfterParty, options: PartyRunOptions, { json }: { json: boolean }): Promise<number> {
  const { printRehearsal } = await import('../reporters/rehearsal.js')
  const { reportText } = await import('../reporters/text.js')
  const report = reportText()
  // The rehearsals themselves are told when all are over.
  const rehearsals = await party.rehearse({ ...options, onEvent: (event) => event.type === 'log' && report(event) })
  printRehearsal(rehearsals, { json })
  return rehearsals.some(({ outcome }) => outcome === 'failed') ? EXIT.failed : EXIT.done
}

async function run(party: AfterParty, options: PartyRunOptions, { json }: { json: boolean }): Promise<number> {
  const { reportText } = await import('../reporters/text.js')
  return untilSignal(async (signal, received) => {
    const result = await party.run({ ...options, signal, onEvent: reportText() })
    if (json) printJson('run', result)
    return result.outcome === 'interrupted' ? (received() ?? EXIT.sigterm) : exitCodeOf(result.outcome)
  })
}
