import { defineCommand } from '../command.js'
import { EXIT } from '../exit-codes.js'
import { project } from '../options.js'

export const doctorCommand = defineCommand({
  command: 'doctor',
  describe: 'Check the setup: versions, schema, config, types, database, migrations',
  examples: [['doctor --json', 'For a support ticket, without passwords']],
  options: (yargs) =>
    project(yargs).option('json', { type: 'boolean', default: false, describe: 'Print the result as one JSON object' }),
  run: async ({ json, ...args }) => {
    const [{ diagnose }, { printFindings }] = await Promise.all([
      import('../doctor/diagnose.js'),
      import('../reporters/doctor.js'),
    ])
    const findings = await diagnose(args)
    printFindings(findings, { json })
    return findings.some(({ state }) => state === 'problem') ? EXIT.invalid : EXIT.done
  },
})
