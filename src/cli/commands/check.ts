import { defineCommand } from '../command.js'
import { EXIT } from '../exit-codes.js'
import { project } from '../options.js'
import { usingParty } from '../using-party.js'

export const checkCommand = defineCommand({
  command: 'check',
  describe: 'Check the task files and the gates of the migrations. Changes nothing',
  examples: [
    ['check --offline', 'For pull requests: needs no database'],
    ['check', 'Before prisma migrate deploy: exits 4 while a gate is closed'],
  ],
  options: (yargs) =>
    project(yargs)
      .option('offline', { type: 'boolean', default: false, describe: 'Check the files only, without the database' })
      .option('json', { type: 'boolean', default: false, describe: 'Print the result as one JSON object' }),
  run: ({ offline, json, ...args }) =>
    usingParty(args, async (party) => {
      const { printCheck } = await import('../reporters/check.js')
      const result = await party.check({ offline })
      printCheck(result, { json })
      if (result.faults.length > 0) return EXIT.invalid
      return (result.closed ?? []).length > 0 ? EXIT.pending : EXIT.done
    }),
})
