import { defineCommand } from '../command.js'
import { EXIT } from '../exit-codes.js'
import { project, tags } from '../options.js'
import { usingParty } from '../using-party.js'

export const statusCommand = defineCommand({
  command: 'status',
  describe: 'Show the state of every task in this database',
  examples: [['status --check', 'Exit with code 4 as long as a task is pending']],
  options: (yargs) =>
    tags(project(yargs))
      .option('json', { type: 'boolean', default: false, describe: 'Print one JSON object' })
      .option('check', { type: 'boolean', default: false, describe: 'Exit with code 4 if tasks are pending' }),
  run: async (args) => {
    return usingParty(args, async (party, config) => {
      const { printStatus } = await import('../reporters/status.js')
      const status = await party.status({
        onlyOpen: args.check && !args.json,
        tags: args.tag,
        excludeTags: args.excludeTag,
      })
      printStatus(status, {
        json: args.json,
        directory: config.tasks,
        byTag: (args.tag ?? args.excludeTag) !== undefined,
      })
      if (status.faults.length > 0) return EXIT.invalid
      return args.check && status.pending ? EXIT.pending : EXIT.done
    })
  },
})
