import { shownPath } from '../../project/shown-path.js'
import { defineCommand } from '../command.js'
import { EXIT } from '../exit-codes.js'
import { count, indent, stderr, stdout } from '../terminal.js'

/** How long nothing may happen on the screen. */
const SILENCE_MS = 3_000

export const initCommand = defineCommand({
  command: 'init',
  describe: 'Add the ledger to the Prisma schema, and create the config and the tasks directory',
  examples: [
    ['init --dry-run', 'Show what would change'],
    ['init --schema packages/db/prisma/schema.prisma', 'Set up another package of the workspace'],
  ],
  options: (yargs) =>
    yargs
      .option('schema', { type: 'string', requiresArg: true, describe: 'Path to the Prisma schema file or folder' })
      .option('config', { type: 'string', requiresArg: true, describe: 'Path of the config file to create' })
      .option('database-schema', {
        type: 'string',
        requiresArg: true,
        describe: 'Database schema for the ledger tables (multiSchema)',
      })
      .option('dry-run', { type: 'boolean', default: false, describe: 'Print the changes without writing them' }),
  run: async ({ schema, config, databaseSchema, dryRun }) => {
    const [{ planInit }, { planDiff }, { applyInit }] = await Promise.all([
      import('../../project/init/plan-init.js'),
      import('../../project/init/planned-file.js'),
      import('../../project/init/apply-init.js'),
    ])
    const plan = await planInit({ cwd: process.cwd(), schema, config, databaseSchema, env: process.env })
    const warning = `${stderr.style('yellow', '⚠')} `
    for (const text of plan.warnings) stderr.line(warning + text)
    if (dryRun) {
      if (plan.files.length > 0) stdout.line(planDiff(plan).trimEnd())
      stderr.line(
        plan.unchanged
          ? 'Nothing to change.'
          : `${count(plan.files.length, 'file')} would change. Nothing was written.`,
      )
      return EXIT.done
    }
    // Prisma's command line looks for its engines first, and waits long for a network that isn't there.
    const slow = setTimeout(() => process.stderr.isTTY && stderr.line('› Waiting for `prisma validate`…'), SILENCE_MS)
    const { validated, reason } = await applyInit(plan, { env: process.env }).finally(() => clearTimeout(slow))
    for (const { path, action } of plan.files)
      stderr.line(`${stderr.style('green', '✔')} ${action === 'create' ? 'created' : 'updated'} ${shownPath(path)}`)
    for (const text of plan.notes) stderr.line(`› ${text}`)
    if (!validated) stderr.line(`${warning}Could not validate the schema with Prisma: ${reason}`)
    if (plan.unchanged) stderr.line(`${stderr.style('green', '✔')} Nothing to change: this project is already set up.`)
    stderr.line('\nNext:')
    const elsewhere = plan.root === process.cwd() ? [] : [`cd ${shownPath(plan.root)}`]
    const commands = [...elsewhere, ...(plan.installCommand ? [plan.installCommand] : []), ...plan.nextCommands]
    stderr.line(indent(commands.join('\n')))
    return EXIT.done
  },
})
