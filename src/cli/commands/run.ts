import type { AfterParty, PartyRunOptions } from '../../party.js'
import { defineCommand } from '../command.js'
import { deployIdOf } from '../deploy-id.js'
import { EXIT, exitCodeOf } from '../exit-codes.js'
import { duration, lane, lease, project, repeatable, tags } from '../options.js'
import { paramsOf } from '../params.js'
import { printJson } from '../reporters/json.js'
import { untilSignal } from '../signals.js'
import { usingParty } from '../using-party.js'

export const runCommand = defineCommand({
  command: 'run [names..]',
  describe: 'Run all pending tasks, in order. With names: those tasks, even if they are done',
  examples: [
    ['run', 'What a deploy runs, after prisma migrate deploy'],
    ['run --rehearse', 'Try it, and roll everything back'],
    ['run backfill_slugs --batch-size 5000', 'One task, at another pace'],
    ['run import_customers --param limit=500', 'One task, with a parameter of its own'],
  ],
  options: (yargs) =>
    tags(project(yargs))
      .positional('names', { type: 'string', array: true, describe: 'Names or versions of tasks to run' })
      .option('dry-run', {
        type: 'boolean',
        default: false,
        describe: 'Print what would run and why, without running it',
      })
      .option('rehearse', {
        type: 'boolean',
        default: false,
        describe: 'Run in transactions that are rolled back, and show what would change and how long it would take',
      })
      .option('json', { type: 'boolean', default: false, describe: 'Print the result as one JSON object' })
      .option('deploy-id', {
        type: 'string',
        requiresArg: true,
        describe: 'ID of this deploy: everyDeploy tasks run once per ID',
      })
      .option('lease', lease('How long a claim is valid without a heartbeat (60s)'))
      .option('lock-timeout', duration('How long to wait for a task that another run holds (10m)'))
      .option('wait', {
        type: 'boolean',
        default: true,
        describe: 'Wait for other runs; with --no-wait, exit with code 3 at once',
      })
      .option('lane', lane('Which tasks to run: those that deploys wait for, or background tasks (foreground)'))
      .option('max-duration', duration('Stop cleanly after this long; the next run resumes'))
      .option('param', repeatable('Parameter of the named task, as name=value; repeatable'))
      .option('batch-size', {
        type: 'number',
        requiresArg: true,
        describe: 'Rows per batch of the named backfills, in this run',
      })
      .option('pause', duration('How long the named backfills pause after each batch, in this run'))
      .option('fresh', {
        type: 'boolean',
        default: false,
        describe: 'This database is new: record tasks set to baseline without running them',
      })
      .option('expect-database', {
        type: 'string',
        requiresArg: true,
        describe: 'Run only in the database with this name; exit with code 2 in another',
      })
      .option('skip-migration-check', {
        type: 'boolean',
        default: false,
        describe: 'Run even if migrations are pending',
      })
      .option('grace', duration('How long a task may take to finish after a signal (25s)'))
      .check(
        ({ rehearse, dryRun, maxDuration }) =>
          !rehearse ||
          !(dryRun || maxDuration !== undefined) ||
          "--rehearse can't be combined with --dry-run or --max-duration.",
      )
      .check(
        ({ names, param }) =>
          param === undefined ||
          (names ?? []).length === 1 ||
          '--param needs the name of one task: after-party run <name> --param name=value.',
      )
      .check(
        ({ names, tag, excludeTag }) =>
          (names ?? []).length === 0 ||
          (tag === undefined && excludeTag === undefined) ||
          "--tag and --exclude-tag can't be combined with names of tasks.",
      )
      .check(
        ({ batchSize }) =>
          typeof batchSize !== 'number' ||
          (Number.isInteger(batchSize) && batchSize > 0) ||
          '--batch-size takes a whole number above 0.',
      )
      .check(
        ({ names, batchSize, pause }) =>
          (names ?? []).length > 0 ||
          (batchSize === undefined && pause === undefined) ||
          '--batch-size and --pause need the name of a backfill: after-party run <name> --batch-size 5000.',
      ),
  run: async (args) => {
    const params = paramsOf(args.param)
    return usingParty(args, (party, _, crashed) => {
      const { names = [], tag, excludeTag } = args
      const which = {
        names,
        tags: tag,
        excludeTags: excludeTag,
        deployId: deployIdOf(args.deployId, process.env),
        params,
        fresh: args.fresh,
        expectDatabase: args.expectDatabase,
        lane: args.lane,
      }
      const checks = { grace: args.grace, skipMigrationCheck: args.skipMigrationCheck }
      if (args.dryRun) return plan(party, which, args)
      if (args.rehearse) return rehearse(party, { ...which, ...checks }, args)
      const { lease, lockTimeout, maxDuration, batchSize, pause } = args
      const times = { lease, maxDuration, lockTimeout: args.wait ? lockTimeout : 0, batchSize, pause }
      return run(party, { ...which, ...checks, ...times, crashed }, args)
    })
  },
})

async function plan(party: AfterParty, options: PartyRunOptions, { json }: { json: boolean }): Promise<number> {
  const { printPlan } = await import('../reporters/plan.js')
  printPlan(await party.plan(options), { json })
  return EXIT.done
}

async function rehearse(
  party: AfterParty,
  options: PartyRunOptions,
  { json, verbose }: { json: boolean; verbose: boolean },
): Promise<number> {
  const { printRehearsal } = await import('../reporters/rehearsal.js')
  const { reportText } = await import('../reporters/text.js')
  const report = reportText()
  // The rehearsals themselves are told when all are over.
  const rehearsals = await party.rehearse({ ...options, onEvent: (event) => event.type === 'log' && report(event) })
  printRehearsal(rehearsals, { json, verbose })
  return rehearsals.some(({ outcome }) => outcome === 'failed') ? EXIT.failed : EXIT.done
}

async function run(
  party: AfterParty,
  options: PartyRunOptions,
  { json, verbose }: { json: boolean; verbose: boolean },
): Promise<number> {
  const { reportText } = await import('../reporters/text.js')
  return untilSignal(async (signal, received) => {
    const result = await party.run({ ...options, signal, onEvent: reportText({ verbose }) })
    if (json) printJson('run', result)
    return result.outcome === 'interrupted' ? (received() ?? EXIT.sigterm) : exitCodeOf(result.outcome)
  })
}
