import { defineCommand } from '../command.js'
import { EXIT } from '../exit-codes.js'
import { project } from '../options.js'
import { printJson } from '../reporters/json.js'
import { count, stderr } from '../terminal.js'
import { usingParty } from '../using-party.js'

const STATES = ['done', 'pending', 'skipped'] as const

export const markCommand = defineCommand({
  command: 'mark [names..]',
  describe: 'Set the recorded state of tasks, without running them',
  examples: [
    ['mark backfill_slugs --done', 'It was done by hand'],
    ['mark --before 20260101000000 --skipped', 'Never run old tasks in this database'],
  ],
  options: (yargs) =>
    project(yargs)
      .positional('names', { type: 'string', array: true, describe: 'Names or versions of tasks' })
      .option('all', { type: 'boolean', default: false, describe: 'All tasks' })
      .option('before', { type: 'string', requiresArg: true, describe: 'All tasks older than this version' })
      .option('done', { type: 'boolean', default: false, describe: 'Mark as done, as if they had run' })
      .option('pending', { type: 'boolean', default: false, describe: 'Mark as pending, as if they had never run' })
      .option('skipped', { type: 'boolean', default: false, describe: 'Mark as skipped: never run in this database' })
      .option('json', { type: 'boolean', default: false, describe: 'Print one JSON object' })
      .check((args) => {
        if (STATES.filter((state) => args[state]).length !== 1)
          return 'Pass exactly one of --done, --pending or --skipped.'
        const selections = [(args.names ?? []).length > 0, args.all, args.before !== undefined]
        if (selections.filter(Boolean).length !== 1) return 'Choose tasks: names, `--all` or `--before <version>`.'
        if (args.before !== undefined && !/^\d{14}$/.test(args.before)) return '`--before` takes a 14-digit version.'
        return true
      }),
  run: async (args) => {
    return usingParty(args, async (party) => {
      const as = STATES.find((state) => args[state]) ?? 'done'
      const { names = [], all, before, json } = args
      const marked = await party.mark({ as, names, all, ...(before !== undefined && { before }) })
      if (json) printJson('mark', { marked })
      for (const { name, from, to } of json ? [] : marked) stderr.line(`✔ ${name}: ${from ?? 'pending'} → ${to}`)
      stderr.line(
        marked.length === 0 ? 'Nothing to change.' : `${count(marked.length, 'task')} changed. Nothing was run.`,
      )
      return EXIT.done
    })
  },
})
