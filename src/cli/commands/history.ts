import { defineCommand } from '../command.js'
import { EXIT } from '../exit-codes.js'
import { project } from '../options.js'
import { usingParty } from '../using-party.js'

export const historyCommand = defineCommand({
  command: 'history [name]',
  describe: 'Show attempts, the latest first; of one task, with errors and logs',
  options: (yargs) =>
    project(yargs)
      .positional('name', { type: 'string', describe: 'One task, by name or version' })
      .option('limit', { type: 'number', requiresArg: true, describe: 'At most so many attempts (20)' })
      .option('json', { type: 'boolean', default: false, describe: 'Print one JSON object' })
      .check(
        ({ limit }) =>
          limit === undefined || (Number.isInteger(limit) && limit > 0) || 'limit must be a whole number above 0',
      ),
  run: async ({ name, limit, json, ...args }) => {
    return usingParty(args, async (party) => {
      const { printHistory } = await import('../reporters/history.js')
      const runs = await party.history({ ...(limit !== undefined && { limit }), ...(name !== undefined && { name }) })
      printHistory(runs, { json, detailed: name !== undefined })
      return EXIT.done
    })
  },
})
