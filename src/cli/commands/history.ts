import { defineCommand } from '../command.js'
import { EXIT } from '../exit-codes.js'
import { project } from '../options.js'
import { usingParty } from '../using-party.js'

export const historyCommand = defineCommand({
  command: 'history [name]',
  describe: 'Show attempts, latest first. With a name: that task, with errors and logs',
  examples: [['history backfill_slugs', 'Every attempt at one task, with its log']],
  options: (yargs) =>
    project(yargs)
      .positional('name', { type: 'string', describe: 'Name or version of a task' })
      .option('limit', { type: 'number', requiresArg: true, describe: 'Maximum number of attempts to show (20)' })
      .option('json', { type: 'boolean', default: false, describe: 'Print one JSON object' })
      .check(
        ({ limit }) =>
          limit === undefined || (Number.isInteger(limit) && limit > 0) || '--limit takes a whole number above 0.',
      ),
  run: async ({ name, limit, json, ...args }) => {
    return usingParty(args, async (party) => {
      const { printHistory } = await import('../reporters/history.js')
      const detailed = name !== undefined
      const runs = await party.history({
        ...(limit !== undefined && { limit }),
        ...(name !== undefined && { name }),
        logs: detailed || json,
      })
      printHistory(runs, { json, detailed })
      return EXIT.done
    })
  },
})
