import { defineCommand } from '../command.js'
import { EXIT } from '../exit-codes.js'
import { project } from '../options.js'
import { printJson } from '../reporters/json.js'
import { count, stderr } from '../terminal.js'
import { usingParty } from '../using-party.js'

const STATES = ['done', 'pending', 'skipped'] as const

export const markCommand = defineCommand({
  command: 'mark [names..]',
  describe: 'Set how tasks stand, without running them: baselines and repairs',
  options: (yargs) =>
    project(yargs)
      .positional('names', { type: 'string', array: true, describe: 'Tasks, by name or version' })
      .option('all', { type: 'boolean', default: false, describe: 'Every task' })
      .option('before', { type: 'string', requiresArg: true, describe: 'Every task older than this version' })
      .option('done', { type: 'boolean', default: false, describe: 'As if they had run' })
      .option('pending', { type: 'boolean', default: false, describe: 'As if they never had' })
      .option('skipped', { type: 'boolean', default: false, describe: 'Never to run here' })
      .option('json', { type: 'boolean', default: false, describe: 'Print one JSON object' })
      .check((args) => {
        if (STATES.filter((state) => args[state]).length !== 1) return 'Say one of --done, --pending and --skipped.'
        const selections = [(args.names ?? []).length > 0, args.all, args.before !== undefined]
        if (selections.filter(Boolean).length !== 1) return 'Say which tasks: names, --all, or --before <version>.'
        if (args.before !== undefined && !/^\d{14}$/.test(args.before)) return '--before wants a version, 14 digits.'
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
