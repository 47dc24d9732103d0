import { defineCommand } from '../command.js'
import { EXIT } from '../exit-codes.js'
import { duration, lane, project } from '../options.js'
import { untilSignal } from '../signals.js'
import { usingParty } from '../using-party.js'

export const waitCommand = defineCommand({
  command: 'wait [names..]',
  describe: 'Wait until tasks are done, whatever process runs them. Without names: all tasks',
  examples: [
    ['wait backfill_slugs --timeout 1h', 'Exit with code 4 if it takes longer'],
    ['wait --lane background', 'Until every background task is done'],
  ],
  options: (yargs) =>
    project(yargs)
      .positional('names', { type: 'string', array: true, describe: 'Names or versions of tasks' })
      .option('timeout', duration('Exit with code 4 after this long (no limit)'))
      .option('lane', lane('Only the tasks that deploys wait for, or only background tasks'))
      .option('json', { type: 'boolean', default: false, describe: 'Print one JSON object' }),
  run: async (args) =>
    usingParty(args, async (party) => {
      const { printWaited } = await import('../reporters/waited.js')
      const { names, timeout, lane, json } = args
      return untilSignal(async (signal, received) => {
        const waited = await party.wait(names ?? [], { timeout, lane, signal })
        printWaited(waited, { json })
        const codes = { done: EXIT.done, failed: EXIT.failed, cancelled: EXIT.pending, timeout: EXIT.pending }
        return waited.outcome === 'interrupted' ? (received() ?? EXIT.sigterm) : codes[waited.outcome]
      })
    }),
})
